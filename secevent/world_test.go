package secevent_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/secevent"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

const audience = "https://receiver.example.com"

// prove runs a case. Package scimtest reads ids and names for
// docs/requirements.md.
func prove(t *testing.T, ids, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(ids+" "+name, f)
}

// world is a handler whose changes reach a receiver over TLS.
type world struct {
	*receiver
	*scimtest.Client
	t  *testing.T
	db *memstore.DB
	h  *scim.Handler
}

// newWorld returns a world; configure may change both configurations.
func newWorld(t *testing.T, configure func(*scim.Config, *secevent.Config)) *world {
	t.Helper()
	key, jwks := newKey(t)
	w := &world{t: t, db: memstore.New(memstore.KeepDeleted), receiver: &receiver{jwks: jwks, audience: audience}}
	server := httptest.NewTLSServer(w.receiver)
	t.Cleanup(server.Close)
	deliver, err := secevent.Push(secevent.PushConfig{URL: server.URL + "/events", Client: server.Client()})
	require.NoError(t, err)
	events := secevent.Config{Issuer: "https://app.example.com", Audience: []string{audience}, Key: key, Deliver: deliver}
	cfg := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("idp", "secret")), Tx: w.db, Outbox: w.db, Logger: slog.New(slog.DiscardHandler),
		Endpoints:   []scim.Endpoint{scim.Users(w.db.Store(schema.UserType)), scim.Groups(w.db.Store(schema.GroupType))},
		SetPassword: func(context.Context, *schema.Resource, schema.Secrets) error { return nil },
	}
	if configure != nil {
		configure(&cfg, &events)
	}
	issuer, err := secevent.New(events)
	require.NoError(t, err)
	cfg.Hooks.Changed, cfg.Hooks.AsyncResponse, cfg.EventURIs = issuer.Handle, issuer.Handle, issuer.EventURIs()
	w.h, err = scim.New(cfg)
	require.NoError(t, err)
	w.Client = scimtest.NewClient(t, w.h, "secret")
	return w
}

// work runs the worker until the outbox is empty.
func (w *world) work() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.h.Run(ctx) }()
	require.Eventually(w.t, func() bool {
		backlogs, err := w.db.Backlog(ctx)
		require.NoError(w.t, err)
		for _, b := range backlogs {
			if b.Pending > 0 {
				return false
			}
		}
		return true
	}, 30*time.Second, time.Millisecond)
	cancel()
	<-ended
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Empty(w.t, w.faults)
}

// dead returns the events that were set aside.
func (w *world) dead() []store.Entry {
	w.t.Helper()
	dead, err := w.db.Dead(context.Background(), "", 100)
	require.NoError(w.t, err)
	return dead
}

// next runs the worker and returns the only token that it sends.
func (w *world) next() received {
	w.t.Helper()
	w.mu.Lock()
	w.seen, w.texts = nil, nil
	w.mu.Unlock()
	w.work()
	tokens := w.tokens("")
	require.Len(w.t, tokens, 1)
	require.Empty(w.t, w.dead())
	return tokens[0]
}

// is requires that the events of a token are these: URI and payload in turn.
func (w *world) is(r received, pairs ...string) {
	w.t.Helper()
	got := map[string]any{}
	for uri, text := range r.Events {
		var v any
		require.NoError(w.t, json.Unmarshal(text, &v))
		got[strings.TrimPrefix(uri, "urn:ietf:params:scim:event:")] = v
	}
	want := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		var v any
		require.NoError(w.t, json.Unmarshal([]byte(pairs[i+1]), &v), pairs[i+1])
		want[pairs[i]] = v
	}
	require.Equal(w.t, want, got)
}

// version returns the member "version" of a payload, for the resource at path.
func (w *world) version(path string) string {
	w.t.Helper()
	text, err := json.Marshal(w.Get(path).Is(200).String("meta.version"))
	require.NoError(w.t, err)
	return `"version":` + string(text)
}

// ownedUsers returns an endpoint of users with owners.
func ownedUsers(c *scim.Config, t *schema.ResourceType) scim.Endpoint {
	return scim.Endpoint{Type: t, Store: c.Tx.(*memstore.DB).Store(t), Policy: scim.Policy{Ownership: scim.OwnResources}}
}
