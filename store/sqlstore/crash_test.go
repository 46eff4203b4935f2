package sqlstore_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// A process that creates, changes and deactivates users is killed repeatedly. Every
// acknowledged deactivation has been revoked before its response; every committed
// change has been delivered, in the order of its resource. Every acknowledged write has
// its audit record, and every committed change exactly one.
//
// The processes write all requests, responses and calls of hooks to one file, a
// line each, in order. A killed process loses no written line.
func TestCrash(t *testing.T) {
	if os.Getenv("SCIM_CRASH_LOG") != "" {
		crash(t)
		return
	}
	onEach(t, func(t *testing.T, d database) {
		rounds := 200
		if d.path == "" {
			rounds = 60
		}
		if testing.Short() {
			rounds /= 10
		}
		d.store(t)
		log := filepath.Join(t.TempDir(), "log")
		const atLeast = 8
		enough, kills := time.Now().Add(25*time.Second), 0 // on a slow machine
		for kills < rounds && (kills < atLeast || time.Now().Before(enough)) {
			killed(t, d, log)
			kills++
		}
		t.Logf("%d processes were killed, of %d", kills, rounds)
		w := newCrashWorld(t, d, log)
		w.finish(d.open(t))
		w.check(d)
	})
}

// killed runs a process and kills it at a random point after its first lines.
func killed(t *testing.T, d database, log string) {
	c := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	c.Env = append(os.Environ(), "SCIM_CRASH_LOG="+log, "SCIM_CRASH_DRIVER="+d.driver, "SCIM_CRASH_DSN="+d.dsn, "SCIM_CRASH_PATH="+d.path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	for size, patience := sizeOf(log)+rand.Int64N(8000), time.Now().Add(2*time.Second); sizeOf(log) < size && time.Now().Before(patience); {
		time.Sleep(time.Millisecond)
	}
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	require.Equal(t, "working\n", line, "%v", err)
}

func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// crash is the process that is killed.
func crash(t *testing.T) {
	d := database{driver: os.Getenv("SCIM_CRASH_DRIVER"), dsn: os.Getenv("SCIM_CRASH_DSN"), path: os.Getenv("SCIM_CRASH_PATH")}
	d.dialect = map[string]sqlstore.Dialect{"sqlite": sqlstore.SQLite, "pgx": sqlstore.PostgreSQL, "mysql": sqlstore.MariaDB}[d.driver]
	w := newCrashWorld(t, d, os.Getenv("SCIM_CRASH_LOG"))
	go w.h.Run(t.Context())
	fmt.Println("working")
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				w.live()
			}
		})
	}
	workers.Wait()
}

// crashWorld is a handler and a log to which its hooks write.
type crashWorld struct {
	*testing.T
	h    *scim.Handler
	log  *os.File
	name string
	n    atomic.Int32
}

func newCrashWorld(t *testing.T, d database, name string) *crashWorld {
	log, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { log.Close() })
	w := &crashWorld{T: t, log: log, name: name}
	db := d.empty(t)
	count := func(_ context.Context, e *event.Event) error {
		r := e.Resource()
		return w.write("event %s %s %s", e.ResourceID, e.Kind, "0"+r.Attributes.Get(schema.User.Attribute("title")).Text())
	}
	w.h, err = scim.New(scim.Config{
		BaseURL: "http://localhost", Auth: scim.InsecureNoAuthentication(), Tx: db, Outbox: db, AuditTrail: db,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Logger:    slog.New(slog.DiscardHandler), Limits: scim.Limits{Revoke: 500 * time.Millisecond},
		Hooks: scim.Hooks{
			Revoke: func(_ context.Context, e *event.Event) error {
				if rand.IntN(10) == 0 {
					return errors.New("away")
				}
				return w.write("revoked %s", e.ResourceID)
			},
			Created: count, Updated: count, Deactivated: count, Deleted: count,
		},
	})
	require.NoError(t, err)
	return w
}

func (w *crashWorld) write(format string, args ...any) error {
	_, err := fmt.Fprintf(w.log, format+"\n", args...)
	return err
}

func (w *crashWorld) send(method, path, body string) *httptest.ResponseRecorder {
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
	return got
}

// live creates, changes and deactivates one user.
func (w *crashWorld) live() {
	name := fmt.Sprintf("%d-%d", os.Getpid(), w.n.Add(1))
	user := func(attributes string) string {
		return `{"schemas":["` + schema.UserURI + `"],"userName":"` + name + `"` + attributes + `}`
	}
	made := w.send("POST", "/Users", user(`,"active":true`))
	var v struct{ ID string }
	if json.Unmarshal(made.Body.Bytes(), &v) != nil || made.Code != 201 {
		return
	}
	_ = w.write("created %s", v.ID)
	_ = w.write("written %s %s", v.ID, "POST")
	path, title := "/Users/"+v.ID, ""
	for i := range rand.IntN(4) {
		title = fmt.Sprint(i + 1)
		if w.send("PATCH", path, patchOp(`{"op":"add","path":"title","value":"`+title+`"}`)).Code != 200 {
			return
		}
		_ = w.write("written %s %s", v.ID, "PATCH")
	}
	if title != "" {
		title = `,"title":"` + title + `"`
	}
	end := []struct{ method, body string }{
		{"PATCH", patchOp(`{"op":"replace","path":"active","value":false}`)}, {"PUT", user(`,"active":false` + title)}, {"DELETE", ""},
	}[rand.IntN(3)]
	for range 5 {
		// 404 is the response to a DELETE that is repeated after 503.
		if code := w.send(end.method, path, end.body).Code; code == 200 || code == 204 || code == 404 {
			_ = w.write("acknowledged %s", v.ID)
			if code != 404 {
				_ = w.write("written %s %s", v.ID, end.method)
			}
			return
		}
	}
}

func patchOp(op string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`
}

// finish runs the worker until no entry is pending.
func (w *crashWorld) finish(pool *sql.DB) {
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error)
	go func() { ended <- w.h.Run(ctx) }()
	require.Eventually(w, func() bool {
		var left int
		err := pool.QueryRow("SELECT COUNT(*) FROM scim_outbox").Scan(&left)
		return err == nil && left == 0
	}, 40*time.Second, 50*time.Millisecond, "something is never done")
	cancel()
	require.ErrorIs(w, <-ended, context.Canceled)
	var lines int
	require.NoError(w, pool.QueryRow("SELECT COUNT(*) FROM scim_line").Scan(&lines))
	require.Zero(w, lines, "lines without entries")
}

// lives is the content of the log.
type lives struct {
	created, revoked, acknowledged map[string]bool
	events                         map[string][]string
	written                        map[string]int // acknowledged writes, by id and method
}

// check compares the lines of the log with each other and with the stored users.
func (w *crashWorld) check(d database) {
	text, err := os.ReadFile(w.name)
	require.NoError(w, err)
	l := lives{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string][]string{}, map[string]int{}}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		f := strings.Fields(line)
		switch f[0] {
		case "created":
			l.created[f[1]] = true
		case "revoked":
			l.revoked[f[1]] = true
		case "acknowledged":
			require.True(w, l.revoked[f[1]], "acknowledged before access was revoked: %s", f[1])
			l.acknowledged[f[1]] = true
		case "written":
			l.written[f[1]+" "+f[2]]++
		case "event":
			l.events[f[1]] = append(l.events[f[1]], f[3]+" "+f[2])
		}
	}
	require.NotEmpty(w, l.acknowledged)
	there := w.there(d)
	for id := range there {
		l.created[id] = true // not acknowledged, but committed
	}
	for id := range l.created {
		want := l.want(id, there[id])
		require.Equal(w, want, dedupe(l.events[id]), "events of %s: %q", id, l.events[id])
		_, exists := there[id]
		if !exists || !there[id].Get(schema.User.Attribute("active")).Bool() {
			require.True(w, l.revoked[id], "never revoked: %s", id)
		}
	}
	w.checkTrail(d, l, there)
	w.Logf("%d users, %d acknowledged, %d events", len(l.created), len(l.acknowledged), strings.Count(string(text), "event"))
}

// checkTrail compares the audit trail with what was acknowledged and with what is
// stored.
func (w *crashWorld) checkTrail(d database, l lives, there map[string]*schema.Object) {
	writes, changed, results := map[string]int{}, map[string][]string{}, map[string]bool{}
	ids := map[string]bool{}
	var of []string
	for rec, err := range audit.All(w.Context(), d.store(w.T), audit.Query{Count: 1000}) {
		require.NoError(w, err)
		ids[rec.Record] = true
		switch rec.Kind {
		case audit.Write:
			require.Empty(w, rec.Of)
			writes[rec.ID+" "+rec.Method]++
			if len(rec.Changes) > 0 {
				changed[rec.ID] = append(changed[rec.ID], changeIn(rec))
			}
		case audit.Result:
			of = append(of, rec.Of)
			if rec.Outcome == audit.Success {
				results[rec.ID+" "+rec.Hook] = true
			}
		}
	}
	for _, record := range of {
		require.True(w, ids[record], "a result of a write without a record: %s", record)
	}
	for key, n := range l.written {
		require.GreaterOrEqual(w, writes[key], n, "acknowledged without a record: %s", key)
	}
	for id := range l.created {
		want := []string{}
		o, exists := there[id]
		for _, e := range l.want(id, o) {
			switch f := strings.Fields(e); {
			case f[1] == "deactivated" && !exists: // the same record as deleted
			case f[1] == "updated":
				want = append(want, strings.TrimPrefix(f[0], "0"))
			default:
				want = append(want, f[1])
			}
			require.True(w, results[id+" "+strings.Fields(e)[1]], "no result of a hook: %s %s", id, e)
		}
		require.ElementsMatch(w, want, changed[id], "records of %s", id)
		if !exists || !o.Get(schema.User.Attribute("active")).Bool() {
			require.True(w, results[id+" revoke"], "no result of the revocation: %s", id)
		}
	}
	for id := range changed {
		require.True(w, l.created[id], "records of a write that was rolled back: %s", id)
	}
}

// changeIn returns what a record of a change is one of.
func changeIn(rec audit.Record) string {
	for _, c := range rec.Changes {
		switch {
		case rec.Operation == "create":
			return "created"
		case rec.Operation == "delete":
			return "deleted"
		case c.Path == "active":
			return "deactivated"
		case c.Path == "title":
			return strings.Trim(c.New, `"`)
		}
	}
	return fmt.Sprint(rec.Changes)
}

// there returns the users in the database.
func (w *crashWorld) there(d database) map[string]*schema.Object {
	users := d.store(w.T).Store(schema.UserType)
	out := map[string]*schema.Object{}
	for after := ""; ; {
		page, err := users.List(w.Context(), &store.Query{Count: 1000, After: after})
		require.NoError(w, err)
		for _, r := range page.Resources {
			out[r.ID] = r.Attributes
		}
		if after = page.Next; after == "" {
			return out
		}
	}
}

// want returns the expected events of a user with the attributes o, or of a deleted
// user if o is nil.
func (l *lives) want(id string, o *schema.Object) []string {
	title := o.Get(schema.User.Attribute("title")).Text()
	if o == nil { // what it was at last, only its events tell
		last := l.events[id][len(l.events[id])-1]
		title = strings.TrimPrefix(strings.Fields(last)[0], "0")
	}
	want := []string{"0 created"}
	for i := 1; i <= int(("0" + title)[len(title)]-'0'); i++ {
		want = append(want, fmt.Sprintf("0%d updated", i))
	}
	if o == nil || !o.Get(schema.User.Attribute("active")).Bool() {
		want = append(want, "0"+title+" deactivated")
	}
	if o == nil {
		want = append(want, "0"+title+" deleted")
	}
	return want
}

// dedupe removes immediate redeliveries.
func dedupe(events []string) []string {
	var out []string
	for _, e := range events {
		if len(out) == 0 || out[len(out)-1] != e {
			out = append(out, e)
		}
	}
	return out
}
