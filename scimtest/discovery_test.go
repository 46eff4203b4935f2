package scimtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// do sends a request to any handler, headers as "Name: value".
func do(t *testing.T, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// unversioned is a store without versions.
type unversioned struct{ store.Store }

func (u unversioned) Describe() store.Capabilities {
	c := store.Describe(u.Store)
	c.Versions = false
	return c
}

// unversionedGroups is a store of groups without versions.
type unversionedGroups struct{ store.MemberStore }

func (u unversionedGroups) Describe() store.Capabilities {
	return unversioned{u.MemberStore}.Describe()
}

// withoutVersions takes the versions away from every store.
func withoutVersions(cfg *scim.Config) {
	for i, e := range cfg.Endpoints {
		if s, ok := e.Store.(store.MemberStore); ok {
			cfg.Endpoints[i].Store = unversionedGroups{s}
			continue
		}
		cfg.Endpoints[i].Store = unversioned{e.Store}
	}
}

func TestConformanceAnnounced(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "D-4", "changePassword is announced when SetPassword is configured", func(t *testing.T) {
		serve(t, nil).lenient(t).Get("/ServiceProviderConfig").Has("changePassword.supported", "false")
		with := serve(t, func(cfg *scim.Config) {
			cfg.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		})
		with.lenient(t).Get("/ServiceProviderConfig").Has("changePassword.supported", "true")
	})
	scimtest.Prove(t, "D-4", "without versions there is no etag, neither announced nor sent nor checked", func(t *testing.T) {
		s := serve(t, withoutVersions)
		s.both(t, func(c *scimtest.Client) {
			c.Get("/ServiceProviderConfig").Has("etag.supported", "false")
			path := c.NewUser("u")
			r := c.Get(path).Is(200).Has("meta.version", "")
			require.Empty(t, r.Header.Get("ETag"))
			c.Put(path, scimtest.User("u", `"title":"t"`), `If-Match: W/"99"`).Is(200)
			c.Get(path, `If-None-Match: W/"1"`).Is(200)
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "D-2 D-4", "the announced limits are the real ones", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Limits = scim.Limits{MaxResults: 2, Body: 1000} })
		c := s.lenient(t)
		c.Get("/ServiceProviderConfig").Has("filter.maxResults", "2")
		for _, name := range []string{"a", "b", "c"} {
			c.NewUser(name)
		}
		c.Get("/Users?count=100").Total(3).Has("itemsPerPage", "2")
		c.Post("/Users", scimtest.User("d", `"title":"`+strings.Repeat("x", 1000)+`"`)).Fails(413, "")
	})
	scimtest.Prove(t, "D-5", "ServiceProviderConfig can be made private", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.PrivateServiceProviderConfig = true })
		scimtest.NewClient(t, s, "").Get("/ServiceProviderConfig").Fails(401, "")
		s.lenient(t).Get("/ServiceProviderConfig").Is(200)
		scimtest.NewClient(t, serve(t, nil), "").Get("/ServiceProviderConfig").Is(200)
	})
	scimtest.Prove(t, "D-6", "an authentication scheme of an unknown type is refused", func(t *testing.T) {
		for typ, ok := range map[string]bool{"oauth": true, "oauth2": true, "oauthbearertoken": true, "httpbasic": true, "httpdigest": true, "": false, "saml": false, "OAuth": false} {
			db := memstore.New()
			_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: schemed{typ}, Tx: db, Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))}})
			require.Equal(t, ok, err == nil, "%q: %v", typ, err)
		}
	})
}

// schemed is an authenticator that announces one scheme.
type schemed struct{ typ string }

func (schemed) Authenticate(*http.Request) (*scim.Principal, error) { return &scim.Principal{}, nil }

func (s schemed) Schemes() []scim.AuthenticationScheme {
	return []scim.AuthenticationScheme{{Type: s.typ, Name: "n", Description: "d"}}
}

func TestConformanceTypesUnique(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "D-17", "names and endpoints are unique and none of the protocol's own", func(t *testing.T) {
		custom := func(name, endpoint string) func(*scim.Config) {
			return func(cfg *scim.Config) {
				rt, err := schema.NewResourceType(schema.ResourceType{Name: name, Endpoint: endpoint, Schema: schema.Group})
				if err == nil {
					cfg.Endpoints = append(cfg.Endpoints, scim.Endpoint{Type: rt, Store: memstore.New().Store(rt)})
					return
				}
				cfg.Endpoints = nil // refused before
			}
		}
		for _, row := range [][2]string{{"User", "/People"}, {"Person", "/Users"}, {"Person", "Users/"}, {"Person", "/Me"}, {"Person", "/Schemas"}, {"Person", "/Bulk"}, {"Person", "/"}, {"Person", "/a/b"}, {"", "/People"}, {"Person", "/v2"}} {
			db := memstore.New()
			cfg := scim.Config{BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))}}
			custom(row[0], row[1])(&cfg)
			_, err := scim.New(cfg)
			require.Error(t, err, row)
		}
	})
}

func TestConformancePassword(t *testing.T) {
	t.Parallel()
	var got []string
	s := serve(t, func(cfg *scim.Config) {
		cfg.SetPassword = func(_ context.Context, r *schema.Resource, secrets schema.Secrets) error {
			password := secrets.Get("password").Text()
			switch password {
			case "weak":
				return &schema.Error{Type: schema.ErrorInvalidValue, Path: "password", Detail: "is too weak"}
			case "broken":
				return errors.New("the vault is shut: broken")
			}
			require.NotEmpty(t, r.ID)
			got = append(got, password)
			return nil
		}
	})
	scimtest.Prove(t, "N-8", "the host receives a password once, hashes it, and may refuse it", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			got = nil
			path := c.NewUser("u", `"password":"one"`)
			c.Put(path, scimtest.User("u", `"password":"two"`)).Is(200)
			c.Put(path, scimtest.User("u")).Is(200)
			c.Patch(path, `{"op":"replace","path":"password","value":"three"}`).Is(200)
			c.Patch(path, `{"op":"add","value":{"PASSWORD":"four"}}`).Is(200)
			c.Patch(path, `{"op":"replace","path":"title","value":"t"}`).Is(200)
			require.Equal(t, []string{"one", "two", "three", "four"}, got)
			before := c.Get(path).Text
			c.Post("/Users", scimtest.User("weak", `"password":"weak"`)).Fails(400, "invalidValue")
			c.Put(path, scimtest.User("u", `"password":"weak"`, `"title":"new"`)).Fails(400, "invalidValue")
			c.Patch(path, `{"op":"replace","value":{"password":"weak","title":"new"}}`).Fails(400, "invalidValue")
			require.NotContains(t, c.Post("/Users", scimtest.User("weak", `"password":"broken"`)).Is(500).Text, "broken")
			require.Equal(t, before, c.Get(path).Text)
			c.Get("/Users").Total(1)
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "N-9", "a password is in no data that the library keeps", func(t *testing.T) {
		c := s.lenient(t)
		path := c.NewUser("u", `"password":"t1meMa$heen"`)
		require.NotContains(t, c.Get(path).Text, "t1meMa$heen")
		c.Filter("/Users", `password pr`).Fails(400, "invalidFilter")
	})
}
