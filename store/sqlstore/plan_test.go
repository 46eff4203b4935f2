package sqlstore

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Lookups and pages use an index, as EXPLAIN QUERY PLAN of SQLite shows.
func TestQueryPlans(t *testing.T) {
	t.Parallel()
	db, err := OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context()))
	users, groups := newTable(db, schema.UserType), newTable(db, schema.GroupType)

	for _, tt := range []struct {
		name   string
		of     *table
		query  store.Query
		filter string
	}{
		{"userName", users, store.Query{}, `userName eq "x"`},
		{"externalId", users, store.Query{}, `externalId eq "x"`},
		{"id", users, store.Query{}, `id eq "x"`},
		{"emails", users, store.Query{}, `emails.value eq "x"`},
		{"emails of a type", users, store.Query{}, `emails[type eq "work" and value eq "x"]`},
		{"two conditions", users, store.Query{}, `userName eq "x" and externalId eq "y"`},
		{"either of two", users, store.Query{}, `userName eq "x" or emails.value eq "x"`},
		{"prefix", users, store.Query{}, `userName sw "x"`},
		{"changed since", users, store.Query{}, `meta.lastModified gt "2024-01-01T00:00:00Z"`},
		{"next page", users, store.Query{After: position.Join("id", "1")}, ``},
		{"next page of a filter", users, store.Query{After: position.Join("id", "1")}, `userName sw "x"`},
		{"next page by userName", users, store.Query{SortBy: schema.UserType.MustResolve("userName"), After: position.Join("+userName", "1", "0", "x", "")}, ``},
		{"next page by userName descending", users, store.Query{SortBy: schema.UserType.MustResolve("userName"), Descending: true, After: position.Join("-userName", "1", "0", "x", "")}, ``},
		{"by userName", users, store.Query{SortBy: schema.UserType.MustResolve("userName")}, ``},
		{"by userName descending", users, store.Query{SortBy: schema.UserType.MustResolve("userName"), Descending: true}, ``},
		{"displayName of a group", groups, store.Query{}, `displayName eq "x"`},
		{"groups of a member", groups, store.Query{}, `members.value eq "x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.filter != "" {
				f, err := filter.NewResolver(tt.of.t, filter.Options{Profile: schema.Lenient()}).Filter(tt.filter, nil)
				require.NoError(t, err)
				tt.query.Filter = f
			}
			s, rest, err := tt.of.selection(t.Context(), tt.query.Filter)
			require.NoError(t, err)
			require.Nil(t, rest)
			by, err := s.order(&tt.query)
			require.NoError(t, err)
			query, args, err := s.statement(t.Context(), &tt.query, by, window{})
			require.NoError(t, err)
			plan := explain(t, db, query, args)
			for _, table := range []string{"r", "s", "k", "m", "l"} {
				require.NotRegexp(t, "SCAN "+table+"( |$)", plan, query)
			}
			t.Log(plan)
		})
	}
}

// A look-up within the resources of an owner reads what it looks for first, and
// several ids are found by the index of ids.
func TestQueryPlansOfOwner(t *testing.T) {
	t.Parallel()
	db, err := OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context()))
	users := newTable(db, schema.WithOwner(schema.UserType))
	eq := func(path, value string) filter.Expr {
		return filter.Compare{Path: users.t.MustResolve(path), Op: filter.EQ, Value: schema.String(value)}
	}
	for want, q := range map[string]store.Query{
		"CORRELATED SCALAR SUBQUERY": {Filter: filter.New(filter.And{Left: eq("$owner", "okta"), Right: eq("userName", "ada")})},
		"(tenant=? AND type=? AND id=?)": {
			SortBy: users.t.MustResolve("id"), Filter: filter.New(filter.Or{Left: filter.Or{Left: eq("id", "a"), Right: eq("id", "b")}, Right: filter.Or{Left: eq("id", "c"), Right: eq("id", "d")}}),
		},
		"(tenant=? AND type=? AND path=? AND absent=? AND head=? AND tail=?)": {Filter: filter.New(eq("$owner", "okta"))},
	} {
		s, rest, err := users.selection(t.Context(), q.Filter)
		require.NoError(t, err)
		require.Nil(t, rest)
		by, err := s.order(&q)
		require.NoError(t, err)
		query, args, err := s.statement(t.Context(), &q, by, window{})
		require.NoError(t, err)
		require.Contains(t, explain(t, db, query, args), want, query)
	}
}

// PostgreSQL looks up members by their ids also where its statistics say that groups
// are small, so that it might as well read all of a group for each.
func TestQueryPlanOfMembersOnPostgreSQL(t *testing.T) {
	t.Parallel()
	pool := sqltest.Open(t, "pgx", sqltest.NewPostgres(t))
	db, err := New(pool, PostgreSQL)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	for _, statement := range []string{
		"INSERT INTO scim_member (grp, ord, folded, member, type, display) SELECT n, 1, 'm' || n, 'm' || n, '', '' FROM generate_series(1, 5000) n",
		"ANALYZE scim_member",
	} {
		_, err := pool.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	var plan []string
	err = db.query(t.Context(), "EXPLAIN "+db.d.members(2), []any{"a", "b", 1}, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		plan = append(plan, line)
		return err
	})
	require.NoError(t, err)
	require.Contains(t, strings.Join(plan, "\n"), "scim_member_of")
}

func explain(t *testing.T, db *DB, query string, args []any) string {
	var lines []string
	err := db.query(t.Context(), "EXPLAIN QUERY PLAN "+query, args, func(scan func(...any) error) error {
		var a, b, c any
		var line string
		err := scan(&a, &b, &c, &line)
		lines = append(lines, line)
		return err
	})
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// A page of audit records is read from the index of one condition, in order, and what
// is pruned is found by an index.
func TestQueryPlansOfAuditRecords(t *testing.T) {
	t.Parallel()
	db, err := OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context()))
	all := audit.Query{ResourceID: "r", Actor: "a", Connection: "c", Operation: "patch", Outcome: audit.Refused, Type: "User"}
	for _, tt := range []struct {
		index string
		query audit.Query
	}{
		{"scim_audit_at", audit.Query{}},
		{"scim_audit_resource", audit.Query{ResourceID: "r"}},
		{"scim_audit_resource", audit.Query{ResourceID: strings.Repeat("r", 500)}},
		{"scim_audit_actor", audit.Query{Actor: "a"}},
		{"scim_audit_connection", audit.Query{Connection: "c"}},
		{"scim_audit_operation", audit.Query{Operation: "patch"}},
		{"scim_audit_outcome", audit.Query{Outcome: audit.Refused}},
		{"scim_audit_type", audit.Query{Type: "User"}},
		{"scim_audit_resource", all},
		{"scim_audit_outcome", audit.Query{Outcome: audit.Refused, Type: "User", Connection: "c"}},
	} {
		for _, after := range []string{"", auditPlace{"2024-02-29T12:00:00.000000000Z", 5}.position()} {
			for _, from := range []time.Time{{}, time.Unix(0, 0)} {
				q := tt.query
				q.After, q.From = after, from
				if !from.IsZero() {
					q.To = from.Add(time.Hour)
				}
				found, rest, err := db.recordsOf(t.Context(), q)
				require.NoError(t, err)
				query, args := auditPage(found, rest, 50, 500)
				plan := explain(t, db, query, args)
				by := ""
				if tt.index != "scim_audit_at" {
					by = ` AND <expr>=\?`
				}
				require.Regexp(t, `SEARCH scim_audit USING (COVERING )?INDEX `+tt.index+` \(owner=\?`+by, plan, query)
				require.NotRegexp(t, "SCAN (scim_audit|a)( |$)", plan, query)
				require.NotContains(t, plan, "TEMP B-TREE", "the index has the order: %s", query)
			}
		}
	}
	require.Contains(t, explain(t, db, "SELECT seq FROM scim_audit WHERE owner = ? AND at < ? ORDER BY at LIMIT ?", []any{"", "", 1}), "INDEX scim_audit_at (owner=? AND at<?)")
	require.Contains(t, explain(t, db, "SELECT owner FROM scim_audit WHERE owner > ? ORDER BY owner LIMIT 1", []any{""}), "COVERING INDEX scim_audit_at (owner>?)")
}

// A query whose matches are rare looks through a bounded number of records for each
// page; the walk finds them all.
func TestAuditScanIsBounded(t *testing.T) {
	defer func(before []int) { auditScans = before }(auditScans)
	auditScans = []int{3, 4}
	db, err := OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context()))
	for i := range 40 {
		r := audit.Record{Record: strconv.Itoa(i), Time: time.Unix(int64(i/3), 0), Actor: "a", Type: "User"}
		if i%13 == 0 || i == 20 {
			r.Type = "Group"
		}
		require.NoError(t, audit.Append(t.Context(), db, r))
	}
	for _, count := range []int{1, 2, 100} {
		q := audit.Query{Actor: "a", Type: "Group", Count: count}
		var ids []string
		pages := 0
		for ; ; pages++ {
			page, next, err := db.Records(t.Context(), q)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page), count)
			for _, r := range page {
				ids = append(ids, r.ID)
			}
			if q.After = next; next == "" {
				break
			}
		}
		require.Equal(t, []string{"39", "26", "20", "13", "0"}, ids)
		require.GreaterOrEqual(t, pages, 40/7)
	}
}
