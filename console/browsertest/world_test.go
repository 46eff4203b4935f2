package browsertest

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/diagnose"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/requestlog"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// world is an application with a service and a console, on a port of this machine and
// a clock of its own.
type world struct {
	t        *testing.T
	url      string // of the console
	base     string // of the service
	handler  *scim.Handler
	db       *memstore.DB
	manager  *connection.Manager
	requests *requestlog.Log

	mu  sync.Mutex
	now time.Time
}

var by = connection.By{Actor: "ada@acme.example", Reason: "the first connection"}

const tenant = "acme"

func newWorld(t *testing.T) *world {
	w := &world{t: t, db: memstore.New(), now: time.Date(2026, 11, 29, 14, 20, 0, 0, time.UTC)}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.base, w.url = server.URL+"/scim/v2", server.URL+"/console"
	monitor, err := health.New(health.Config{Tokens: w.db, Now: w.clock})
	require.NoError(t, err)
	diagnosis := diagnose.New(diagnose.Config{Now: w.clock})
	requests, err := requestlog.New(requestlog.Config{Now: w.clock})
	require.NoError(t, err)
	observe := func(ctx context.Context, x *scim.Exchange) {
		monitor.Observe(ctx, x)
		diagnosis.Observe(ctx, x)
		requests.Observe(ctx, x)
	}
	users, groups := schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	w.handler, err = scim.New(scim.Config{
		BaseURL: w.base, Auth: scim.StoredTokens(w.db, w.clock), Tx: w.db, Outbox: w.db, AuditTrail: w.db, Connections: w.db, Observe: observe, Now: w.clock,
		Endpoints: []scim.Endpoint{{Type: users, Store: w.db.Store(users)}, {Type: groups, Store: w.db.Store(groups)}},
		Hooks:     scim.Hooks{EndSessions: func(context.Context, *event.Event) error { return nil }},
		Brake:     brake.Config{Leavers: brake.Bound{Most: 3}},
		Limits:    scim.Limits{Rate: math.Inf(1), TenantRate: math.Inf(1)},
		Logger:    slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	monitor.Attach(w.handler)
	requests.Attach(w.handler)
	w.requests = requests
	w.manager, err = connection.New(connection.Config{Handler: w.handler, Store: w.db, Now: w.clock})
	require.NoError(t, err)
	pages, err := console.New(console.Config{
		Handler: w.handler, Product: "Acme", Connections: w.manager, Health: monitor, Diagnosis: diagnosis, Requests: requests, Trail: w.db, Tokens: w.db, Now: w.clock, Logger: slog.New(slog.DiscardHandler),
		Identify: func(*http.Request) (console.Identity, error) {
			return console.Identity{Actor: "ada@acme.example", Tenant: tenant}, nil
		},
	})
	require.NoError(t, err)
	mux.Handle("/scim/v2/", w.handler)
	mux.Handle("/console/", pages)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// connect makes a connection with a token.
func (w *world) connect(name, provider, label string) (secret string) {
	_, err := w.manager.Create(w.t.Context(), tenant, connection.Connection{Name: name, Provider: provider, Label: label}, by)
	require.NoError(w.t, err)
	secret, _, err = w.manager.IssueToken(w.t.Context(), tenant, name, connection.Issue{Label: "first token", Expires: w.clock().AddDate(1, 0, 0)}, by)
	require.NoError(w.t, err)
	return secret
}

// send sends a request of a provider and returns the status and the id in the answer.
func (w *world) send(secret, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, w.base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/scim+json")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	_, rest, _ := strings.Cut(rec.Body.String(), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return rec.Code, id
}

func (w *world) user(secret, given, family, title string) string {
	name := userName(given + " " + family)
	status, id := w.send(secret, "POST", "/Users", fmt.Sprintf(
		`{"userName":%q,"externalId":%q,"displayName":%q,"active":true,"title":%q,"name":{"givenName":%q,"familyName":%q},"emails":[{"value":%q,"type":"work","primary":true}],"phoneNumbers":[{"value":"+49 30 5550%03d","type":"work"}]}`,
		name, externalID(name), given+" "+family, title, given, family, name, len(name)*13))
	require.Equal(w.t, 201, status)
	return id
}

// externalID is what the provider calls a person.
func externalID(userName string) string {
	return fmt.Sprintf("00u%08x", crc32.ChecksumIEEE([]byte(userName)))
}

// export is what the provider says of the people of a world that is furnished: the title
// of one is another, one is missing here, one there, and everybody is active.
func export() string {
	var b strings.Builder
	b.WriteString("login,id,job,status\n")
	line := func(userName, title string) {
		fmt.Fprintf(&b, "%s,%s,%s,ACTIVE\n", userName, externalID(userName), title)
	}
	for i, name := range people {
		title := titles[i%3]
		switch {
		case i == 0:
			title = "Rear Admiral"
		case i == 1:
			title = "Fellow"
		case i%5 == 4, i == 12:
			continue
		}
		line(userName(name), title)
	}
	line("mary.jackson@acme.example", "Engineer")
	return b.String()
}

func userName(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@acme.example"
}

var titles = []string{"Engineer", "Designer", "Controller"}

var people = []string{
	"Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth", "Radia Perlman", "Niklaus Wirth",
	"Frances Allen", "Tony Hoare", "Adele Goldberg", "Ken Thompson", "Margaret Hamilton", "Dennis Ritchie", "Hedy Lamarr", "John Backus",
}

// furnish fills the world with two days of what an administrator sees. It returns the
// ids of the first person and the first group.
func (w *world) furnish() (person, group string) {
	now := w.clock()
	w.at(now.Add(-50 * time.Hour))
	okta, entra := w.connect("okta", "okta", "Okta of the group"), w.connect("entra", "entra", "Entra ID of the new site")
	var ids []string
	for i, name := range people {
		given, family, _ := strings.Cut(name, " ")
		w.at(w.clock().Add(11 * time.Minute))
		ids = append(ids, w.user(cmp.Or(map[bool]string{i%5 == 4: entra}[true], okta), given, family, titles[i%3]))
	}
	_, group = w.send(okta, "POST", "/Groups", fmt.Sprintf(`{"displayName":"Engineering","members":[{"value":%q},{"value":%q},{"value":%q}]}`, ids[0], ids[1], ids[3]))
	w.send(okta, "POST", "/Groups", `{"displayName":"Finance"}`)
	for h := 46; h >= 0; h-- {
		w.at(now.Add(-time.Duration(h)*time.Hour - 7*time.Minute))
		busy := 3 + int(14*math.Pow(math.Sin(float64(h+3)*math.Pi/24), 2)) + h*7%5
		for range busy {
			w.send(okta, "GET", "/Users?filter="+"userName+eq+%22grace.hopper%40acme.example%22", "")
		}
		if h%9 == 2 {
			w.send(okta, "POST", "/Users", `{"userName":"grace.hopper@acme.example"}`)
		}
		if h%3 == 0 {
			w.send(entra, "GET", "/Users?count=10", "")
		}
	}
	w.requests.Start(tenant, "okta", now.Add(time.Hour))
	w.at(now.Add(-3 * time.Hour))
	w.send(okta, "PATCH", "/Users/"+ids[0], `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Rear Admiral"},{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"+1 202 5550100"}]}`)
	for i := range 5 {
		w.at(now.Add(time.Duration(i-40) * time.Minute))
		w.send(okta, "PATCH", "/Users/"+ids[len(ids)-3-2*i], `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`)
	}
	w.at(now.Add(-4 * time.Minute))
	w.send(okta, "GET", "/Users?count=1", "")
	w.dead()
	w.at(now)
	return ids[0], group
}

// dead gives up an event of the outbox.
func (w *world) dead() {
	ctx := w.t.Context()
	e := store.Entry{ID: "ev1", Queue: store.QueueEvent, Tenant: tenant, Type: "User", ResourceID: "77f1b1a0-5e0e-4d4b-9c55-6d3c5b0c6d1e", Payload: []byte("{}"), Created: w.clock().Add(-3 * time.Hour), Due: w.clock()}
	require.NoError(w.t, w.db.Append(ctx, []store.Entry{e}))
	claimed, err := w.db.Claim(ctx, store.QueueEvent, w.clock().Add(time.Second), w.clock().Add(time.Minute), 100)
	require.NoError(w.t, err)
	for _, c := range claimed {
		if c.ID == e.ID {
			require.NoError(w.t, w.db.Fail(ctx, c, "billing: 422 the seat is not known", w.clock(), true))
		}
	}
}
