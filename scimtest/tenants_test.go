package scimtest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestConformanceTenants(t *testing.T) {
	t.Parallel()
	// tenant returns an authenticator with one token for each tenant. A tenant
	// that the request names must be that of the token.
	tenant := func(explicit func(*http.Request) string) scim.Authenticator {
		return scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
			own, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer of ")
			if !ok {
				return nil, scim.ErrUnauthenticated
			}
			if named := explicit(r); named != "" && named != own {
				return nil, scim.ErrForbidden
			}
			return &scim.Principal{Tenant: own, TokenID: own, BaseURL: "https://" + own + ".example.com/scim/v2"}, nil
		})
	}
	scimtest.Prove(t, "S-10 S-11 S-12", "the tenant in the host, a header or the URL must be the tenant of the credentials", func(t *testing.T) {
		ways := map[string]struct {
			explicit func(*http.Request) string
			request  func(tenant string) (path, header string)
		}{
			"credentials alone": {func(*http.Request) string { return "" }, func(string) (string, string) { return "/scim/v2", "X-None: x" }},
			"sub-domain":        {func(r *http.Request) string { name, _, _ := strings.Cut(r.Host, ".example.com"); return name }, func(tenant string) (string, string) { return "/scim/v2", "Host: " + tenant + ".example.com" }},
			"header":            {func(r *http.Request) string { return r.Header.Get("X-Tenant") }, func(tenant string) (string, string) { return "/scim/v2", "X-Tenant: " + tenant }},
			"URL prefix":        {func(r *http.Request) string { return r.Header.Get("X-Prefix") }, func(tenant string) (string, string) { return "/Tenants/" + tenant + "/v2", "X-None: x" }},
		}
		for name, way := range ways {
			s := serve(t, func(cfg *scim.Config) { cfg.Auth = tenant(way.explicit) })
			mux := http.NewServeMux()
			mux.Handle("/scim/v2/", s)
			mux.HandleFunc("/Tenants/{tenant}/v2/", func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("X-Prefix", r.PathValue("tenant"))
				http.StripPrefix("/Tenants/"+r.PathValue("tenant")+"/v2", s).ServeHTTP(w, r)
			})
			for _, own := range []string{"t1", "t2"} {
				prefix, header := way.request(own)
				made := do(t, mux, "POST", prefix+"/Users", scimtest.User("bjensen"), header, "Authorization: Bearer of "+own)
				require.Equal(t, 201, made.Code, "%s: %s", name, made.Body)
				require.Contains(t, made.Header().Get("Location"), "https://"+own+".example.com/scim/v2/Users/")
				list := do(t, mux, "GET", prefix+"/Users", "", header, "Authorization: Bearer of "+own)
				require.Contains(t, list.Body.String(), `"totalResults":1,`, name)
				require.NotContains(t, list.Body.String(), scimtest.BaseURL)
			}
			if name == "credentials alone" {
				continue
			}
			prefix, header := way.request("t2")
			for _, path := range []string{"/Users", "/", "/Schemas"} {
				foreign := do(t, mux, "GET", prefix+path, "", header, "Authorization: Bearer of t1")
				require.Equal(t, 403, foreign.Code, "%s: %s", name, foreign.Body)
				require.NotContains(t, foreign.Body.String(), "bjensen")
			}
		}
	})
	scimtest.Prove(t, "S-3 S-12", "every call of a store carries the tenant of the principal", func(t *testing.T) {
		seen := &watched{}
		s := serve(t, func(cfg *scim.Config) {
			cfg.Auth = tenant(func(*http.Request) string { return "" })
			seen.Store, cfg.Endpoints[0].Store = cfg.Endpoints[0].Store, seen
		})
		c := scimtest.NewClient(t, s, "of t1")
		path := c.NewUser("u")
		c.Get(path)
		c.Get("/Users")
		c.Get("/")
		c.Post("/.search", scimtest.Search(`"filter":"userName co \"u\""`))
		c.Put(path, scimtest.User("u", `"title":"t"`))
		c.Patch(path, `{"op":"add","path":"title","value":"x"}`)
		c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(path)+`"}]`)
		c.Delete(path)
		require.Greater(t, len(seen.tenants), 8)
		require.Equal(t, []string{"t1"}, slices.Compact(slices.Sorted(slices.Values(seen.tenants))))
	})
}
