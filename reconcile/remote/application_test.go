package remote_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// An application that is read over HTTP compares as its stores do, page by page, and a
// plan made of it can be applied.
func TestApplicationOverHTTP(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
	h, err := scim.New(scim.Config{
		BaseURL: "https://other.example.com/scim", Auth: scim.BearerTokens(scim.HashToken("t", "s3cret")), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(groups)}, Limits: scim.Limits{Rate: math.Inf(1)}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	var ids []string
	for i := range 25 {
		rec := send(h, "POST", "/Users", scimtest.User(fmt.Sprintf("u%02d", i), fmt.Sprintf(`"externalId":"x%d"`, i), `"active":true`))
		require.Equal(t, 201, rec.Code)
		ids = append(ids, scimtest.ID(strings.TrimPrefix(rec.Header().Get("Location"), "https://other.example.com/scim")))
	}
	for i := range 12 {
		require.Equal(t, 201, send(h, "POST", "/Groups", scimtest.Group(fmt.Sprintf("g%02d", i), fmt.Sprintf(`"members":[{"value":%q},{"value":%q}]`, ids[i], ids[i+1]))).Code)
	}
	var export strings.Builder
	for i := 1; i < 25; i++ {
		fmt.Fprintf(&export, `{"userName":"u%02d","externalId":"x%d","active":%v,"title":"T"}`+"\n", i, i, i != 7)
	}
	group := `{"displayName":"g05","members":[{"value":"x5"}]}`
	compare := func(app reconcile.Application) *reconcile.Comparison {
		got, err := reconcile.Compare(t.Context(), reconcile.Provider{
			Users: reconcile.JSONLines(strings.NewReader(export.String())), Groups: reconcile.GroupJSONLines(strings.NewReader(group)),
		}, app, reconcile.CompareOptions{})
		require.NoError(t, err)
		return got
	}
	c := client(h, nil)
	got, want := compare(c.Application()), compare(reconcile.Application{Users: users, Groups: groups.(store.MemberStore)})
	require.Equal(t, want.Mismatches, got.Mismatches)
	require.Equal(t, 24, got.Count(reconcile.Drift))
	require.Equal(t, 1, got.Count(reconcile.Status))
	require.Equal(t, 1, got.Count(reconcile.Membership))

	results, err := got.Plan(reconcile.Repair{Attributes: true, Deactivate: true, Leave: true}).Apply(t.Context(), c.Do)
	require.NoError(t, err)
	require.Equal(t, len(results.Results), results.Count(reconcile.Applied))
	again := compare(c.Application())
	require.Zero(t, again.Count(reconcile.Drift)+again.Count(reconcile.Status)+again.Count(reconcile.Membership))
}

func send(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://other.example.com/scim"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer s3cret")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func TestApplicationOfAnotherServer(t *testing.T) {
	t.Parallel()
	for _, cursor := range []bool{false, true} {
		a := &answers{n: 37, cursor: cursor}
		app := client(a, nil).Application()
		n := 0
		q := store.Query{Count: 1}
		for {
			p, err := app.Users.List(t.Context(), &q)
			require.NoError(t, err)
			n += len(p.Resources)
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		require.Equal(t, 37, n)
		require.Contains(t, a.asked[0], "excludedAttributes=groups")
	}
	answer := func(body string) reconcile.Application {
		return client(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }), nil).Application()
	}
	for _, body := range []string{"", "[]", `{"Resources":[{}]}`, `{"Resources":[7]}`} {
		_, err := answer(body).Users.List(t.Context(), &store.Query{})
		require.ErrorContains(t, err, "the page at", body)
	}
	_, err := answer("{}").Users.List(t.Context(), &store.Query{After: "x"})
	require.ErrorIs(t, err, store.ErrPosition)
	_, err = answer("{}").Users.List(t.Context(), &store.Query{Filter: &filter.Filter{}})
	require.ErrorContains(t, err, "only a whole list")
	for m, err := range (&remote.Client{BaseURL: "https://x.example", Token: "t", HTTP: remote.Local(http.NotFoundHandler())}).Application().Groups.Members(t.Context(), "g") {
		require.Empty(t, m)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}
