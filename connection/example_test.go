package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// open makes a handler whose users have an owner, and the manager of its connections.
func open() (*scim.Handler, *connection.Manager, error) {
	db := memstore.New() // or sqlstore.DB
	people := scim.Users(db.Store(schema.WithOwner(schema.UserType)))
	people.Type = schema.WithOwner(schema.UserType)
	people.Policies = map[string]scim.Policy{"own": {Ownership: scim.OwnResources}}
	h, err := scim.New(scim.Config{
		BaseURL:     "https://app.example.com/scim/v2",
		Auth:        scim.StoredTokens(db, nil),
		Connections: db,
		Tx:          db,
		Endpoints:   []scim.Endpoint{people},
		Brake:       brake.Config{Leavers: brake.Bound{Most: 1, Share: 0.1}}, // of an example
		Logger:      quiet,
	})
	if err != nil {
		return nil, nil, err
	}
	m, err := connection.New(connection.Config{Handler: h, Store: db})
	return h, m, err
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// send sends a request of a client and prints the status.
func send(h *scim.Handler, secret, method, path, body string) {
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(method, path, w.Code)
}

func user(name string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + name + `"}`
}

// A connection is created, gets a token, is paused, and switched off.
func Example() {
	ctx := context.Background()
	h, m, err := open()
	if err != nil {
		log.Fatal(err)
	}
	alice := connection.By{Actor: "alice", Reason: "ticket 4711"}
	_, err = m.Create(ctx, "acme", connection.Connection{Name: "okta", Label: "Okta of Acme", Provider: "okta", Policy: "own"}, alice)
	if err != nil {
		log.Fatal(err)
	}
	secret, _, err := m.IssueToken(ctx, "acme", "okta", connection.Issue{Label: "2027", Expires: time.Now().AddDate(1, 0, 0)}, alice)
	if err != nil {
		log.Fatal(err)
	}
	send(h, secret, "GET", "/Users", "")
	if err := m.Pause(ctx, "acme", "okta", connection.By{Actor: "alice", Reason: "maintenance"}); err != nil {
		log.Fatal(err)
	}
	send(h, secret, "GET", "/Users", "")
	if err := m.SwitchOff(ctx, "acme", "okta", connection.By{Actor: "alice", Reason: "the contract ended"}); err != nil {
		log.Fatal(err)
	}
	send(h, secret, "GET", "/Users", "")
	// Output:
	// GET /Users 200
	// GET /Users 503
	// GET /Users 401
}

// start opens the handler with a connection "okta" and its first token.
func start() (*scim.Handler, *connection.Manager, connection.By, string, string) {
	h, m, err := open()
	if err != nil {
		log.Fatal(err)
	}
	by := connection.By{Actor: "alice", Reason: "ticket 4711"}
	for _, name := range []string{"okta", "entra"} {
		if _, err := m.Create(context.Background(), "acme", connection.Connection{Name: name, Policy: "own"}, by); err != nil {
			log.Fatal(err)
		}
	}
	secret, token, err := m.IssueToken(context.Background(), "acme", "okta", connection.Issue{Label: "first", Expires: time.Now().AddDate(1, 0, 0)}, by)
	if err != nil {
		log.Fatal(err)
	}
	return h, m, by, secret, token.ID
}

// The old token is valid beside the new one for a week.
func ExampleManager_Rotate() {
	ctx := context.Background()
	h, m, by, old, id := start()
	now := time.Now()
	secret, _, err := m.Rotate(ctx, "acme", "okta", id, connection.Rotation{Until: now.AddDate(0, 0, 7), Expires: now.AddDate(1, 0, 0)}, by)
	if err != nil {
		log.Fatal(err)
	}
	send(h, secret, "GET", "/Users", "")
	send(h, old, "GET", "/Users", "")
	if err := m.RevokeToken(ctx, "acme", "okta", id, by); err != nil { // the provider has the new one
		log.Fatal(err)
	}
	send(h, old, "GET", "/Users", "")
	// Output:
	// GET /Users 200
	// GET /Users 200
	// GET /Users 401
}

// The people that Entra ID has too are handed over to it; the others stay with Okta.
func ExampleManager_HandOver() {
	ctx := context.Background()
	h, m, by, okta, _ := start()
	send(h, okta, "POST", "/Users", user("ada@acme.example"))
	send(h, okta, "POST", "/Users", user("bea@acme.example"))

	people := connection.HandOver{From: "okta", To: "entra", Names: []string{"Ada@acme.example", "cleo@acme.example"}}
	preview, err := m.PreviewHandOver(ctx, "acme", people)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range preview.Match {
		fmt.Println("is handed over:", p.Name)
	}
	for _, p := range preview.Stay {
		fmt.Println("stays:", p.Name)
	}
	fmt.Println("is not there yet:", preview.Unknown)
	result, err := m.HandOver(ctx, "acme", people, by)
	if err != nil {
		log.Fatal(err) // call it again: it goes on with those that are left
	}
	fmt.Println(result.Done)
	// Output:
	// POST /Users 201
	// POST /Users 201
	// is handed over: ada@acme.example
	// stays: bea@acme.example
	// is not there yet: [cleo@acme.example]
	// 1
}

// A customer leaves. The brake wants a release for more than its bound.
func ExampleManager_Purge() {
	ctx := context.Background()
	h, m, by, okta, _ := start()
	send(h, okta, "POST", "/Users", user("ada@acme.example"))
	send(h, okta, "POST", "/Users", user("bea@acme.example"))
	if err := m.SwitchOff(ctx, "acme", "okta", by); err != nil {
		log.Fatal(err)
	}

	preview, err := m.PreviewPurge(ctx, "acme", "okta", connection.Delete)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("to be deleted:", len(preview.Match))
	result, err := m.Purge(ctx, "acme", "okta", connection.Delete, by)
	var stop *brake.Stop
	if errors.As(err, &stop) {
		fmt.Println("stopped after", result.Done)
		err = h.ReleaseBrake(ctx, "acme", brake.Release{
			Connection: stop.Connection, Kind: stop.Kind, Type: stop.Type, More: int64(len(preview.Match)),
			Actor: by.Actor, Reason: by.Reason,
		})
		if err == nil {
			result, err = m.Purge(ctx, "acme", "okta", connection.Delete, by)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the rest:", result.Done)
	// Output:
	// POST /Users 201
	// POST /Users 201
	// to be deleted: 2
	// stopped after 1
	// the rest: 1
}

// The provider is given up, and its people stay as accounts of the application.
func ExampleManager_MakeLocal() {
	ctx := context.Background()
	h, m, by, okta, _ := start()
	send(h, okta, "POST", "/Users", user("ada@acme.example"))
	if err := m.SwitchOff(ctx, "acme", "okta", by); err != nil {
		log.Fatal(err)
	}
	result, err := m.MakeLocal(ctx, "acme", "okta", by)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Done)
	// Output:
	// POST /Users 201
	// 1
}

// A program with its own scheduler calls CheckExpiry; others run Manager.Run in a
// goroutine.
func ExampleManager_CheckExpiry() {
	ctx := context.Background()
	now := time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
	m, err := connection.New(connection.Config{
		Store: memstore.New(), Logger: quiet, Now: func() time.Time { return now },
		Expiring: func(ctx context.Context, e connection.Expiry) error {
			fmt.Printf("%s of %s/%s expires within %d days\n", e.Label, e.Tenant, e.Connection, e.Days)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	by := connection.By{Actor: "alice", Reason: "ticket 4711"}
	if _, err := m.Create(ctx, "acme", connection.Connection{Name: "okta"}, by); err != nil {
		log.Fatal(err)
	}
	if _, _, err := m.IssueToken(ctx, "acme", "okta", connection.Issue{Label: "2027", Expires: now.AddDate(1, 0, 0)}, by); err != nil {
		log.Fatal(err)
	}
	for _, days := range []int{340, 345, 346, 360} {
		now = time.Date(2026, 8, 1+days, 9, 0, 0, 0, time.UTC)
		if err := m.CheckExpiry(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 2027 of acme/okta expires within 30 days
	// 2027 of acme/okta expires within 20 days
	// 2027 of acme/okta expires within 7 days
}

// Programs whose credentials are configured create their connections at the start.
func ExampleManager_Ensure() {
	ctx := context.Background()
	_, m, err := open()
	if err != nil {
		log.Fatal(err)
	}
	start := connection.By{Actor: "app", Reason: "configured"}
	for tenant, name := range map[string]string{"acme": "okta", "globex": "entra"} {
		if _, err := m.Ensure(ctx, tenant, connection.Connection{Name: name, Policy: "own"}, start); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(m.List(ctx, "initech"))
	// Output: [] <nil>
}
