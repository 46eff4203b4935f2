package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/position"
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
			s, ok := tt.of.selection(t.Context(), tt.query.Filter)
			require.True(t, ok, "declared")
			by, err := s.order(&tt.query)
			require.NoError(t, err)
			query, args, err := s.statement(t.Context(), &tt.query, by)
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
		s, ok := users.selection(t.Context(), q.Filter)
		require.True(t, ok, "declared")
		by, err := s.order(&q)
		require.NoError(t, err)
		query, args, err := s.statement(t.Context(), &q, by)
		require.NoError(t, err)
		require.Contains(t, explain(t, db, query, args), want, query)
	}
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
