package secevent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/secevent"
)

const (
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	userBody   = `{"schemas":["` + schema.UserURI + `"]`
)

// full makes tokens with data.
func full(_ *scim.Config, c *secevent.Config) { c.Full = true }

func TestClaims(t *testing.T) {
	t.Parallel()
	prove(t, "Y-1 Y-3 Y-4 Y-5 Y-6 Y-34", "a token has iss, iat, jti, aud, txn, sub_id and events, is signed and typed, and has neither sub nor exp", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		begun := time.Now().Unix()
		path := w.NewUser("a", `"externalId":"e-1"`)
		r := w.next()
		require.Equal(t, map[string]string{"format": "scim", "uri": path, "externalId": "e-1"}, r.Subject)
		require.GreaterOrEqual(t, r.IssuedAt, begun)
		require.LessOrEqual(t, r.IssuedAt, time.Now().Unix())
		require.Equal(t, "secevent+jwt", r.header.ExtraHeaders[jose.HeaderType])
		require.Equal(t, "ES256 2026-11", r.header.Algorithm+" "+r.header.KeyID)
		var names []string
		for name := range r.members {
			names = append(names, name)
		}
		require.ElementsMatch(t, []string{"iss", "iat", "jti", "aud", "txn", "sub_id", "events"}, names)
		for _, payload := range r.Events {
			require.NotContains(t, string(payload), "sub_id")
		}
	})
	prove(t, "Y-2", "each change has a jti, several events of it are one token with objects as payloads", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		path := w.NewUser("a", `"active":true`)
		first := w.next()
		w.Patch(path, `{"op":"replace","path":"active","value":false}`, `{"op":"add","path":"title","value":"x"}`).Is(200)
		second := w.next()
		require.NotEqual(t, first.ID, second.ID)
		w.is(second, "prov:deactivate", `{}`, "prov:patch:notice", `{"attributes":["title","active"],`+w.version(path)+`}`)
	})
	prove(t, "Y-6", "a path is escaped, and neither host nor prefix of the base URL are in it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) { c.NewID = ids() })
		w.NewUser("a")
		require.Regexp(t, `^/Users/id%20[0-9]+%2Fx$`, w.next().Subject["uri"])
	})
	prove(t, "Y-2 Y-14", "two receivers get tokens with one txn and two jti, each again with the same jti after a failure", func(t *testing.T) {
		t.Parallel()
		var w *world
		var second *secevent.Issuer
		var failed []secevent.Token
		w = newWorld(t, func(_ *scim.Config, c *secevent.Config) {
			both := c.Deliver
			other := *c
			other.Audience = []string{"https://other.example.com"}
			other.Deliver = func(_ context.Context, t secevent.Token) error {
				if failed = append(failed, t); len(failed) == 1 {
					return fmt.Errorf("away")
				}
				return nil
			}
			var err error
			second, err = secevent.New(other)
			require.NoError(t, err)
			c.Deliver = both
		})
		w.NewUser("a")
		entries, err := w.db.Claim(context.Background(), "event", time.Now(), time.Now(), 10)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		r := w.next()
		e := &event.Event{ID: eventID(t, entries[0].Payload), Kind: event.Changed, Type: "User", Path: r.Subject["uri"], Transaction: r.Transaction, Kinds: []event.Kind{event.Deleted}}
		require.Error(t, second.Handle(context.Background(), e))
		require.NoError(t, second.Handle(context.Background(), e))
		require.Equal(t, failed[0].ID, failed[1].ID)
		require.NotEqual(t, r.ID, failed[0].ID)
		require.Equal(t, r.Transaction, failed[0].Transaction)
	})
	prove(t, "Y-14 Y-36", "a token that was not acknowledged is sent again with the same jti and txn", func(t *testing.T) {
		t.Parallel()
		var minutes atomic.Int64
		begun := time.Now()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) {
			c.Now = func() time.Time { return begun.Add(time.Duration(minutes.Add(1)) * time.Minute) }
		})
		calls := 0
		w.answer = func() (int, string) {
			if calls++; calls < 3 {
				return 503, ""
			}
			return 202, ""
		}
		w.NewUser("a")
		w.work()
		require.Len(t, w.texts, 3)
		first, code := verify(w.jwks, audience, w.texts[0])
		require.Empty(t, code)
		for _, text := range w.texts[1:] {
			again, code := verify(w.jwks, audience, text)
			require.Empty(t, code)
			again.header, first.header = jose.Header{}, jose.Header{}
			require.Equal(t, first, again)
		}
	})
}

// ids returns a Config.NewID whose ids need escapes.
func ids() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("id %d/x", n) }
}

func eventID(t *testing.T, payload []byte) string {
	var v struct{ ID string }
	require.NoError(t, json.Unmarshal(payload, &v))
	return v.ID
}

func TestNotices(t *testing.T) {
	t.Parallel()
	prove(t, "Y-7 Y-8 Y-10 Y-11 Y-12 Y-13 Y-17", "create, PATCH and PUT have the paths of the attributes and the version, and no data", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		path := w.NewUser("a", `"active":true`, `"name":{"givenName":"A"}`, `"emails":[{"value":"a@example.com"}]`, `"`+enterprise+`":{"department":"x"}`)
		w.is(w.next(), "prov:create:notice", `{"attributes":["id","userName","name","active","emails","`+enterprise+`:department"],`+w.version(path)+`}`)
		w.Patch(path, `{"op":"add","path":"name.familyName","value":"B"}`, `{"op":"remove","path":"`+enterprise+`:department"}`).Is(200)
		w.is(w.next(), "prov:patch:notice", `{"attributes":["name.familyName","`+enterprise+`:department"],`+w.version(path)+`}`)
		w.Put(path, scimtest.User("b", `"active":true`)).Is(200)
		w.is(w.next(), "prov:put:notice", `{"attributes":["userName","name","emails"],`+w.version(path)+`}`)
	})
	prove(t, "Y-18", "a password is named and never shown", func(t *testing.T) {
		t.Parallel()
		for _, configure := range []func(*scim.Config, *secevent.Config){nil, full} {
			w := newWorld(t, configure)
			path := w.NewUser("a", `"password":"secret-word"`)
			require.NotContains(t, fmt.Sprint(w.next().Events), "secret-word")
			w.Patch(path, `{"op":"replace","path":"password","value":"secret-word"}`).Is(200)
			w.is(w.next(), "prov:patch:notice", `{"attributes":["password"],`+w.version(path)+`}`)
			w.Put(path, scimtest.User("a", `"password":"secret-word"`)).Is(200)
			w.is(w.next(), "prov:put:notice", `{"attributes":["password"],`+w.version(path)+`}`)
			w.Put(path, scimtest.User("b", `"password":"secret-word"`)).Is(200)
			w.next()
			require.NotContains(t, w.words(t), "secret-word")
		}
	})
	prove(t, "Y-34", "a large change of members is one notice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *scim.Config, _ *secevent.Config) { c.Limits.Revoke = time.Minute })
		path := w.Post("/Groups", scimtest.Group("g", `"members":`+manyMembers(6000))).Is(201).String("id")
		r := w.next()
		require.Equal(t, "/Groups/"+path, r.Subject["uri"])
		require.Contains(t, string(r.Events["urn:ietf:params:scim:event:prov:create:notice"]), `"attributes":["id","displayName","members"]`)
	})
}

// manyMembers returns members with ids as long as an id may be: 6,000 of them are
// more than an outbox entry holds.
func manyMembers(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`{"value":"%0250d-end"}`, i))
	}
	return "[" + strings.Join(members, ",") + "]"
}

func TestData(t *testing.T) {
	t.Parallel()
	prove(t, "Y-7 Y-8 Y-9 Y-11 Y-13 Y-18", "with Full, create and PUT have the resource as a response shows it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, full)
		path := w.NewUser("a", `"active":true`, `"password":"secret-word"`, `"name":{"givenName":"A"}`, `"`+enterprise+`":{"department":"x"}`)
		shown := func() string {
			got := w.Get(path).Is(200)
			var o map[string]any
			require.NoError(t, json.Unmarshal([]byte(got.Text), &o))
			delete(o["meta"].(map[string]any), "location")
			text, err := json.Marshal(o)
			require.NoError(t, err)
			return `{"data":` + string(text) + `,` + w.version(path) + `}`
		}
		w.is(w.next(), "prov:create:full", shown())
		w.Put(path, scimtest.User("b", `"active":true`, `"password":"secret-word"`)).Is(200)
		w.is(w.next(), "prov:put:full", shown())
		require.NotContains(t, w.words(t), "secret-word")
	})
	prove(t, "Y-7 Y-8 Y-10 Y-12", "with Full, a PATCH has operations with its effect", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, full)
		path := w.NewUser("a", `"active":true`, `"title":"x"`, `"name":{"givenName":"A"}`, `"`+enterprise+`":{"department":"x","costCenter":"1"}`)
		w.next()
		w.Do("PATCH", path, scimtest.PatchOp(`{"op":"replace","value":{"name":{"familyName":"B"},"`+enterprise+`":{"department":"y"},"password":"secret-word"}}`,
			`{"op":"remove","path":"title"}`, `{"op":"add","path":"emails","value":{"value":"a@example.com"}}`, `{"op":"replace","path":"active","value":"False"}`)).Is(200)
		r := w.next()
		version := w.version(path)
		w.is(r, "prov:deactivate", `{}`, "prov:patch:full", `{"data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+
			`{"op":"replace","path":"active","value":false},{"op":"add","path":"emails","value":[{"value":"a@example.com"}]},`+
			`{"op":"replace","path":"name","value":{"familyName":"B","givenName":"A"}},{"op":"remove","path":"title"},`+
			`{"op":"replace","path":"`+enterprise+`:department","value":"y"}]},`+version+`}`)
		// A replica that applies the data has the resource.
		var p struct {
			Data json.RawMessage `json:"data"`
		}
		require.NoError(t, json.Unmarshal(r.Events["urn:ietf:params:scim:event:prov:patch:full"], &p))
		replica := newWorld(t, full)
		copied := replica.NewUser("a", `"active":true`, `"title":"x"`, `"name":{"givenName":"A"}`, `"`+enterprise+`":{"department":"x","costCenter":"1"}`)
		replica.Do("PATCH", copied, string(p.Data)).Is(200)
		for _, name := range []string{"userName", "active", "title", "name", "emails", "schemas"} {
			require.Equal(t, w.Get(path).Value(name), replica.Get(copied).Value(name), name)
		}
	})
	prove(t, "Y-10 Y-15 Y-34", "members are in PATCH operations, also of a PUT and of a member that is deleted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, full)
		a, b := w.NewUser("a"), w.NewUser("b")
		w.work()
		group := w.NewGroup("g", `"members":[{"value":"`+scimtest.ID(a)+`"}]`)
		r := w.next()
		require.Contains(t, string(r.Events["urn:ietf:params:scim:event:prov:create:full"]), `"members":[{"value":"`+scimtest.ID(a)+`","type":"User"}]`)
		w.Put(group, scimtest.Group("h", `"members":[{"value":"`+scimtest.ID(b)+`"}]`)).Is(200)
		w.is(w.next(), "prov:patch:full", `{"data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"h"},`+
			`{"op":"remove","path":"members[value eq \"`+scimtest.ID(a)+`\"]"},{"op":"add","path":"members","value":[{"value":"`+scimtest.ID(b)+`","type":"User"}]}]},`+w.version(group)+`}`)
		w.mu.Lock()
		w.seen = nil
		w.mu.Unlock()
		w.Delete(b).Is(204)
		w.work()
		require.Len(t, w.tokens(""), 2)
		for _, r := range w.tokens("") {
			require.Equal(t, w.tokens("")[0].Transaction, r.Transaction)
			if r.Subject["uri"] == b {
				w.is(r, "prov:delete", `{}`)
				continue
			}
			w.is(r, "prov:patch:full", `{"data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+
				`{"op":"remove","path":"members[value eq \"`+scimtest.ID(b)+`\"]"}]},`+w.version(group)+`}`)
		}
	})
	prove(t, "Y-2 Y-10 Y-34", "many members are in several tokens of one transaction", func(t *testing.T) {
		t.Parallel()
		const many = 6000
		w := newWorld(t, func(c *scim.Config, e *secevent.Config) {
			e.Full, c.Limits.Revoke = true, time.Minute
		})
		w.Post("/Groups", scimtest.Group("g", `"members":`+manyMembers(many))).Is(201)
		w.work()
		tokens := w.tokens("")
		require.Greater(t, len(tokens), 1)
		created, members := 0, map[string]bool{}
		for _, r := range tokens {
			require.Equal(t, tokens[0].Transaction, r.Transaction)
			require.Len(t, r.Events, 1)
			for uri, text := range r.Events {
				if strings.HasSuffix(uri, "create:full") {
					created++
				}
				for _, word := range strings.Split(string(text), `"`) {
					if strings.HasSuffix(word, "-end") {
						require.False(t, members[word])
						members[word] = true
					}
				}
			}
		}
		require.Equal(t, 1, created)
		require.Len(t, members, many)
	})
	prove(t, "Y-7 Y-18", "Sensitive attributes are named and never shown", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(_ *scim.Config, c *secevent.Config) {
			c.Full, c.Types = true, []*schema.ResourceType{schema.UserType, schema.GroupType}
			c.Sensitive = []string{"externalId", "userName", "name.familyName", "phoneNumbers.value", enterprise + ":employeeNumber", "members"}
		})
		hidden := []string{`"externalId":"word-1"`, `"name":{"familyName":"word-2","givenName":"shown-1"}`, `"phoneNumbers":[{"value":"word-3","type":"work"}]`, `"` + enterprise + `":{"employeeNumber":"word-4","department":"shown-2"}`}
		path := w.NewUser("word-5", hidden...)
		r := w.next()
		require.Equal(t, map[string]string{"format": "scim", "uri": path}, r.Subject)
		for _, word := range []string{"shown-1", "shown-2", `"type":"work"`} {
			require.Contains(t, w.words(t), word)
		}
		require.NotContains(t, w.words(t), "word-")
		w.Put(path, scimtest.User("word-6", hidden...)).Is(200)
		w.is(w.next(), "prov:put:notice", `{"attributes":["userName"],`+w.version(path)+`}`)
		w.Patch(path, `{"op":"replace","path":"name.familyName","value":"word-7"}`).Is(200)
		w.is(w.next(), "prov:patch:notice", `{"attributes":["name.familyName"],`+w.version(path)+`}`)
		group := w.NewGroup("g")
		w.work()
		w.Patch(group, `{"op":"add","path":"members","value":[{"value":"word-8"}]}`)
		w.is(w.next(), "prov:patch:notice", `{"attributes":["members"],`+w.version(group)+`}`)
		require.NotContains(t, w.words(t), "word-")
	})
	prove(t, "Y-18", "hidden attributes and the owner are neither named nor shown", func(t *testing.T) {
		t.Parallel()
		owned := schema.WithOwner(schema.UserType)
		w := newWorld(t, func(c *scim.Config, e *secevent.Config) {
			e.Full = true
			token := scim.HashToken("idp", "secret")
			token.Connection = "word-owner"
			c.Auth = scim.BearerTokens(token)
			c.Endpoints[0] = ownedUsers(c, owned)
		})
		path := w.NewUser("a")
		w.next()
		w.Put(path, scimtest.User("b")).Is(200)
		w.next()
		require.NotContains(t, w.words(t), "owner")
	})
}
