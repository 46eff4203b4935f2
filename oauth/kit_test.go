//go:build !race

package oauth_test

import (
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// exchanger replaces the credentials of the kit by access tokens: one client for each
// tenant and kind of client, which asks for its token once.
type exchanger struct {
	t       *testing.T
	auth    scim.Authenticator // of the kit
	server  *oauth.Server
	clients *table
	next    http.Handler

	mu     sync.Mutex
	tokens map[string]string
}

func (e *exchanger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p, err := e.auth.Authenticate(r); err == nil {
		r.Header.Set("Authorization", "Bearer "+e.token(p))
	}
	e.next.ServeHTTP(w, r)
}

// token returns the access token of a principal of the kit.
func (e *exchanger) token(p *scim.Principal) string {
	access := store.Token{Tenant: p.Tenant, Client: p.Client.String()}
	id := url.QueryEscape(p.Tenant) + "/" + access.Client
	e.mu.Lock()
	defer e.mu.Unlock()
	if token, ok := e.tokens[id]; ok {
		return token
	}
	secret, kept := oauth.NewSecret("s", time.Now().Add(time.Hour))
	e.clients.put(oauth.Client{ID: id, Access: access, Secrets: []oauth.Secret{kept}})
	w := &world{T: e.t, s: e.server}
	e.tokens[id] = w.granted(w.secretPost(id, secret))
	return e.tokens[id]
}

// challenging is a server with the WWW-Authenticate that the kit wants to see.
type challenging struct {
	*oauth.Server
	challenge string
}

func (c challenging) Challenge() string { return c.challenge }

// The kit for handlers, the cases across tenants included, passes with access tokens.
func TestOAuthPassesTheKitForHandlers(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db, clients := memstore.New(), &table{}
		server, err := oauth.New(oauth.Config{Issuer: server, Clients: clients, Tokens: db, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler),
			Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Auth:      challenging{server, auth.(interface{ Challenge() string }).Challenge()},
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		})
		require.NoError(t, err)
		return &exchanger{t: t, auth: auth, server: server, clients: clients, next: h, tokens: map[string]string{}}
	})
}
