package console_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// pagesOf notes how many records of the trail are asked for at a time.
type pagesOf struct {
	*memstore.DB
	most int
}

func (p *pagesOf) Records(ctx context.Context, q audit.Query) ([]store.Record, string, error) {
	p.most = max(p.most, q.Count)
	return p.DB.Records(ctx, q)
}

// A call decides what an export has, and not how much of it is in memory at once.
func TestExportOfACallIsReadInPages(t *testing.T) {
	t.Parallel()
	var trail *pagesOf
	f := newFixture(t, func(f *fixture, _ *scim.Config, c *console.Config) {
		trail = &pagesOf{DB: f.db}
		c.Trail = trail
	})
	r := httptest.NewRequest("POST", "/admin/scim/api/export-audit", strings.NewReader(`{"query":{"Count":1000000000}}`))
	r.Header.Set("Content-Type", "application/json")
	w := f.do(r)
	require.Equal(t, 200, w.Code, w.Body)
	require.LessOrEqual(t, trail.most, 1000)
}

// bounded notes until when a body may be read.
type bounded struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (b *bounded) SetReadDeadline(t time.Time) error {
	b.until = t
	return nil
}

// A file that does not arrive does not keep others from comparing theirs for longer than
// a comparison may take.
func TestUploadHasADeadline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := httptest.NewRequest("POST", "/admin/scim/reconcile", io.MultiReader(bytes.NewReader(nil)))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	w := &bounded{ResponseRecorder: httptest.NewRecorder()}
	var _ http.ResponseWriter = w
	f.console.ServeHTTP(w, r)
	require.Equal(t, 400, w.Code)
	require.WithinDuration(t, time.Now(), w.until, 5*time.Minute)
}

// Names that are sensitive are masked in a comparison as in the directory: those of the
// accounts are not in the file.
func TestComparisonMasksSensitiveNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections, func(_ *fixture, s *scim.Config, _ *console.Config) {
		s.SensitiveAttributes = []string{"userName", "externalId", "title"}
	})
	f.scim("acme", "POST", "/Users", `{"userName":"hidden-grace","externalId":"hidden-id","title":"hidden-title"}`)
	f.scim("acme", "POST", "/Users", `{"userName":"hidden-ada","externalId":"hidden-id2","title":"hidden-title"}`)
	token := f.token("/reconcile")
	for _, what := range []string{"first", "drift"} {
		w := f.upload(token, "login,id,t\ngrace,hidden-id,x\n", "userName", "login", "externalId", "id", "what", what, "others", "title=t", "repair", "orphans", "repair", "attributes")
		require.Equal(t, 200, w.Code, w.Body)
		for _, value := range []string{"hidden-grace", "hidden-ada", "hidden-id2", "hidden-title"} {
			require.NotContains(t, w.Body.String(), value, what)
		}
	}
}

// cancelling ends a request while resources are listed.
type cancelling struct {
	store.Store
	cancel func()
}

func (c *cancelling) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if c.cancel != nil {
		c.cancel()
	}
	return c.Store.List(ctx, q)
}

// Who leaves the page does not leave the work behind: a preview reads everybody of a
// connection.
func TestPreviewEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	var users cancelling
	f := newFixture(t, withConnections, func(_ *fixture, s *scim.Config, _ *console.Config) {
		users.Store, s.Endpoints[0].Store = s.Endpoints[0].Store, &users
	})
	f.newConnection("entra")
	ctx, cancel := context.WithCancel(t.Context())
	users.cancel = cancel
	r := httptest.NewRequest("GET", "/admin/scim/connections/okta/handover?to=entra", nil).WithContext(ctx)
	require.Equal(t, 503, f.do(r).Code)
}

// Who may not see private values does not find them out by searches either.
func TestReadOnlyDoesNotSearchPrivateValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("acme", "grace")
	search := func(q string) *httptest.ResponseRecorder { return f.get("/directory/Users?q=" + url.QueryEscape(q)) }
	private := []string{`emails.value sw "gr"`, `emails pr`, `not (name.familyName eq "x")`, `emails[value sw "gr"]`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber pr`}
	open := []string{`grace`, `userName co "ra"`, `active eq true`, `meta.lastModified ge "2020-01-01T00:00:00Z"`, `id pr`, `externalId eq "x" or userName sw "g"`}
	for _, q := range append(private, open...) {
		require.Equal(t, 200, search(q).Code, q)
	}
	f.as.ReadOnly = true
	for _, q := range private {
		w := search(q)
		require.Equal(t, 400, w.Code, q)
		require.Contains(t, w.Body.String(), "may look", q)
		require.NotContains(t, w.Body.String(), "<bdi>grace</bdi>", q)
	}
	for _, q := range open {
		w := search(q)
		require.Equal(t, 200, w.Code, q)
		require.Contains(t, w.Body.String(), "<bdi>grace</bdi>", q)
	}
}
