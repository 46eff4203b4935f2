package console_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/store"
)

func withTrail(f *fixture, _ *scim.Config, c *console.Config) { c.Trail = f.db }

// add adds a record to the trail.
func (f *fixture) add(r audit.Record) {
	f.t.Helper()
	if r.Tenant == "" {
		r.Tenant = "acme"
	}
	if r.Time.IsZero() {
		r.Time = f.now
	}
	require.NoError(f.t, audit.Append(f.t.Context(), f.db, r))
}

var recordLink = regexp.MustCompile(`href="/admin/scim(/activity/[^"]+)"`)

func TestActivity(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTrail)
	require.Contains(t, f.page("/activity"), "Nothing has happened yet.")
	id := f.user("acme", "grace")
	for i := range 120 {
		f.add(audit.Record{
			Time: f.now.Add(time.Duration(i-200) * time.Minute), Actor: "token-1", Connection: "okta", Operation: "patch", Type: "User", ID: id,
			Name: fmt.Sprintf("person-%03d", i), Outcome: audit.Success, Status: 200, Changes: []audit.Change{{Path: "active", Old: "true", New: "false"}},
		})
	}
	f.add(audit.Record{Actor: "ada", Operation: "releaseBrake", Reason: "a site was closed", Outcome: audit.Success})
	f.add(audit.Record{Connection: "entra", Operation: "create", Type: "User", Name: "refused-person", Outcome: audit.Refused, Status: 409, Detail: "userName is taken"})
	f.add(audit.Record{Tenant: "rival", Name: "secret-rival", Operation: "create", Type: "User"})

	seen, path, pages := map[string]int{}, "/activity", 0
	for path != "" {
		page := f.page(path)
		require.NotContains(t, page, "secret-rival")
		for _, name := range regexp.MustCompile(`person-\d+`).FindAllString(page, -1) {
			seen[name]++
		}
		pages++
		path = ""
		if m := regexp.MustCompile(`href="/admin/scim(/activity\?after=[^"]+)">Older`).FindStringSubmatch(page); m != nil {
			path = m[1]
		}
	}
	require.Len(t, seen, 120)
	require.Equal(t, 3, pages)

	for query, want := range map[string]string{
		"outcome=refused":                             "refused-person",
		"connection=entra":                            "userName is taken",
		"operation=releaseBrake":                      "a site was closed",
		"actor=ada":                                   "a site was closed",
		"type=User&id=" + id:                          "person-119",
		"from=2026-11-29&to=2026-11-29":               "person-119",
		"from=2026-11-30":                             "No record is like that",
		"connection=" + url.QueryEscape(`"><script>`): "No record is like that",
	} {
		page := f.page("/activity?" + query)
		require.Contains(t, page, want, query)
		require.NotContains(t, page, `"><script>`)
	}
	require.Equal(t, 400, f.get("/activity?from=yesterday").Code)
	require.Equal(t, 400, f.get("/activity?after=x").Code)
}

// One record in full, its private values on demand, and the trail notes who looked.
func TestOneRecord(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTrail)
	f.add(audit.Record{
		Actor: "token-1", Operation: "patch", Type: "User", ID: "u1", Name: "grace", Outcome: audit.Success,
		Changes: []audit.Change{{Path: "active", Old: "true", New: "false"}, {Path: "emails", Old: `[{"value":"grace@private.example"}]`}, {Path: "noSuch", New: `"private.example too"`}},
	})
	path := strings.ReplaceAll(recordLink.FindStringSubmatch(f.page("/activity"))[1], "&amp;", "&")
	page := f.page(path)
	require.Contains(t, page, "<bdi>false</bdi>")
	require.NotContains(t, page, "private.example")
	w := f.post(path, path, nil)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "grace@private.example")
	page = f.page("/activity?operation=showPrivateValues")
	require.Contains(t, page, "ada@acme.example")
	require.Contains(t, page, "grace")

	f.as.Tenant = "rival"
	require.Equal(t, 404, f.get(path).Code)
	f.as.Tenant = "acme"
	require.Equal(t, 404, f.get("/activity/none?at=1").Code)
	require.Equal(t, 404, f.get("/activity/none").Code)
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTrail)
	f.add(audit.Record{Operation: "create", Type: "User", Name: "grace", Connection: "okta", Outcome: audit.Success})
	f.add(audit.Record{Operation: "create", Type: "User", Name: "alan", Connection: "entra", Outcome: audit.Success})
	f.add(audit.Record{Tenant: "rival", Operation: "create", Name: "secret-rival"})
	for format, kind := range map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"} {
		w := f.post("/activity", "/activity", url.Values{"format": {format}, "connection": {"okta"}})
		require.Equal(t, 200, w.Code)
		require.Equal(t, kind, w.Header().Get("Content-Type"))
		require.Contains(t, w.Header().Get("Content-Disposition"), "audit-20261129-1200."+format)
		require.Contains(t, w.Body.String(), "grace")
		require.NotContains(t, w.Body.String(), "alan")
		require.NotContains(t, w.Body.String(), "secret")
	}
	require.Contains(t, f.page("/activity?operation=exportAudit"), "okta")
	f.as.ReadOnly = true
	require.NotContains(t, f.page("/activity"), "Export")
	require.Equal(t, 404, f.get("/activity/export").Code)
}

// The history of a person is that of the trail, also after the person was deleted.
func TestHistory(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTrail)
	id := f.user("acme", "grace")
	path := "/directory/Users/" + id
	require.Contains(t, f.page(path), "The audit trail has no record of it.")
	for i := range 12 {
		f.add(audit.Record{Time: f.now.Add(time.Duration(i-20) * time.Hour), Operation: "patch", Type: "User", ID: id, Name: fmt.Sprintf("name-%02d", i), Outcome: audit.Success})
	}
	page := f.page(path)
	require.Contains(t, page, "name-11")
	require.NotContains(t, page, "name-01")
	require.Contains(t, page, "All of the history")
	require.Equal(t, 200, f.post(path, path, nil).Code)
	require.Contains(t, f.page(path), "look at private values")

	f.scim("acme", "DELETE", "/Users/"+id, "")
	w := f.get(path)
	require.Equal(t, 404, w.Code)
	require.Contains(t, w.Body.String(), "name-11")
	require.Contains(t, w.Body.String(), "does not exist any more")
	f.as.Tenant = "rival"
	require.NotContains(t, f.get(path).Body.String(), "name-11")
}

// A value is not shown if the trail cannot note it.
func TestNothingPrivateWithoutItsRecord(t *testing.T) {
	t.Parallel()
	broken := &brokenTrail{}
	f := newFixture(t, func(f *fixture, _ *scim.Config, c *console.Config) {
		broken.Reader = f.db
		c.Trail = broken
	})
	path := "/directory/Users/" + f.user("acme", "grace")
	w := f.post(path, path, nil)
	require.Equal(t, 503, w.Code)
	require.NotContains(t, w.Body.String(), "private.example")
	require.Equal(t, 503, f.post("/activity", "/activity", nil).Code)

	_, err := console.New(console.Config{Handler: f.handler, Trail: struct{ audit.Reader }{f.db}})
	require.ErrorContains(t, err, "is not a store.AuditTrail")
}

type ctx = context.Context

type brokenTrail struct{ audit.Reader }

func (*brokenTrail) Record(ctx, store.Record) error { return store.ErrUnavailable }
