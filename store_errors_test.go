package scim_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// refusing is a store of groups that fails every write.
type refusing struct {
	store.MemberStore
	err error
}

func (s *refusing) Unwrap() store.Store { return s.MemberStore }

func (s *refusing) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.MemberStore.Create(ctx, c)
}

func (s *refusing) Update(context.Context, *store.Change) (*schema.Resource, error) {
	return nil, s.err
}

func (s *refusing) PutMembers(context.Context, *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	return nil, schema.MemberDelta{}, s.err
}

func (s *refusing) Delete(context.Context, *store.Change) error { return s.err }

// A *schema.Error from a store is a client error, wrapped or not.
func TestSchemaErrorOfAStoreIsAClientError(t *testing.T) {
	t.Parallel()
	s := &refusing{}
	w := newWorld(t, func(w *world, c *scim.Config) {
		s.MemberStore = w.groups
		c.Endpoints[1].Store = s
	})
	group := w.group("g")
	requests := []struct{ method, path, body string }{
		{"POST", "/Groups", scimtest.Group("h")},
		{"POST", "/Groups", scimtest.Group("h", `"members":[{"value":"x"}]`)},
		{"PUT", group, scimtest.Group("h")},
		{"PATCH", group, scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"h"}`)},
		{"PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"x"}]}`)},
		{"DELETE", group, ""},
	}
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{&schema.Error{Type: schema.ErrorInvalidValue, Path: "displayName", Detail: "too long"}, 400, `"scimType":"invalidValue"`},
		{fmt.Errorf("groups: %w", &schema.Error{Type: schema.ErrorMutability, Detail: "a fixed group"}), 400, `"scimType":"mutability"`},
		{&schema.Error{Type: schema.ErrorUniqueness, Detail: "taken"}, 409, `"scimType":"uniqueness"`},
		{fmt.Errorf("groups: %w", store.ErrUnavailable), 503, `"status":"503"`},
		{fmt.Errorf("groups: column names_ix"), 500, `"status":"500"`},
	} {
		s.err = c.err
		for _, r := range requests {
			got := w.do(c.status, r.method, r.path, r.body).Body.String()
			require.Contains(t, got, c.body, "%s %s", r.method, r.path)
			require.NotContains(t, got, "names_ix")
		}
	}
}
