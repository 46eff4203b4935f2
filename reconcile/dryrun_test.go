package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

type Record = reconcile.Record

func records(rs ...Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for i, r := range rs {
			r.Position = fmt.Sprintf("line %d", i+1)
			if !yield(r, nil) {
				return
			}
		}
	}
}

// app is an application with accounts, and its SCIM handler.
type app struct {
	*testing.T
	h     *scim.Handler
	users store.Store
}

func newApp(t *testing.T) *app {
	db := memstore.New()
	users := db.Store(schema.UserType)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users)},
	})
	require.NoError(t, err)
	return &app{t, h, users}
}

// post returns the status of a POST and the id of the user.
func (a *app) post(name string, more ...string) (status int, id string) {
	r := httptest.NewRequest("POST", scimtest.BaseURL+"/Users", strings.NewReader(scimtest.User(name, more...)))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, r)
	var user struct{ ID string }
	require.NoError(a, json.Unmarshal(w.Body.Bytes(), &user))
	return w.Code, user.ID
}

// account makes an account and returns its id.
func (a *app) account(name, externalID string, more ...string) string {
	a.Helper()
	if externalID != "" {
		more = append(more, `"externalId":`+strconv.Quote(externalID))
	}
	status, id := a.post(name, more...)
	require.Equal(a, 201, status)
	return id
}

func (a *app) dryRun(o reconcile.Options, rs ...Record) *reconcile.Report {
	a.Helper()
	report, err := reconcile.DryRun(context.Background(), records(rs...), a.users, o)
	require.NoError(a, err)
	return report
}

// short returns a finding in one line: kind, names, reason or match.
func short(f reconcile.Finding) string {
	text := string(f.Kind)
	if f.Record != nil {
		text += " " + f.Record.UserName
	}
	if f.Account != nil {
		text += " = " + f.Account.UserName
	}
	for _, more := range []string{string(f.Reason), f.By} {
		if more != "" {
			text += ": " + more
		}
	}
	return text
}

func lines(r *reconcile.Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, short(f))
	}
	return out
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		accounts func(a *app)
		records  []Record
		want     []string
	}{
		{"nothing", func(*app) {}, nil, nil},
		{
			"userName in another spelling", func(a *app) { a.account("Élodie", "") },
			[]Record{{UserName: "e\u0301LODIE"}}, []string{"match e\u0301LODIE = Élodie: userName"},
		},
		{
			"userName with an accent", func(a *app) { a.account("Élodie", "") },
			[]Record{{UserName: "elodie"}}, []string{"create elodie", "unclaimed = Élodie"},
		},
		{
			"userName and externalId", func(a *app) { a.account("a", "1") },
			[]Record{{UserName: "A", ExternalID: "1"}}, []string{"match A = a: userName and externalId"},
		},
		{
			"the account has no externalId", func(a *app) { a.account("a", "") },
			[]Record{{UserName: "a", ExternalID: "1"}}, []string{"match a = a: userName"},
		},
		{
			"the account has another externalId", func(a *app) { a.account("a", "x") },
			[]Record{{UserName: "a", ExternalID: "X"}}, []string{"conflict a = a: the account with the userName has another externalId"},
		},
		{
			"the account with the externalId has another userName", func(a *app) { a.account("old", "1") },
			[]Record{{UserName: "new", ExternalID: "1"}}, []string{"conflict new = old: the account with the externalId has another userName"},
		},
		{
			"the keys belong to two accounts", func(a *app) { a.account("a", "1"); a.account("b", "2") },
			[]Record{{UserName: "a", ExternalID: "2"}},
			[]string{"conflict a = a: several accounts have the userName or externalId", "unclaimed = b"},
		},
		{
			"several accounts have the externalId", func(a *app) { a.account("a", "1"); a.account("b", "1") },
			[]Record{{UserName: "c", ExternalID: "1"}},
			[]string{"conflict c: several accounts have the userName or externalId", "unclaimed = a", "unclaimed = b"},
		},
		{
			"two records have a userName", func(*app) {},
			[]Record{{UserName: "a", ExternalID: "1"}, {UserName: "A", ExternalID: "2"}},
			[]string{"conflict A: another record has the same userName", "create a"},
		},
		{
			"two records have an externalId", func(*app) {},
			[]Record{{UserName: "a", ExternalID: "1"}, {UserName: "b", ExternalID: "1"}, {UserName: "c", ExternalID: ""}, {UserName: "d", ExternalID: ""}},
			[]string{"conflict b: another record has the same externalId", "create a", "create c", "create d"},
		},
		{
			"a record without userName", func(*app) {}, []Record{{ExternalID: "1"}, {}},
			[]string{"conflict : the record has no userName", "conflict : the record has no userName"},
		},
		{
			"status", func(a *app) {
				a.account("gone", "")
				a.account("back", "", `"active":false`)
				a.account("both", "", `"active":false`)
				a.account("left", "", `"active":false`)
			},
			[]Record{{UserName: "gone", Inactive: true}, {UserName: "back"}, {UserName: "both", Inactive: true}, {UserName: "new", Inactive: true}},
			[]string{"deactivate gone = gone: userName", "reactivate back = back: userName", "match both = both: userName", "create new", "unclaimed = left"},
		},
		{
			"an e-mail address never matches", func(a *app) { a.account("ada", "", `"emails":[{"value":"a@example.com"}]`) },
			[]Record{{UserName: "a@example.com", Email: "a@example.com"}}, []string{"create a@example.com", "unclaimed = ada"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			c.accounts(a)
			require.Equal(t, c.want, lines(a.dryRun(reconcile.Options{}, c.records...)))
		})
	}
}

// What the report says of each record is what a POST of it answers.
func TestFindingsAreTheAnswersToPOST(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for i := range 200 {
		a.account(fmt.Sprint("user", i), fmt.Sprint(i%190), fmt.Sprintf(`"active":%t`, i%3 > 0))
	}
	var rs []Record
	for i := range 300 {
		r := Record{UserName: fmt.Sprint("USER", (i*7)%260), ExternalID: fmt.Sprint(i % 230), Inactive: i%5 == 0}
		if i%40 == 0 {
			r.UserName = ""
		}
		rs = append(rs, r)
	}
	report := a.dryRun(reconcile.Options{}, rs...)
	want := map[string]int{}
	for _, f := range report.Findings {
		if f.Record == nil {
			continue
		}
		status := 409
		switch {
		case f.Kind == reconcile.Create, f.Reason == reconcile.OtherUserName:
			status = 201
		case f.Reason == reconcile.NoUserName:
			status = 400
		case f.Reason == reconcile.SameExternalID, f.Reason == reconcile.TwoAccounts:
			continue // a decision, whatever a POST answers
		}
		want[f.Record.Position] = status
	}
	require.Greater(t, len(want), 100)
	kinds := map[int]int{}
	for i, r := range rs {
		got, _ := a.post(r.UserName, `"externalId":`+strconv.Quote(r.ExternalID))
		if status, ok := want[fmt.Sprintf("line %d", i+1)]; ok {
			require.Equal(t, status, got, "%+v", r)
			kinds[got]++
		}
	}
	require.Len(t, kinds, 3, "201, 400 and 409")
}

func TestAdoptable(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.account("local", "")
	a.account("ours", "")
	asked := 0
	report := a.dryRun(reconcile.Options{Adoptable: func(r *schema.Resource) bool {
		asked++
		return r.Attributes.Get(schema.User.Attribute("userName")).Text() == "ours"
	}}, Record{UserName: "local"}, Record{UserName: "ours"})
	require.Equal(t, []string{"conflict local = local: the account may not be adopted", "match ours = ours: userName"}, lines(report))
	require.Equal(t, 2, asked)
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ada := a.account("ada", "", `"emails":[{"value":"x@example.com"},{"value":"Ada@example.com"}]`)
	grace := a.account("grace@example.com", "")
	a.account("taken", "", `"emails":[{"value":"taken@example.com"}]`)
	report := a.dryRun(reconcile.Options{}, Record{UserName: "u1", Email: "ada@EXAMPLE.com"}, Record{UserName: "u2", Email: "grace@example.com"},
		Record{UserName: "taken"}, Record{UserName: "u3", Email: "taken@example.com"}, Record{UserName: "x@example.com"}, Record{UserName: "u4"})
	got := map[string]string{}
	for _, f := range report.Findings {
		if f.Kind == reconcile.Create {
			got[f.Record.UserName] = f.Similar
		}
	}
	require.Equal(t, map[string]string{"u1": ada, "u2": grace, "u3": "", "u4": "", "x@example.com": ada}, got)
}

// The accounts are those of the tenant in the context, on pages of any size.
func TestAccountsOfTheTenantOnPages(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	for i := range 25 {
		ctx := store.WithTenant(context.Background(), []string{"a", "b"}[i%2])
		r := resource(fmt.Sprint("u", i))
		_, err := users.Create(ctx, &store.Change{ID: r.ID, After: r, At: r.LastModified})
		require.NoError(t, err)
	}
	pages := 0
	short := lister(func(ctx context.Context, q *store.Query) (store.Page, error) {
		pages++
		q.Count = 2
		return users.List(ctx, q)
	})
	report, err := reconcile.DryRun(store.WithTenant(context.Background(), "b"), records(Record{UserName: "u0"}, Record{UserName: "u1"}), short, reconcile.Options{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(reconcile.Match))
	require.Equal(t, 1, report.Count(reconcile.Create))
	require.Equal(t, 11, report.Count(reconcile.Unclaimed))
	require.Greater(t, pages, 5)
}

func resource(name string) *schema.Resource {
	attributes := (&schema.Object{}).With(schema.User.Attribute("userName"), schema.String(name))
	return &schema.Resource{Type: schema.UserType, ID: "id-" + name, Attributes: attributes}
}

type lister func(ctx context.Context, q *store.Query) (store.Page, error)

func (l lister) List(ctx context.Context, q *store.Query) (store.Page, error) { return l(ctx, q) }

func TestErrorsEndTheDryRun(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	empty := lister(func(context.Context, *store.Query) (store.Page, error) { return store.Page{}, nil })
	broken := func(yield func(Record, error) bool) {
		if yield(Record{UserName: "a"}, nil) {
			yield(Record{}, failed)
		}
	}
	_, err := reconcile.DryRun(context.Background(), broken, empty, reconcile.Options{})
	require.ErrorIs(t, err, failed)
	_, err = reconcile.DryRun(context.Background(), records(), lister(func(context.Context, *store.Query) (store.Page, error) {
		return store.Page{}, failed
	}), reconcile.Options{})
	require.ErrorIs(t, err, failed)
	_, err = reconcile.DryRun(context.Background(), records(), lister(func(context.Context, *store.Query) (store.Page, error) {
		return store.Page{Next: "again"}, nil
	}), reconcile.Options{})
	require.ErrorContains(t, err, "the position of a page as the position after it")

	ctx, cancel := context.WithCancel(context.Background())
	_, err = reconcile.DryRun(ctx, func(yield func(Record, error) bool) {
		cancel()
		for yield(Record{UserName: "a"}, nil) {
		}
	}, empty, reconcile.Options{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = reconcile.DryRun(ctx, records(), empty, reconcile.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// 100,000 users on each side take less than 256 MiB.
func TestMemory(t *testing.T) {
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("100,000 accounts: left out with -short")
	}
	const n, page = 100_000, 1000
	accounts := lister(func(_ context.Context, q *store.Query) (store.Page, error) {
		first, _ := strconv.Atoi(q.After)
		var p store.Page
		for i := first; i < first+page; i++ {
			r := resource(fmt.Sprintf("user.with.a.long.name.%d@subsidiary.example.com", i))
			p.Resources = append(p.Resources, r.With(schema.ExternalIDAttribute, schema.String(fmt.Sprintf("00000000-0000-0000-0000-%012d", i))))
		}
		if first+page < n {
			p.Next = strconv.Itoa(first + page)
		}
		return p, nil
	})
	provider := func(yield func(Record, error) bool) {
		for i := n / 2; i < n+n/2; i++ {
			name := fmt.Sprintf("User.With.A.Long.Name.%d@subsidiary.example.com", i)
			if !yield(Record{UserName: name, Email: name, ExternalID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Position: fmt.Sprint("line ", i)}, nil) {
				return
			}
		}
	}
	peak := uint64(0)
	report, err := reconcile.DryRun(context.Background(), func(yield func(Record, error) bool) {
		i := 0
		for r, err := range provider {
			if i++; i%20_000 == 0 {
				peak = max(peak, inUse())
			}
			if !yield(r, err) {
				return
			}
		}
		peak = max(peak, inUse())
	}, accounts, reconcile.Options{})
	require.NoError(t, err)
	require.NoError(t, report.WriteJSON(io.Discard))
	require.NoError(t, report.WriteText(io.Discard))
	peak = max(peak, inUse())
	require.Equal(t, n/2, report.Count(reconcile.Match))
	require.Equal(t, n/2, report.Count(reconcile.Create))
	require.Equal(t, n/2, report.Count(reconcile.Unclaimed))
	t.Logf("%d MiB", peak>>20)
	require.Less(t, peak, uint64(256<<20))
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestReports(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ids := []string{a.account("ada", "1"), a.account("bob", "", `"active":false`)}
	report := a.dryRun(reconcile.Options{}, Record{UserName: "ADA", ExternalID: "1", Inactive: true}, Record{UserName: "ada\x1b[2J"}, Record{UserName: "ada"},
		Record{UserName: "new", Inactive: true})
	var text, doc bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	var rows []string
	for line := range strings.Lines(strings.NewReplacer(ids[0], "ID0", ids[1], "ID1").Replace(text.String())) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	require.Equal(t, []string{
		"1 conflict", "1 deactivate", "0 reactivate", "0 match", "2 create", "1 unclaimed", "",
		"FINDING USERNAME EXTERNALID ACCOUNT NOTE",
		"conflict ada - - another record has the same userName; line 3",
		"deactivate ADA 1 ID0 by userName and externalId",
		`create "ada\x1b[2J" - -`,
		"create new - - inactive",
		"unclaimed bob - ID1 inactive",
	}, rows)

	require.NoError(t, report.WriteJSON(&doc))
	var got struct {
		Counts   map[reconcile.Kind]int
		Findings []reconcile.Finding
	}
	require.NoError(t, json.Unmarshal(doc.Bytes(), &got))
	require.Equal(t, map[reconcile.Kind]int{"conflict": 1, "deactivate": 1, "reactivate": 0, "match": 0, "create": 2, "unclaimed": 1}, got.Counts)
	require.Equal(t, report.Findings, got.Findings)

	failed := errors.New("the disk is full")
	require.ErrorIs(t, report.WriteText(writer{failed}), failed)
	require.ErrorIs(t, report.WriteJSON(writer{failed}), failed)
	require.True(t, slices.Contains(reconcile.Kinds(), reconcile.Match))
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }
