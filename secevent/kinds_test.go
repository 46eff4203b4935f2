package secevent_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/secevent"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	prove(t, "Y-15", "a deletion is one event without payload, also of a user who was active", func(t *testing.T) {
		t.Parallel()
		for _, configure := range []func(*scim.Config, *secevent.Config){nil, full} {
			w := newWorld(t, configure)
			path := w.NewUser("a", `"active":true`, `"externalId":"e-1"`)
			w.next()
			w.Delete(path).Is(204)
			r := w.next()
			w.is(r, "prov:delete", `{}`)
			require.Equal(t, "e-1", r.Subject["externalId"])
		}
	})
	prove(t, "Y-16", "active false is deactivate and true is activate, each with the PATCH or PUT", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		path := w.NewUser("a", `"active":true`)
		w.next()
		w.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
		w.is(w.next(), "prov:deactivate", `{}`, "prov:patch:notice", `{"attributes":["active"],`+w.version(path)+`}`)
		w.Put(path, scimtest.User("a", `"active":true`)).Is(200)
		w.is(w.next(), "prov:activate", `{}`, "prov:put:notice", `{"attributes":["active"],`+w.version(path)+`}`)
	})
	prove(t, "Y-16", "a DELETE that deactivates is deactivate", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) { c.Endpoints[0].OnDelete = scim.DeactivateOnDelete })
		path := w.NewUser("a", `"active":true`)
		w.next()
		w.Delete(path).Is(204)
		w.is(w.next(), "prov:deactivate", `{}`, "prov:patch:notice", `{"attributes":["active"],`+w.version(path)+`}`)
	})
	prove(t, "Y-9 Y-11", "a deleted user who returns is created, an inactive one is replaced and activated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) { c.Endpoints[0].OnTwin = scim.RestoreDeleted })
		path := w.NewUser("a", `"active":true`)
		w.next()
		w.Delete(path).Is(204)
		w.next()
		require.Equal(t, path, w.NewUser("a", `"active":true`))
		w.is(w.next(), "prov:create:notice", `{"attributes":["id","userName","active"],`+w.version(path)+`}`)
		w.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
		w.next()
		require.Equal(t, path, w.NewUser("a", `"title":"x"`))
		w.is(w.next(), "prov:activate", `{}`, "prov:put:notice", `{"attributes":["title","active"],`+w.version(path)+`}`)
	})
	prove(t, "Y-17", "a request that fails or changes nothing has no token, a change is sent only after it is committed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) {
			c.Hooks.Before = func(_ context.Context, e *event.Event) error {
				if e.Resource().Text("title") == "vetoed" {
					return scim.ErrForbidden
				}
				return nil
			}
		})
		path := w.NewUser("a")
		w.next()
		w.Patch(path, `{"op":"replace","path":"userName","value":"a"}`).Is(200)
		w.Patch(path, `{"op":"replace","path":"title","value":"vetoed"}`).Fails(403, "")
		w.Delete("/Users/none").Fails(404, "")
		w.texts = nil
		w.work()
		require.Empty(t, w.texts)
	})
	prove(t, "Y-23 Y-25 Y-26", "the result of an asynchronous request is a token with the value of Set-Txn", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		r := w.Post("/Users", scimtest.User("a"), "Prefer: respond-async").Is(202)
		w.work()
		tokens := w.tokens(r.Header.Get("Set-Txn"))
		require.Len(t, tokens, 2, "the change and the result")
		path := tokens[0].Subject["uri"]
		require.Equal(t, scimtest.BaseURL+path, r.Header.Get("Location"))
		for _, one := range tokens {
			require.Equal(t, path, one.Subject["uri"])
			if one.Events["urn:ietf:params:scim:event:misc:asyncresp"] != nil {
				w.is(one, "misc:asyncresp", `{"method":"POST","status":"201","location":"`+r.Header.Get("Location")+`",`+w.version(path)+`}`)
			}
		}
		require.NotEqual(t, tokens[0].ID, tokens[1].ID)
	})
	prove(t, "Y-27 Y-29", "the result of an operation that failed has the error, and the number of the operation in txn", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		r := w.Post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/none"}]}`, "Prefer: respond-async").Is(202)
		one := w.next()
		require.Equal(t, r.Header.Get("Set-Txn")+":0", one.Transaction)
		w.is(one, "misc:asyncresp", `{"method":"DELETE","status":"404","location":"`+scimtest.BaseURL+`/Users/none",`+
			`"response":{"schemas":["`+scim.ErrorURI+`"],"status":"404","detail":"resource not found"}}`)
	})
	prove(t, "Y-31", "the URIs that are announced are those that are issued", func(t *testing.T) {
		t.Parallel()
		for _, configure := range []func(*scim.Config, *secevent.Config){nil, full} {
			w := newWorld(t, configure)
			w.NewUser("first")
			w.work()
			path, gone := w.NewUser("a", `"active":true`, `"password":"x"`), w.NewUser("b", `"active":true`)
			w.Patch(path, `{"op":"replace","path":"active","value":false}`, `{"op":"replace","path":"title","value":"x"}`)
			w.Patch(path, `{"op":"replace","path":"password","value":"y"}`)
			w.Put(path, scimtest.User("a", `"password":"z"`))
			w.Put(path, scimtest.User("a", `"active":true`))
			w.Put(path, scimtest.User("a", `"active":true`, `"password":"z"`))
			w.Delete(gone, "Prefer: respond-async").Is(202)
			w.work()
			issued := map[string]bool{}
			for _, r := range w.tokens("") {
				for uri := range r.Events {
					issued[uri] = true
				}
			}
			announced := w.Get("/ServiceProviderConfig").Has("securityEvents.asyncRequest", `"request"`).Value("securityEvents.eventUris").([]any)
			for uri := range issued {
				require.Contains(t, announced, uri)
			}
			// A create is a notice with Full only if it is too large.
			require.GreaterOrEqual(t, len(issued), len(announced)-1, "%v %v", issued, announced)
		}
	})
}

func TestTypesAreChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *scim.Config, c *secevent.Config) { c.Types = []*schema.ResourceType{schema.UserType} })
	group := w.NewGroup("g")
	path := w.NewUser("a")
	require.Equal(t, path, w.next().Subject["uri"])

	// The results of asynchronous requests too.
	w.Delete(group, "Prefer: respond-async").Is(202)
	w.Post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+
		`{"method":"DELETE","path":"/Groups/none"},{"method":"POST","path":"/Groups","bulkId":"x","data":{}},`+
		`{"method":"DELETE","path":"/Nothing/1"},{"method":"DELETE","path":"/Users/none"}]}`, "Prefer: respond-async").Is(202)
	one := w.next()
	require.Equal(t, "/Users/none", one.Subject["uri"])
	require.Contains(t, string(one.Events["urn:ietf:params:scim:event:misc:asyncresp"]), `"404"`)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	deliver := func(context.Context, secevent.Token) error { return nil }
	good := secevent.Config{Issuer: "i", Audience: []string{"a"}, Key: key, Deliver: deliver}
	for want, change := range map[string]func(*secevent.Config){
		"Issuer is required":   func(c *secevent.Config) { c.Issuer = "" },
		"Audience is required": func(c *secevent.Config) { c.Audience = nil },
		"without empty names":  func(c *secevent.Config) { c.Audience = []string{"a", ""} },
		"Deliver is required":  func(c *secevent.Config) { c.Deliver = nil },
		`algorithm ""`:         func(c *secevent.Config) { c.Key.Algorithm = "" },
		`algorithm "HS256"`:    func(c *secevent.Config) { c.Key.Algorithm, c.Key.Key = "HS256", make([]byte, 64) },
		`algorithm "none"`:     func(c *secevent.Config) { c.Key.Algorithm = "none" },
		"Config.Key":           func(c *secevent.Config) { c.Key.Key = nil },
		`has an attribute "password.hash"`: func(c *secevent.Config) {
			c.Types, c.Sensitive = []*schema.ResourceType{schema.UserType}, []string{"title", "password.hash"}
		},
		`has an attribute "title"`: func(c *secevent.Config) { c.Sensitive = []string{"title"} },
	} {
		c := good
		change(&c)
		_, err := secevent.New(c)
		require.ErrorContains(t, err, want)
	}
	issuer, err := secevent.New(good)
	require.NoError(t, err)
	require.ErrorContains(t, issuer.Handle(context.Background(), &event.Event{Kind: event.Updated}), "set Hooks.Changed and Hooks.AsyncResponse")
}
