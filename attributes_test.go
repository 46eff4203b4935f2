package scim_test

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// sparing is a store that leaves out every attribute that it may leave out, and
// notes which ones it was asked for.
type sparing struct {
	store.Store
	asked []string
}

func (s *sparing) Unwrap() store.Store { return s.Store }

func (s *sparing) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	r, err := s.Store.Get(ctx, id, o)
	return s.part(r, o.Attributes), err
}

func (s *sparing) List(ctx context.Context, q *store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	for i, r := range p.Resources {
		p.Resources[i] = s.part(r, q.Attributes)
	}
	return p, err
}

func (s *sparing) part(r *schema.Resource, some []*schema.Attribute) *schema.Resource {
	names := "all"
	if some != nil {
		names = ""
		for _, a := range some {
			names += a.Name + " "
		}
	}
	s.asked = append(s.asked, names)
	if r == nil || some == nil {
		return r
	}
	o := r.Attributes
	for a := range o.All() {
		if !slices.Contains(some, a) {
			o = o.With(a, schema.Value{})
		}
	}
	return r.WithAttributes(o)
}

// A store is told which attributes a response is made of, and no response differs
// if it leaves out the others. What is matched or sorted here, or changed, is read
// whole.
func TestStoreMayLeaveOutAttributes(t *testing.T) {
	t.Parallel()
	spare := &sparing{}
	whole := &world{T: t}
	with := newWorld(t, func(w *world, c *scim.Config) {
		var err error
		whole.h, err = scim.New(*c)
		require.NoError(t, err)
		spare.Store = w.users
		c.Endpoints = []scim.Endpoint{scim.Users(spare), scim.Groups(w.groups)}
	})
	path := with.user("ada", `"name":{"givenName":"Ada","familyName":"L"},"title":"Guide","emails":[{"value":"a@x","type":"work"}]`,
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"d","manager":{"value":"m"}}`)
	with.group("g", path)
	same := func(method, path, body string) {
		t.Helper()
		require.Equal(t, whole.do(200, method, path, body).Body.String(), with.do(200, method, path, body).Body.String())
	}
	const extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User "
	for query, asked := range map[string]string{
		"":                                 "all",
		"attributes=userName":              "userName " + extension,
		"attributes=name.givenName,emails": "name emails " + extension,
		"attributes=groups":                extension,
		"attributes=" + extension[:58] + ":department": extension,
		"excludedAttributes=emails,groups,name":        "externalId userName displayName nickName profileUrl title userType preferredLanguage locale timezone active phoneNumbers ims photos addresses entitlements roles x509Certificates " + extension,
	} {
		for _, more := range []string{"", "&sortBy=title", "&filter=" + url.QueryEscape(`title eq "Guide"`)} {
			spare.asked = nil
			same("GET", "/Users?"+query+more, "")
			require.Equal(t, []string{asked}, spare.asked, query+more)
		}
		spare.asked = nil
		same("GET", path+"?"+query, "")
		require.Equal(t, []string{asked}, spare.asked, query)
		spare.asked = nil
		same("PATCH", path+"?"+query, scimtest.PatchOp(`{"op":"replace","path":"title","value":"Guide"}`))
		same("GET", "/Users?filter="+url.QueryEscape(`groups.display eq "g"`)+"&"+query, "")
		for _, got := range spare.asked {
			require.Equal(t, "all", got, query)
		}
	}
	spare.asked = nil
	with.do(200, "GET", "/Users?cursor=&attributes=userName", "")
	require.Equal(t, []string{"userName " + extension}, spare.asked)
}
