package scimtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// withMe returns a server whose /Me is the user with the id in self.
func withMe(t *testing.T, self *string, change func(*scim.Config)) server {
	return serve(t, func(cfg *scim.Config) {
		cfg.Me = func(_ context.Context, p *scim.Principal) (string, error) {
			require.Contains(t, []string{"default", "strict"}, p.TokenID)
			return *self, nil
		}
		if change != nil {
			change(cfg)
		}
	})
}

// binding stands for the application's record of which User is whose.
type binding struct {
	self, principal string
	failure         error
}

func (b *binding) configure(cfg *scim.Config) {
	cfg.Me = func(context.Context, *scim.Principal) (string, error) { return b.self, nil }
	cfg.BindMe = func(_ context.Context, p *scim.Principal, user *schema.Resource) error {
		if b.failure == nil {
			b.self, b.principal = user.ID, p.TokenID
		}
		return b.failure
	}
}

func TestConformanceMe(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "I-3 I-4", "/Me reads, replaces, patches and deletes the subject's resource, and returns its location", func(t *testing.T) {
		t.Parallel()
		var self string
		withMe(t, &self, nil).both(t, func(c *scimtest.Client) {
			path := c.NewUser("me", `"emails":[{"value":"a@x.example"}]`)
			other := c.NewUser("other")
			self = scimtest.ID(path)
			here := scimtest.BaseURL + path
			got := c.Get("/Me").Is(200).Has("userName", `"me"`, "meta.location", `"`+here+`"`)
			require.Equal(t, here, got.Header.Get("Location"))
			require.JSONEq(t, c.Get(path).Is(200).Text, got.Text)
			require.Equal(t, c.Get(path).Header.Get("ETag"), got.Header.Get("ETag"))
			require.Equal(t, here, c.Do("HEAD", "/Me", nil).Is(200).Header.Get("Location"))

			got = c.Put("/Me", scimtest.User("me", `"title":"a"`)).Is(200).Has("title", `"a"`, "emails", "")
			require.Equal(t, here, got.Header.Get("Location"))
			got = c.Patch("/Me", `{"op":"replace","path":"title","value":"b"}`).Is(200)
			require.Equal(t, here, got.Header.Get("Location"))
			c.Get(path).Is(200).Has("title", `"b"`)
			got = c.Delete("/Me").Is(204)
			require.Equal(t, here, got.Header.Get("Location"))
			c.Get(path).Fails(404, "")
			c.Get(other).Is(200)
			c.Delete(other).Is(204)
		})
	})
	scimtest.Prove(t, "I-4 I-3", "the same rules hold, and errors name the resource too: If-Match, projection, mutability, uniqueness, required attributes", func(t *testing.T) {
		t.Parallel()
		var self string
		withMe(t, &self, nil).both(t, func(c *scimtest.Client) {
			path := c.NewUser("me", `"title":"t"`)
			other := c.NewUser("Taken")
			self = scimtest.ID(path)
			before := c.Get(path).Is(200)
			for _, failed := range []*scimtest.Reply{
				c.Put("/Me", scimtest.User("me"), `If-Match: W/"none"`).Fails(412, ""),
				c.Do("PATCH", "/Me", scimtest.PatchOp(`{"op":"remove","path":"title"}`), `If-Match: "none"`).Fails(412, ""),
				c.Delete("/Me", `If-Match: W/"none"`).Fails(412, ""),
				c.Get("/Me?attributes=title&excludedAttributes=name").Fails(400, "invalidValue"),
				c.Patch("/Me", `{"op":"replace","path":"id","value":"x"}`).Fails(400, "mutability"),
				c.Patch("/Me", `{"op":"replace","path":"userName","value":"taken"}`).Fails(409, "uniqueness"),
				c.Put("/Me", scimtest.User("TAKEN")).Fails(409, "uniqueness"),
				c.Put("/Me", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`).Fails(400, "invalidSyntax"),
				c.Patch("/Me", `{"op":"remove","path":"userName"}`).Fails(400, "mutability"),
			} {
				require.Equal(t, scimtest.BaseURL+path, failed.Header.Get("Location"), failed.Text)
			}
			require.Equal(t, []string{"id", "schemas", "title"}, c.Get("/Me?attributes=title").Is(200).Keys(""))
			require.Equal(t, before.Text, c.Get("/Me").Is(200).Text)
			require.Equal(t, scimtest.BaseURL+path, c.Get("/Me", "If-None-Match: "+before.Header.Get("ETag")).Is(304).Header.Get("Location"))
			c.Put("/Me?attributes=userName", scimtest.User("me", `"title":"x"`), "If-Match: "+before.Header.Get("ETag")).Is(200).Has("title", "")
			for _, p := range []string{path, other} {
				c.Delete(p).Is(204)
			}
		})
	})
	scimtest.Prove(t, "I-4", "groups of the subject are shown, and a deleted subject leaves them", func(t *testing.T) {
		t.Parallel()
		var self string
		c := withMe(t, &self, nil).lenient(t)
		self = scimtest.ID(c.NewUser("me"))
		g := c.NewGroup("g", `"members":[{"value":"`+self+`"}]`)
		c.Get("/Me").Is(200).Has("groups[0].value", `"`+scimtest.ID(g)+`"`)
		c.Delete("/Me").Is(204)
		c.Get(g).Is(200).Has("members", "")
	})
	scimtest.Prove(t, "I-5", "POST to /Me is 501", func(t *testing.T) {
		t.Parallel()
		var self string
		c := withMe(t, &self, nil).lenient(t)
		c.Post("/Me", scimtest.User("me")).Fails(501, "")
		c.Get("/Users").Total(0)
	})
	scimtest.Prove(t, "I-5 I-3 C-2", "POST to /Me creates the User of a subject that has none, once", func(t *testing.T) {
		t.Parallel()
		for _, client := range []string{"default", "strict"} {
			b := &binding{}
			c := scimtest.NewClient(t, serve(t, b.configure), client)
			require.Equal(t, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", c.Do("OPTIONS", "/Me", nil).Is(204).Header.Get("Allow"))
			c.Get("/Me").Fails(404, "")
			c.Post("/Me", scimtest.Group("g")).Fails(400, "invalidSyntax")
			c.Post("/Me", `{"schemas":["`+schema.UserURI+`"]}`).Fails(400, "invalidValue")
			made := c.Post("/Me?attributes=userName", scimtest.User("me", `"title":"t"`)).Is(201).Has("title", "")
			require.Equal(t, b.self, made.String("id"))
			require.Equal(t, client, b.principal)
			here := scimtest.BaseURL + "/Users/" + b.self
			require.Equal(t, here, made.Header.Get("Location"))
			require.NotEmpty(t, made.Header.Get("ETag"))
			c.Get("/Me").Is(200).Has("userName", `"me"`, "title", `"t"`)
			again := c.Post("/Me", scimtest.User("more")).Fails(409, "")
			require.Equal(t, here, again.Header.Get("Location"))
			c.Delete("/Me").Is(204)
			c.Post("/Me", scimtest.User("back")).Fails(409, "")
			c.Get("/Users").Total(0)
		}
	})
	scimtest.Prove(t, "I-5 E-8", "a POST to /Me that the credential does not cover is 403, and does not say whether the subject has a User", func(t *testing.T) {
		t.Parallel()
		for name, narrow := range map[string]func(*scim.Principal, *scim.Config){
			"read-only":   func(p *scim.Principal, _ *scim.Config) { p.ReadOnly = true },
			"other types": func(p *scim.Principal, _ *scim.Config) { p.Types = []string{"Group"} },
			"Authorize": func(_ *scim.Principal, cfg *scim.Config) {
				cfg.Authorize = func(_ context.Context, op scim.Operation) error {
					require.True(t, op.Me && op.Kind == scim.OperationCreate)
					return scim.ErrForbidden
				}
			},
		} {
			b := &binding{}
			c := serve(t, func(cfg *scim.Config) {
				b.configure(cfg)
				p := &scim.Principal{TokenID: "default"}
				cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return p, nil })
				narrow(p, cfg)
			}).lenient(t)
			for _, b.self = range []string{"", "mine"} {
				refused := c.Post("/Me", scimtest.User("me")).Fails(403, "")
				require.Empty(t, refused.Header.Get("Location"), name)
			}
		}
	})
	scimtest.Prove(t, "I-5", "a POST to /Me that cannot be bound creates nothing, and restores no other User", func(t *testing.T) {
		t.Parallel()
		b := &binding{}
		c := serve(t, func(cfg *scim.Config) {
			b.configure(cfg)
			cfg.Endpoints[0].OnTwin = scim.RestoreInactive
		}).lenient(t)
		for _, failure := range []struct {
			err    error
			status int
		}{{&scim.Error{Status: 409, Detail: "bound already"}, 409}, {scim.ErrForbidden, 403}, {store.ErrNotFound, 500}, {errors.New("secret"), 500}} {
			b.failure = failure.err
			require.NotContains(t, c.Post("/Me", scimtest.User("me")).Fails(failure.status, "").Text, "secret")
		}
		c.Get("/Users").Total(0)
		b.failure = nil
		twin := c.NewUser("leaver", `"active":false`)
		c.Post("/Me", scimtest.User("leaver")).Fails(409, "uniqueness")
		c.Get(twin).Is(200).Has("active", "false")
		require.Empty(t, b.self)
	})
	scimtest.Prove(t, "I-6", "no credentials are 401, a subject without a resource 404", func(t *testing.T) {
		t.Parallel()
		var self string
		s := withMe(t, &self, nil)
		anonymous := scimtest.NewClient(t, s, "")
		s.both(t, func(c *scimtest.Client) {
			for _, self = range []string{"", "gone", "a/b", "\x00"} {
				c.Get("/Me").Fails(404, "")
				c.Put("/Me", scimtest.User("me")).Fails(404, "")
				c.Patch("/Me", `{"op":"add","path":"title","value":"x"}`).Fails(404, "")
				c.Delete("/Me").Fails(404, "")
				anonymous.Get("/Me").Fails(401, "")
				anonymous.Delete("/Me").Fails(401, "")
			}
		})
		c := s.lenient(t)
		self = scimtest.ID(c.NewGroup("g"))
		c.Get("/Me").Fails(404, "") // a group is not a user
	})
	scimtest.Prove(t, "I-6 E-13", "the error that the embedder returns for the subject is passed on", func(t *testing.T) {
		t.Parallel()
		var failure error
		c := serve(t, func(cfg *scim.Config) {
			cfg.Me = func(context.Context, *scim.Principal) (string, error) { return "", failure }
		}).lenient(t)
		failure = scim.ErrForbidden
		c.Get("/Me").Fails(403, "")
		failure = &scim.Error{Status: 404, Detail: "service accounts have no user"}
		c.Get("/Me").Fails(404, "").Has("detail", `"service accounts have no user"`)
		failure = errors.New("the directory is down: secret")
		require.NotContains(t, c.Get("/Me").Fails(500, "").Text, "secret")
	})
	scimtest.Prove(t, "I-4 E-8", "Authorize is asked about the alias as such", func(t *testing.T) {
		t.Parallel()
		var self string
		var asked []scim.Operation
		c := withMe(t, &self, func(cfg *scim.Config) {
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				asked = append(asked, op)
				if op.Me && op.Kind == scim.OperationDelete {
					return scim.ErrForbidden
				}
				return nil
			}
		}).lenient(t)
		self = scimtest.ID(c.NewUser("me"))
		asked = nil
		c.Get("/Me").Is(200)
		c.Patch("/Me", `{"op":"add","path":"title","value":"x"}`).Is(200)
		c.Put("/Me", scimtest.User("me")).Is(200)
		require.Empty(t, c.Delete("/Me").Fails(403, "").Header.Get("Location"))
		require.Len(t, asked, 4)
		for i, kind := range []scim.OperationKind{scim.OperationRetrieve, scim.OperationPatch, scim.OperationReplace, scim.OperationDelete} {
			require.Equal(t, scim.Operation{Kind: kind, Principal: asked[i].Principal, Type: schema.UserType, ID: self, Me: true}, asked[i])
		}
		c.Get("/Me").Is(200)
	})
}
