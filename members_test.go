package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// conflicting is a transactor that rolls the first run of a transaction back, as
// after a deadlock, calls between, and runs it again.
type conflicting struct {
	store.Transactor
	between func()
}

func (c *conflicting) InTx(ctx context.Context, fn func(context.Context) error) error {
	conflict := errors.New("conflict")
	err := c.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil || c.between == nil {
			return err
		}
		return conflict
	})
	if !errors.Is(err, conflict) {
		return err
	}
	c.between()
	c.between = nil
	return c.Transactor.InTx(ctx, fn)
}

// The second run of a write checks again that its members exist.
func TestRetriedTransactionReloadsMembers(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]func(group, member string) (method, path, body string){
		"create": func(_, member string) (string, string, string) {
			return "POST", "/Groups", scimtest.Group("new", `"members":[{"value":"`+member+`"}]`)
		},
		"replace": func(group, member string) (string, string, string) {
			return "PUT", group, scimtest.Group("g", `"members":[{"value":"`+member+`"}]`)
		},
		"patch": func(group, member string) (string, string, string) {
			return "PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"` + member + `"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tx := &conflicting{}
			w := newWorld(t, func(w *world, c *scim.Config) {
				tx.Transactor, c.Tx = c.Tx, tx
				c.RequireMembers = true
			})
			path, group := w.user("a"), w.group("g")
			tx.between = func() {
				require.NoError(t, w.users.Delete(context.Background(), &store.Change{ID: path[len("/Users/"):]}))
			}
			method, target, body := request(group, path[len("/Users/"):])
			require.Contains(t, w.do(400, method, target, body).Body.String(), `"scimType":"invalidValue"`)
			require.Empty(t, w.members(group))
		})
	}
}

// The text of members: ids that a URI or JSON escapes, types that are not served, and
// projections on sub-attributes.
func TestTextOfMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.group("g")
	w.do(204, "PATCH", path, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"a/b&c","type":"User"},{"value":"\"é<","type":"Thing"},{"value":"-._~"}]}`))
	base := scimtest.BaseURL
	for query, want := range map[string]string{
		"":                                       `[{"value":"a/b&c","$ref":"` + base + `/Users/a%2Fb&c","type":"User"},{"value":"\"é<","type":"Thing"},{"value":"-._~"}]`,
		"?attributes=members.value,members.type": `[{"value":"a/b&c","type":"User"},{"value":"\"é<","type":"Thing"},{"value":"-._~"}]`,
		"?excludedAttributes=members.value":      `[{"$ref":"` + base + `/Users/a%2Fb&c","type":"User"},{"type":"Thing"}]`,
		"?attributes=members.$ref":               `[{"$ref":"` + base + `/Users/a%2Fb&c"}]`,
		"?attributes=members.display":            `null`,
	} {
		var got struct{ Members json.RawMessage }
		require.NoError(t, json.Unmarshal(w.do(200, "GET", path+query, "").Body.Bytes(), &got))
		if got.Members == nil {
			got.Members = json.RawMessage("null")
		}
		require.JSONEq(t, want, string(got.Members), query)
	}
}
