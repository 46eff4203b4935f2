package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// world is an application with its database, and the command beside it.
type world struct {
	*testing.T
	db   *sqlstore.DB
	file string
	h    *scim.Handler
	env  map[string]string
}

func newWorld(t *testing.T) *world { return newWorldOn(t, filepath.Join(t.TempDir(), "app.db")) }

// newWorldOn is newWorld on the database that a URL names.
func newWorldOn(t *testing.T, url string) *world {
	w := &world{T: t, file: url}
	w.env = map[string]string{"SCIM_DATABASE": w.file, "USER": "grace"}
	var err error
	w.db, err = sqlstore.OpenURL(w.file, sqlstore.Index("title"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.db.Close()) })
	// The application has an index that the command does not know.
	users, groups := w.db.Store(schema.UserType), w.db.Store(schema.GroupType)
	require.NoError(t, w.db.Migrate(t.Context()))
	w.h, err = scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: scim.StoredTokens(w.db, nil), Connections: w.db,
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(groups)}, Tx: w.db, Outbox: w.db, AuditTrail: w.db, Logger: slog.New(slog.DiscardHandler),
		Brake: brake.Config{Leavers: brake.Bound{Most: 1}}, Limits: scim.Limits{Attempts: 1},
		Hooks: scim.Hooks{Created: func(context.Context, *event.Event) error { return errors.New("the mail server is away") }},
	})
	require.NoError(t, err)
	return w
}

// run carries out a command line that ends with the exit code, and returns what it
// printed.
func (w *world) run(code int, args ...string) (stdout string) {
	w.Helper()
	var out, errs bytes.Buffer
	got := run(w.Context(), args, environment{strings.NewReader(""), &out, &errs, func(name string) string { return w.env[name] }})
	require.Equal(w, code, got, "%s\n%s%s", args, out.String(), errs.String())
	if code == exitUsage {
		return errs.String()
	}
	return out.String() + errs.String()
}

// send sends a SCIM request with a token.
func (w *world) send(secret, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

// create makes a user and returns the id.
func (w *world) create(secret, name string) string {
	rec := w.send(secret, "POST", "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"active":true}`, name))
	require.Equal(w, 201, rec.Code, rec.Body.String())
	var made struct{ ID string }
	require.NoError(w, json.Unmarshal(rec.Body.Bytes(), &made))
	return made.ID
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// remote changes the world to one whose command works on a console.
func (w *world) remote() {
	connections, err := connection.New(connection.Config{Handler: w.h, Store: w.db})
	require.NoError(w, err)
	monitor, err := health.New(health.Config{Tokens: w.db})
	require.NoError(w, err)
	monitor.Attach(w.h)
	pages, err := console.New(console.Config{
		Handler: w.h, Prefix: "/admin/scim", Connections: connections, Tokens: w.db, Health: monitor, Trail: w.db,
		Identify: func(r *http.Request) (console.Identity, error) {
			switch r.Header.Get("Authorization") {
			case "Bearer of ops":
				return console.Identity{Actor: "ops@acme.example"}, nil
			case "Bearer of auditors":
				return console.Identity{Actor: "audit@acme.example", ReadOnly: true}, nil
			}
			return console.Identity{}, errors.New("nobody")
		},
	})
	require.NoError(w, err)
	server := httptest.NewServer(pages)
	w.Cleanup(server.Close)
	w.env = map[string]string{"SCIM_CONSOLE": server.URL + "/admin/scim/", "SCIM_CONSOLE_TOKEN": "of ops"}
}

func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	t.Run("database", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t))
	})
	t.Run("console", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.remote()
		test(t, w)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, newWorldOn(t, sqltest.NewPostgres(t)))
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		dsn, err := mysql.ParseDSN(sqltest.NewMariaDB(t))
		require.NoError(t, err)
		test(t, newWorldOn(t, "mysql://"+dsn.User+"@"+dsn.Addr+"/"+dsn.DBName))
	})
}

func TestTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		secret := lastLine(w.run(0, "token", "create", "-connection", "okta", "-label", "first", "-reason", "set-up"))
		require.Equal(t, 200, w.send(secret, "GET", "/Users", "").Code)
		var made operator.Issued
		require.NoError(t, json.Unmarshal([]byte(w.run(0, "token", "create", "-json", "-connection", "okta", "-read-only", "-types", "User, Group", "-expires", "90d", "-reason", "report")), &made))
		require.Equal(t, 403, w.send(made.Secret, "POST", "/Users", `{"userName":"x"}`).Code)
		assert.WithinDuration(t, time.Now().AddDate(0, 0, 90), made.Token.Expires, time.Hour)

		var all []operator.Token
		require.NoError(t, json.Unmarshal([]byte(w.run(0, "token", "list", "-json")), &all))
		require.Len(t, all, 2)
		require.Equal(t, []string{"okta", "first", "active"}, []string{all[0].Connection, all[0].Label, all[0].Status})
		require.Equal(t, []string{"User", "Group"}, all[1].Types)
		require.Contains(t, w.run(0, "token", "list"), "User,Group (read only)")

		rotated := lastLine(w.run(0, "token", "rotate", all[0].ID, "-reason", "yearly"))
		require.Equal(t, 200, w.send(rotated, "GET", "/Users", "").Code)
		require.Equal(t, 200, w.send(secret, "GET", "/Users", "").Code, "for a day more")
		at := lastLine(w.run(0, "token", "rotate", "-overlap", "0", "-reason", "it leaked", made.Token.ID))
		require.Equal(t, 401, w.send(made.Secret, "GET", "/Users", "").Code)
		require.Equal(t, 403, w.send(at, "POST", "/Users", `{"userName":"x"}`).Code, "the scope is that of the old one")

		require.Contains(t, w.run(0, "token", "revoke", all[0].ID, "-reason", "it leaked"), "is revoked")
		require.Equal(t, 401, w.send(secret, "GET", "/Users", "").Code)
		require.Contains(t, w.run(1, "token", "revoke", "nobody", "-reason", "x"), `token "nobody"`)
		require.Contains(t, w.run(1, "token", "create", "-connection", "okta", "-client", "strict", "-reason", "x"), `has the client ""`)
		require.NotContains(t, w.run(0, "token", "list"), secret)
	})
}

func TestOutbox(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		require.Contains(t, w.run(0, "outbox", "dead"), "There are no dead entries.")
		secret := lastLine(w.run(0, "token", "create", "-connection", "okta", "-reason", "set-up"))
		ctx, end := context.WithTimeout(t.Context(), 2*time.Minute)
		defer end()
		ended := make(chan error, 1)
		go func() { ended <- w.h.Run(ctx) }()
		w.create(secret, "ada")
		require.Eventually(t, func() bool {
			dead, err := w.db.Dead(ctx, "", 10)
			return err == nil && len(dead) == 1
		}, time.Minute, 10*time.Millisecond)
		end()
		require.Error(t, <-ended)

		var all []operator.Entry
		require.NoError(t, json.Unmarshal([]byte(w.run(1, "outbox", "dead", "-json")), &all))
		require.Len(t, all, 1)
		require.Contains(t, all[0].Reason, "the mail server is away")
		require.Contains(t, w.run(1, "outbox", "dead", "-n", "1"), all[0].ID)
		require.Contains(t, w.run(1, "outbox", "replay", "nothing", "-reason", "x"), `entry "nothing"`)
		require.Contains(t, w.run(0, "outbox", "replay", "-all", "-reason", "it is back"), "Due again: 1.")
		dead, err := w.db.Dead(t.Context(), "", 10)
		require.NoError(t, err)
		require.Empty(t, dead)
		require.Contains(t, w.run(0, "audit", "export", "-operation", "replayOutbox"), "it is back")
	})
}

func TestStatusAndBrake(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		require.Contains(t, w.run(0, "status"), "There are no connections.")
		secret := lastLine(w.run(0, "token", "create", "-connection", "okta", "-reason", "set-up"))
		ids := []string{w.create(secret, "ada"), w.create(secret, "bob"), w.create(secret, "cyd")}
		require.Equal(t, 204, w.send(secret, "DELETE", "/Users/"+ids[0], "").Code)
		require.Equal(t, 503, w.send(secret, "DELETE", "/Users/"+ids[1], "").Code)
		require.Contains(t, w.run(1, "status"), "stopped")
		w.run(0, "brake", "release", "-connection", "okta", "-kind", "leavers", "-id", ids[2], "-reason", "she left")
		require.Equal(t, 503, w.send(secret, "DELETE", "/Users/"+ids[1], "").Code)
		require.Equal(t, 204, w.send(secret, "DELETE", "/Users/"+ids[2], "").Code)
		w.run(0, "brake", "release", "-connection", "okta", "-kind", "leavers", "-more", "1", "-reason", "the site was closed")
		require.Equal(t, 204, w.send(secret, "DELETE", "/Users/"+ids[1], "").Code)
		require.Contains(t, w.run(0, "status", "-json"), `"connection": "okta"`)
	})
}

// On a database the requests that the processes counted are shown.
func TestStatusShowsWhatProcessesCounted(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC()
	require.NoError(t, w.db.AddFigures(t.Context(), []figures.Figures{
		{Connection: "okta", Requests: 4711, LastRequest: now, LastSuccess: now},
		{Connection: "okta", Hour: now.Truncate(time.Hour), Requests: 42},
	}))
	require.Contains(t, w.run(0, "status", "-json"), `"requests": 42`)
}

func TestAuditExport(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for i := range 3 {
			rec := audit.Record{Time: time.Date(2026, 10, 1+i, 8, 0, 0, 0, time.UTC), Connection: "okta", Operation: "patch", Outcome: audit.Success, Type: "User", ID: fmt.Sprint(i), Name: "=1"}
			require.NoError(t, audit.Append(t.Context(), w.db, rec))
			rec.Tenant = "another"
			require.NoError(t, audit.Append(t.Context(), w.db, rec))
		}
		require.Equal(t, 3, strings.Count(w.run(0, "audit", "export"), "\n"))
		require.Contains(t, w.run(0, "audit", "export", "-from", "2026-10-02", "-to", "2026-10-03"), `"id":"1"`)
		require.Empty(t, w.run(0, "audit", "export", "-outcome", "refused"))
		file := filepath.Join(t.TempDir(), "a.csv")
		require.Empty(t, w.run(0, "audit", "export", "-format", "csv", "-o", file, "-connection", "okta"))
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 4)
		require.Contains(t, rows[1], "'=1")
		noted := w.run(0, "audit", "export", "-operation", "exportAudit")
		require.Contains(t, noted, `"detail":"connection okta"`)
		require.NotContains(t, noted, `"actor":""`)
		w.run(1, "audit", "export", "-o", file)
		again, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, text, again, "a file that is there is kept")
	})
}

func TestTheTenantIsThatOfTheFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := lastLine(w.run(0, "token", "create", "-tenant", "acme", "-connection", "okta", "-reason", "set-up"))
	require.Equal(t, 200, w.send(secret, "GET", "/Users", "").Code)
	require.NotContains(t, w.run(0, "token", "list"), "okta")
	require.Contains(t, w.run(0, "token", "list", "-tenant", "acme"), "okta")
	all, err := w.db.ListTokens(store.WithTenant(t.Context(), "acme"))
	require.NoError(t, err)
	w.run(1, "token", "revoke", all[0].ID, "-reason", "x")
}

// serve serves the application over HTTP and returns its base URL.
func (w *world) serve() string {
	server := httptest.NewServer(http.StripPrefix("/scim/v2", w.h))
	w.Cleanup(server.Close)
	return server.URL + "/scim/v2"
}

func (w *world) write(name, text string) string {
	name = filepath.Join(w.TempDir(), name)
	require.NoError(w, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// An export is compared with the database and with the endpoint; a plan is kept, and
// applied to the endpoint.
func TestReconcile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := lastLine(w.run(0, "token", "create", "-connection", "okta", "-reason", "set-up"))
	w.env["SCIM_TOKEN"] = secret
	w.create(secret, "ada")
	bob := w.create(secret, "bob")
	url := w.serve()
	same := w.write("same.csv", "Login,Status\nada,ACTIVE\nbob,active\n")
	for _, app := range [][]string{{"-db", w.file}, {"-scim", url}} {
		on := func(code int, args ...string) string {
			return w.run(code, append(append([]string{"reconcile"}, app...), args...)...)
		}
		require.Contains(t, on(0, "-export", same, "-user-name", "login", "-active", "status"), "2")
		export := w.write("people.jsonl", `{"userName":"ada"}`+"\n"+`{"userName":"bob","active":false}`+"\n"+`{"userName":"cyd"}`+"\n")
		require.Contains(t, on(1, "-export", export), "bob")
		require.Contains(t, on(1, "-export", export, "-json"), `"status"`)
		plan := filepath.Join(t.TempDir(), "plan.jsonl")
		require.Contains(t, on(0, "-export", export, "-repair", "deactivate", "-plan", plan), "bob")
		require.Contains(t, w.run(1, "reconcile", "-export", export, "-db", w.file, "-repair", "deactivate", "-plan", plan), "exists")
		require.NotContains(t, w.send(secret, "GET", "/Users/"+bob, "").Body.String(), `"active":false`, "a plan writes nothing")
	}
	groups := w.write("groups.csv", "displayName,member\nstaff,ada\n")
	require.Contains(t, w.run(1, "reconcile", "-db", w.file, "-export", same, "-user-name", "login", "-groups", groups), "staff")
	require.Contains(t, w.run(1, "reconcile", "-db", w.file, "-export", "no-such-file"), "no-such-file")

	export := w.write("people.jsonl", `{"userName":"ada"}`+"\n"+`{"userName":"bob","active":false}`+"\n")
	plan := filepath.Join(t.TempDir(), "plan.jsonl")
	w.run(0, "reconcile", "-scim", url, "-export", export, "-repair", "deactivate", "-plan", plan)
	require.Contains(t, w.run(0, "reconcile", "-apply", plan, "-scim", url), "1")
	require.Contains(t, w.send(secret, "GET", "/Users/"+bob, "").Body.String(), `"active":false`)
	w.run(0, "reconcile", "-scim", url, "-export", export)

	w.env["SCIM_PROVIDER_TOKEN"] = secret
	w.run(0, "reconcile", "-scim", url, "-provider", url)
	w.env["SCIM_TOKEN"] = "wrong"
	require.Contains(t, w.run(1, "reconcile", "-scim", url, "-provider", url), "401")
}

// Every mistake in a command line is exit code 2, and nothing is done.
func TestUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for line, want := range map[string]string{
		"tokens":                        "unknown command",
		"token made":                    "unknown command",
		"token list -tenat x":           "flag provided but not defined",
		"token list x":                  "unexpected argument",
		"token create -reason x":        "-connection is required",
		"token create -connection okta": "-reason is required",
		"token create -connection okta -expires 1":                          "want a duration",
		"token create -connection okta -expires -5d -reason x":              "want a duration",
		"token rotate -reason x":                                            "want the ID of a token",
		"token revoke a b -reason x":                                        "want the ID of a token",
		"outbox replay -reason x":                                           "give the IDs of entries, or -all",
		"outbox replay -all x -reason x":                                    "give the IDs of entries, or -all",
		"outbox dead -n 0":                                                  "-n must be at least 1",
		"brake release -connection o -kind x -more 1 -reason x":             "-kind must be",
		"brake release -connection o -kind leavers -reason x":               "give -more or -id",
		"brake release -connection o -kind leavers -more 1 -id x -reason x": "give -more or -id",
		"audit export -format xml":                                          "-format must be",
		"audit export -from yesterday":                                      "want a time",
		"audit export -outcome bad":                                         "-outcome must be",
		"reconcile":                                                         "give -export or -provider",
		"reconcile -export a -provider b":                                   "give -export or -provider",
		"reconcile -export a -repair all -plan b":                           "is none of create, attributes",
		"reconcile -export a -repair create":                                "belong together",
		"reconcile -export a -scim https://x -connection c":                 "-connection needs -db",
		"reconcile -export a -scim https://x":                               "$SCIM_TOKEN is not set",
		"reconcile -apply a":                                                "-apply needs -scim",
		"reconcile -provider a -groups b":                                   "-groups has no effect",
		"status -console https://app.example.com":                           "not both",
	} {
		require.Contains(t, w.run(exitUsage, strings.Fields(line)...), want, line)
	}
	w.env = map[string]string{}
	require.Contains(t, w.run(exitUsage, "status"), "give -db")
	for url, want := range map[string]string{
		"http://app.example.com/admin": "use https", "ftp://x": "want a URL", "https://u:p@x/y": "want a URL", "https://app.example.com": "$SCIM_CONSOLE_TOKEN is not set",
	} {
		require.Contains(t, w.run(exitUsage, "status", "-console", url), want, url)
	}
	all, err := w.db.ListTokens(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestAConsoleThatRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remote()
	w.env["SCIM_CONSOLE_TOKEN"] = "of somebody"
	require.Contains(t, w.run(1, "status"), "does not accept the token")
	w.env["SCIM_CONSOLE"] += "elsewhere"
	w.env["SCIM_CONSOLE_TOKEN"] = "of ops"
	require.Contains(t, w.run(1, "status"), "is the URL that of the console?")
}

// A login that may look sees what has no values of people, and changes nothing.
func TestALoginThatMayLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remote()
	w.run(0, "token", "create", "-connection", "okta", "-reason", "set-up")
	w.env["SCIM_CONSOLE_TOKEN"] = "of auditors"
	require.Contains(t, w.run(0, "token", "list"), "okta")
	w.run(0, "status")
	w.run(0, "outbox", "dead")
	for _, line := range []string{"token create -connection okta -reason x", "brake release -connection okta -kind leavers -more 1 -reason x", "outbox replay x -reason x", "audit export"} {
		require.Contains(t, w.run(1, strings.Fields(line)...), "may look, and change nothing", line)
	}
}

// No other site can make a browser send a call, and no call is more than its arguments.
func TestCallsOfAnotherSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remote()
	for _, c := range []struct {
		header, value, body string
		status              int
	}{
		{"Content-Type", "text/plain", "{}", 415},
		{"Sec-Fetch-Site", "cross-site", "{}", 403},
		{"Origin", "https://evil.example", "{}", 403},
		{"Accept", "*/*", `{"more":1}`, 400},
		{"Accept", "*/*", "no JSON", 400},
		{"Accept", "*/*", `{"id":"` + strings.Repeat("x", 70_000) + `"}`, 413},
		{"Accept", "*/*", "{}", 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", w.env["SCIM_CONSOLE"]+"api/list-tokens", strings.NewReader(c.body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer of ops")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(c.header, c.value)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.Equal(t, c.status, resp.StatusCode, "%s: %s", c.header, c.value)
		require.NoError(t, resp.Body.Close())
	}
}

// A mistake in an argument is told, also by a console.
func TestMistakesInArguments(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for line, want := range map[string]string{
			"token create -connection x\x01 -reason x":                            "without control characters",
			"token create -connection okta -client fancy -reason x":               `unknown client "fancy"`,
			"brake release -connection o -kind leavers -type X -more 1 -reason x": "X",
		} {
			require.Contains(t, w.run(1, strings.Fields(line)...), want, line)
		}
	})
}

// A database without the tables is an error that says so, and gets none.
func TestADatabaseWithoutTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["SCIM_DATABASE"] = filepath.Join(t.TempDir(), "empty.db")
	require.Contains(t, w.run(1, "status"), "was Migrate called?")
}

// Each command has help with examples, by -h and by help.
func TestHelp(t *testing.T) {
	t.Parallel()
	w := &world{T: t}
	overview := w.run(0)
	for _, line := range root.lines("") {
		path := strings.Fields(line[0])
		require.Contains(t, overview, line[0])
		help := w.run(0, append(path, "-h")...)
		require.Contains(t, help, "  scim "+line[0], "an example")
		require.Contains(t, help, "-json")
		require.Equal(t, help, w.run(0, append([]string{"help"}, path...)...))
		require.NotEmpty(t, line[1])
	}
}

// Each command line in the documentation and in the help can be read.
func TestDocumentedCommandLines(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/command.md")
	require.NoError(t, err)
	w := &world{T: t, env: map[string]string{}}
	text := string(doc)
	for _, line := range root.lines("") {
		require.Contains(t, text, "$ scim "+line[0], "docs/command.md")
		text += w.run(0, append(strings.Fields(line[0]), "-h")...)
	}
	found := regexp.MustCompile(`(?m)^(?:\$ |  )scim ((?:[^|\n"]|"[^"\n]*")*)`).FindAllStringSubmatch(text, -1)
	require.Greater(t, len(found), 25)
	for _, f := range found {
		var args []string
		for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(f[1], -1) {
			args = append(args, strings.Trim(word, `"`))
		}
		w.run(0, append(args, "-h")...)
	}
}

// What a client sent cannot change the terminal.
func TestTablesAreHarmless(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table(&out, [][]string{{"A"}, {"x\x1b[2Jy\u202ez\n"}})
	require.Equal(t, "A\nx\uFFFD[2Jy\uFFFDz\uFFFD\n", out.String())
}

func TestAFileThatIsNotCompleteIsRemoved(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a")
	require.EqualError(t, writeFile(name, nil, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return errors.New("away")
	}), "away")
	require.NoFileExists(t, name)
}
