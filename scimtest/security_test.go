package scimtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// watched records the tenant of every call and the resources it is given.
type watched struct {
	store.Store
	tenants []string
	kept    []string
}

func (s *watched) note(ctx context.Context, r *schema.Resource) {
	s.tenants = append(s.tenants, store.Tenant(ctx))
	if r != nil {
		s.kept = append(s.kept, string(r.Attributes.AppendJSON(nil)))
	}
}

func (s *watched) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	s.note(ctx, nil)
	return s.Store.Get(ctx, id, o)
}

func (s *watched) List(ctx context.Context, q *store.Query) (store.Page, error) {
	s.note(ctx, nil)
	return s.Store.List(ctx, q)
}

func (s *watched) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	s.note(ctx, c.After)
	return s.Store.Create(ctx, c)
}

func (s *watched) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	s.note(ctx, c.After)
	return s.Store.Update(ctx, c)
}

func (s *watched) Delete(ctx context.Context, c *store.Change) error {
	s.note(ctx, nil)
	return s.Store.Delete(ctx, c)
}

func TestConformanceCredentials(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "S-2 S-3", "the challenge names the scheme, and authentication returns a principal", func(t *testing.T) {
		for _, one := range []struct {
			auth   scim.Authenticator
			scheme string
		}{{scim.BearerTokens(scim.HashToken("a", "b")), `Bearer realm="scim"`}, {scim.BasicPasswords(scim.HashToken("a", "b")), `Basic realm="scim", charset="UTF-8"`}, {scim.StoredTokens(memstore.New(), nil), `Bearer realm="scim"`},
			{scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return nil, scim.ErrUnauthenticated }), `Bearer realm="scim"`},
			{scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) {
				return nil, fmt.Errorf("because: %w", scim.ErrUnauthenticated)
			}), `Bearer realm="scim"`}} {
			s := serve(t, func(cfg *scim.Config) { cfg.Auth = one.auth })
			r := scimtest.NewClient(t, s, "").Get("/Users")
			r.Fails(401, "")
			require.Equal(t, []string{one.scheme}, r.Header.Values("WWW-Authenticate"))
			require.NotContains(t, r.Text, "because")
		}
		var log bytes.Buffer
		for _, one := range []struct {
			err  error
			want int
		}{{nil, 500}, {errors.New("secret"), 500}, {store.ErrUnavailable, 503}, {scim.ErrForbidden, 403}} {
			s := serve(t, func(cfg *scim.Config) {
				cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return nil, one.err })
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			r := scimtest.NewClient(t, s, "x").Get("/Users")
			r.Fails(one.want, "")
			require.NotContains(t, r.Text, "secret")
		}
		require.Contains(t, log.String(), "secret")
	})
	scimtest.Prove(t, "S-5", "a bearer token is one header with the scheme in any case and the whole secret", func(t *testing.T) {
		s := serve(t, nil)
		for value, want := range map[string]int{"Bearer default": 200, "bearer default": 200, "BEARER  default ": 200, "Bearer defaul": 401, "Bearer defaultx": 401, "Bearer Default": 401, "Bearer": 401, "Bearer ": 401, "Basic default": 401, "default": 401, "Bearer default default": 401, "Bearer default,strict": 401} {
			require.Equal(t, want, do(t, s, "GET", "/Users", "", "Authorization: "+value).Code, value)
		}
		r := scimtest.NewClient(t, s, "").Get("/Users", "Authorization: Bearer default", "Authorization: Bearer strict")
		r.Fails(401, "")
	})
	scimtest.Prove(t, "S-5", "tokens have full entropy and are kept as a hash", func(t *testing.T) {
		seen := map[string]bool{}
		for range 100 {
			secret, sum := scim.NewToken()
			require.Len(t, secret, 43) // 256 bits
			require.False(t, seen[secret])
			seen[secret] = true
			require.Equal(t, sum, scim.HashToken("t", secret).SHA256)
		}
		require.NotContains(t, fmt.Sprintf("%v", scim.HashToken("t", "secret")), "secret")
	})
	scimtest.Prove(t, "S-5 S-4", "tokens in a store expire, pause, are revoked, and may only read or touch some types", func(t *testing.T) {
		db, now := memstore.New(), today
		token := func(id string, change func(*store.Token)) {
			k := store.Token{ID: id, SHA256: scim.HashToken(id, id).SHA256, Created: now}
			if change != nil {
				change(&k)
			}
			require.NoError(t, db.AddToken(t.Context(), k))
		}
		token("plain", nil)
		token("expiring", func(k *store.Token) { k.Expires = now.Add(time.Hour) })
		token("paused", func(k *store.Token) { k.Paused = true })
		token("revoked", func(k *store.Token) { k.Revoked = true })
		token("reader", func(k *store.Token) { k.ReadOnly = true })
		token("grouper", func(k *store.Token) { k.Types = []string{"Group"} })
		s := serve(t, func(cfg *scim.Config) { cfg.Auth = scim.StoredTokens(db, func() time.Time { return now }) })
		client := func(id string) *scimtest.Client { return scimtest.NewClient(t, s, id) }

		path := client("plain").NewUser("u")
		client("expiring").Get(path).Is(200)
		now = now.Add(time.Hour)
		unknown := client("unknown").Get(path)
		for _, id := range []string{"expiring", "revoked", "unknown"} {
			r := client(id).Get(path)
			r.Fails(401, "")
			require.Equal(t, unknown.Text, r.Text) // which it was is not told
		}
		client("paused").Get(path).Fails(503, "")

		reader := client("reader")
		reader.Get(path).Is(200)
		reader.Get("/Users").Total(1)
		reader.Post("/.search", scimtest.Search()).Total(1)
		for _, r := range []*scimtest.Reply{reader.Post("/Users", scimtest.User("v")), reader.Put(path, scimtest.User("u")), reader.Patch(path, `{"op":"add","path":"title","value":"t"}`), reader.Delete(path)} {
			r.Fails(403, "")
		}
		grouper := client("grouper")
		grouper.NewGroup("g")
		grouper.Get("/").Total(1).Has("Resources[0].displayName", `"g"`)
		for _, r := range []*scimtest.Reply{grouper.Get(path), grouper.Get("/Users"), grouper.Post("/Users", scimtest.User("v")), grouper.Delete(path), grouper.Post("/Users/.search", scimtest.Search())} {
			r.Fails(403, "")
		}
	})
	scimtest.Prove(t, "S-5", "HTTP Basic takes the name and the whole password", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Auth = scim.BasicPasswords(scim.HashToken("okta", "pa:ss wörd")) })
		for _, one := range []struct {
			name, password string
			want           int
		}{{"okta", "pa:ss wörd", 200}, {"okta", "pa:ss", 401}, {"okta", "", 401}, {"", "pa:ss wörd", 401}, {"Okta", "pa:ss wörd", 401}, {"other", "pa:ss wörd", 401}} {
			r, err := http.NewRequest("GET", "/", nil)
			require.NoError(t, err)
			r.SetBasicAuth(one.name, one.password)
			require.Equal(t, one.want, do(t, s, "GET", "/Users", "", "Authorization: "+r.Header.Get("Authorization")).Code, one)
		}
	})
	scimtest.Prove(t, "S-9", "anonymous access is spelled out, or an Authenticator's own decision", func(t *testing.T) {
		_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Endpoints: []scim.Endpoint{scim.Users(memstore.New().Store(schema.UserType))}})
		require.ErrorContains(t, err, "Auth")
		open := serve(t, func(cfg *scim.Config) { cfg.Auth = scim.InsecureNoAuthentication() })
		scimtest.NewClient(t, open, "").NewUser("u")
		register := serve(t, func(cfg *scim.Config) {
			cfg.Auth = scim.InsecureNoAuthentication()
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				if op.Kind != scim.OperationCreate {
					return scim.ErrForbidden
				}
				return nil
			}
			active := schema.UserType.Root().Sub("active")
			cfg.Endpoints[0].Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object {
				return o.With(active, schema.Boolean(false))
			}
		})
		c := scimtest.NewClient(t, register, "")
		r := c.Post("/Users", scimtest.User("u")).Is(201).Has("active", "false")
		c.Get("/Users/"+r.String("id")).Fails(403, "")
		c.Get("/Users").Fails(403, "")
	})
}

var today = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)

func TestConformanceAccess(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "S-3 S-4", "every operation is authorized with its subject, kind, type and id before anything else", func(t *testing.T) {
		var asked []string
		s := serve(t, func(cfg *scim.Config) {
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				asked = append(asked, fmt.Sprintf("%s %s %s %s", op.Principal.TokenID, op.Kind, op.Type.Name, op.ID))
				return nil
			}
		})
		c := s.lenient(t)
		user, group := c.NewUser("u"), c.NewGroup("g")
		asked = nil
		for _, one := range []struct {
			send func()
			want []string
		}{
			{func() { c.Get(user) }, []string{"retrieve User " + scimtest.ID(user)}},
			{func() { c.Do("HEAD", user, nil) }, []string{"retrieve User " + scimtest.ID(user)}},
			{func() { c.Get(group) }, []string{"retrieve Group " + scimtest.ID(group)}},
			{func() { c.Get("/Users") }, []string{"query User "}}, {func() { c.Post("/Users/.search", scimtest.Search()) }, []string{"query User "}},
			{func() { c.Get("/") }, []string{"query User ", "query Group "}}, {func() { c.Post("/.search", scimtest.Search()) }, []string{"query User ", "query Group "}},
			{func() { c.Post("/Users", scimtest.User("v")) }, []string{"create User "}}, {func() { c.Post("/Users", "{") }, []string{"create User "}},
			{func() { c.Put(user, scimtest.User("u")) }, []string{"replace User " + scimtest.ID(user)}}, {func() { c.Patch(group, "{}") }, []string{"patch Group " + scimtest.ID(group)}},
			{func() { c.Delete("/Users/nope") }, []string{"delete User nope"}}, {func() { c.Get("/Schemas") }, nil},
		} {
			asked = nil
			one.send()
			for i, line := range asked {
				asked[i] = strings.TrimPrefix(line, "default ")
			}
			require.Equal(t, one.want, asked)
		}
	})
	scimtest.Prove(t, "S-14", "a hidden resource is answered like an unknown one", func(t *testing.T) {
		hidden := ""
		s := serve(t, func(cfg *scim.Config) {
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				if op.ID != "" && op.ID == hidden {
					return store.ErrNotFound
				}
				return nil
			}
		})
		s.both(t, func(c *scimtest.Client) {
			path := c.NewUser("u")
			hidden = scimtest.ID(path)
			ask := func(path string) (out []string) {
				for _, r := range []*scimtest.Reply{c.Get(path), c.Put(path, scimtest.User("u")), c.Put(path, "{"), c.Patch(path, `{"op":"add","path":"title","value":"t"}`), c.Delete(path, `If-Match: "x"`), c.Delete(path)} {
					out = append(out, fmt.Sprint(r.Status, r.Text))
				}
				return out
			}
			seen := ask(path)
			unknown := ask("/Users/nope")
			unknown[2] = seen[2] // a body that is wrong may be told first where nothing is hidden
			require.Equal(t, unknown, seen)
			hidden = ""
			c.Get(path).Has("title", "")
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "S-7 S-13", "a password reaches SetPassword alone: no store, event, audit record, log or response", func(t *testing.T) {
		const secret = "t1meMa$heen"
		var log, audit bytes.Buffer
		seen := 0
		kept := &watched{}
		s := serve(t, func(cfg *scim.Config) {
			kept.Store, cfg.Endpoints[0].Store = cfg.Endpoints[0].Store, kept
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			cfg.Audit = func(_ context.Context, rec scim.AuditRecord) { fmt.Fprintf(&audit, "%+v\n", rec) }
			cfg.SetPassword = func(_ context.Context, r *schema.Resource, secrets schema.Secrets) error {
				if secrets.Get("password").Text() == secret {
					seen++
				}
				return nil
			}
			cfg.Hooks.Before = func(_ context.Context, e *event.Event) error {
				fmt.Fprintf(&audit, "%+v %+v\n", e.Before, e.After)
				if e.After != nil {
					audit.Write(e.After.Attributes.AppendJSON(nil))
				}
				return nil
			}
		})
		c := s.lenient(t)
		r := c.Post("/Users", scimtest.User("u", `"password":"`+secret+`"`)).Is(201)
		path := "/Users/" + r.String("id")
		text := r.Text
		for _, r := range []*scimtest.Reply{c.Put(path, scimtest.User("u", `"title":"t"`, `"password":"`+secret+`"`)), c.Patch(path, `{"op":"replace","path":"password","value":"`+secret+`"}`), c.Patch(path, `{"op":"add","value":{"password":"`+secret+`","nickName":"n"}}`),
			c.Post("/Users", scimtest.User("v", `"password":["`+secret+`","`+secret+`"]`)), c.Filter("/Users", `password eq "`+secret+`"`), c.Get(path + "?attributes=password"), c.Delete(path)} {
			text += r.Text
		}
		require.Equal(t, 4, seen)
		require.NotEmpty(t, kept.kept)
		require.NotEmpty(t, audit.String())
		for name, text := range map[string]string{"store": strings.Join(kept.kept, "\n"), "audit": audit.String(), "log": log.String(), "answers": text} {
			require.NotContains(t, text, secret, name)
		}
	})
	scimtest.Prove(t, "S-13", "the log names the route and not the resource, the filter or the body", func(t *testing.T) {
		var log bytes.Buffer
		s := serve(t, func(cfg *scim.Config) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		c := s.lenient(t)
		path := c.NewUser("barbara@x.example", `"name":{"familyName":"Jensen"}`)
		c.Filter("/Users", `userName eq "barbara@x.example"`).Total(1)
		c.Filter("/Users", `userName eq "barbara@x.example`).Is(400)
		c.Get("/Users/barbara@x.example").Is(404)
		c.Get("/barbara@x.example").Is(404)
		c.Put(path, scimtest.User("barbara@x.example", `"emails":"barbara@x.example"`, `"nickName":true`)).Is(400)
		c.Patch(path, `{"op":"replace","path":"emails[value eq \"barbara@x.example\"]","value":{"value":"x"}}`).Is(400)
		c.Post("/Users", scimtest.User("barbara@x.example")).Is(409)
		c.Delete(path).Is(204)
		require.Equal(t, 9, strings.Count(log.String(), "scim: request"))
		require.Contains(t, log.String(), "route=/Users/{id}")
		for _, personal := range []string{"barbara", "Jensen", scimtest.ID(path), "Bearer"} {
			require.NotContains(t, log.String(), personal)
		}
	})
}

func TestDeactivationOfAnUnacceptableUserName(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "S-8", "a stored userName that is no longer acceptable does not stop a deactivation", func(t *testing.T) {
		users := memstore.New().Store(schema.UserType)
		s := serve(t, func(c *scim.Config) { c.Tx, c.Endpoints = nil, []scim.Endpoint{scim.Users(users)} })
		o, _ := schema.UserType.DecodeStored([]byte(`{"active":true}`))
		for _, id := range []string{"patched", "put"} {
			r := &schema.Resource{Type: schema.UserType, ID: id, Created: time.Now(), LastModified: time.Now(), Attributes: o.With(schema.User.Attribute("userName"), schema.String(id+"\x00"))}
			_, err := users.Create(context.Background(), &store.Change{ID: id, After: r})
			require.NoError(t, err)
		}
		s.both(t, func(c *scimtest.Client) {
			c.Patch("/Users/patched", `{"op":"replace","path":"active","value":false}`).Is(200).Has("active", "false")
			c.Put("/Users/put", scimtest.User("put\x00", `"active":false`)).Is(200).Has("active", "false")
			c.Put("/Users/put", scimtest.User("other\x00", `"active":false`)).Fails(400, "invalidValue")
		})
	})
}
