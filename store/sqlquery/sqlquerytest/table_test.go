package sqlquerytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// hosts runs a test on each database.
func hosts(t *testing.T, test func(t *testing.T, d host)) {
	t.Run("SQLite", func(t *testing.T) { test(t, hostSQLite) })
	hostServers(t, test)
}

// hostServers runs a test that needs several writers on each server.
func hostServers(t *testing.T, test func(t *testing.T, d host)) {
	t.Run("PostgreSQL", func(t *testing.T) { test(t, hostPostgreSQL) })
	t.Run("MariaDB", func(t *testing.T) { test(t, hostMariaDB) })
}

type hostApp struct {
	conn  *sql.DB
	db    *sqlquery.DB
	users *sqlquery.Table[hostUser]
	teams *sqlquery.GroupTable[hostTeam]
}

// openApp opens an application with users and teams in one database.
func openApp(t testing.TB, d host) hostApp {
	conn, db := openHost(t, d)
	return newApp(t, conn, db)
}

func newApp(t testing.TB, conn *sql.DB, db *sqlquery.DB) hostApp {
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_members", Group: "team_id", Member: "user_id", Of: users}, sqlquery.Options[hostTeam]{})
	require.NoError(t, err)
	return hostApp{conn, db, users, teams}
}

func (a hostApp) user(t testing.TB, name string) *schema.Resource {
	r, err := a.users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, name)))
	require.NoError(t, err)
	return r
}

var hostTime = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

func userOf(rt *schema.ResourceType, name string) *schema.Resource {
	return &schema.Resource{Type: rt, ID: "ignored", Created: hostTime, LastModified: hostTime,
		Attributes: (&schema.Object{}).With(rt.MustResolve("userName")[0], schema.String(name))}
}

func team(name string) *schema.Resource {
	o := (&schema.Object{}).With(schema.GroupType.MustResolve("displayName")[0], schema.String(name))
	return &schema.Resource{Type: schema.GroupType, Created: hostTime, LastModified: hostTime, Attributes: o}
}

func TestUpdateKeepsColumnsOfTheApplication(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		r := a.user(t, "bjensen")
		require.Equal(t, "u1", r.ID)
		_, err := a.conn.Exec("UPDATE users SET plan = 'gold', password_hash = 'secret', first_name = 'Barbara' WHERE id = 1")
		require.NoError(t, err)

		before, err := a.users.Get(t.Context(), "u1", store.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "Barbara", before.Attributes.Get(schema.UserType.MustResolve("name")[0]).Object().Get(schema.UserType.MustResolve("name.givenName")[1]).Text(), "a value that the application wrote")
		after := before.With(schema.UserType.MustResolve("title")[0], schema.String("Guide"))
		_, err = a.users.Update(t.Context(), &store.Change{ID: before.ID, Before: before, After: after, IfVersion: before.Version})
		require.NoError(t, err)

		var hash, plan, email string
		require.NoError(t, a.conn.QueryRow("SELECT password_hash, plan, email FROM users WHERE id = 1").Scan(&hash, &plan, &email))
		require.Equal(t, []string{"secret", "gold", "bjensen"}, []string{hash, plan, email}, "a PUT keeps the columns of the application")
	})
}

func TestMembersOfATable(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		ctx := t.Context()
		u, v := a.user(t, "a"), a.user(t, "b")
		g, joined, err := a.teams.PutMembers(ctx, storetest.Creation(team("g"),
			schema.Member{Value: u.ID}, schema.Member{Value: "u99"}, schema.Member{Value: "nobody"}, schema.Member{Value: "g1"}))
		require.NoError(t, err, "a reference that leads nowhere fails nothing")
		require.Equal(t, []schema.Member{{Value: u.ID}}, joined.Add, "the delta that took effect")
		require.Equal(t, []schema.Member{{Value: u.ID, Type: "User"}}, membersOf(t, a.teams, g.ID))

		_, did, err := a.teams.PutMembers(ctx, change(g, schema.MemberDelta{Add: []schema.Member{{Value: v.ID, Type: "User"}, {Value: u.ID}, {Value: "u98", Type: "User"}}}))
		require.NoError(t, err)
		require.Equal(t, []schema.Member{{Value: v.ID, Type: "User"}}, did.Add, "the delta that took effect")

		_, _, err = a.teams.PutMembers(ctx, change(g, schema.MemberDelta{Add: []schema.Member{{Value: g.ID, Type: "Group"}}}))
		var wrong *schema.Error
		require.ErrorAs(t, err, &wrong, "a group that exists is not left out silently")
		require.Equal(t, schema.ErrorInvalidValue, wrong.Type)

		refs, err := a.teams.GroupsOf(ctx, []string{u.ID, v.ID, "u98", "x"})
		require.NoError(t, err)
		require.Equal(t, map[string][]store.GroupRef{u.ID: {{ID: g.ID, Display: "g"}}, v.ID: {{ID: g.ID, Display: "g"}}}, refs)

		value := schema.GroupType.MustResolve("members.value")
		for id, want := range map[string]int{u.ID: 1, strings.ToUpper(u.ID): 1, "u01": 0, "u99": 0, "": 0} { // members.value is not caseExact
			for _, e := range []filter.Expr{
				filter.Compare{Path: value, Op: filter.EQ, Value: schema.String(id)},
				filter.ValuePath{Path: value[:1], Expr: filter.Compare{Path: value[1:], Op: filter.EQ, Value: schema.String(id)}},
			} {
				require.True(t, a.teams.Describe().Filter(e))
				p, err := a.teams.List(ctx, &store.Query{Filter: filter.New(e), Count: 9})
				require.NoError(t, err)
				require.Len(t, p.Resources, want, id)
			}
		}

		left, err := a.teams.RemoveFromAll(ctx, &store.Change{ID: u.ID, At: hostTime.Add(time.Hour), Cause: event.ByMembers})
		require.NoError(t, err)
		require.Equal(t, []string{g.ID}, left)
		now, err := a.teams.Get(ctx, g.ID, store.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "3", now.Version)
		require.True(t, hostTime.Add(time.Hour).Equal(now.LastModified))
		require.NoError(t, a.teams.Delete(ctx, storetest.Deletion(g, now.Version)), "with its members")
	})
}

func membersOf(t *testing.T, s store.MemberStore, id string) []schema.Member {
	var out []schema.Member
	for m, err := range s.Members(t.Context(), id) {
		require.NoError(t, err)
		out = append(out, m)
	}
	return out
}

func change(g *schema.Resource, d schema.MemberDelta) *store.Change {
	return &store.Change{ID: g.ID, Before: g, After: g, Members: &d, Cause: event.ByPatch}
}

func TestTombstones(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		u := a.user(t, "same")
		require.NoError(t, a.users.Delete(t.Context(), storetest.Deletion(u, u.Version)))
		_, err := a.users.Get(t.Context(), u.ID, store.GetOptions{})
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, a.users.Delete(t.Context(), storetest.Deletion(u, "")), store.ErrNotFound)
		again := a.user(t, "SAME")
		require.NotEqual(t, u.ID, again.ID, "a new id") // M-13
		n := 0
		require.NoError(t, a.conn.QueryRow("SELECT COUNT(*) FROM users").Scan(&n))
		require.Equal(t, 2, n, "the row stays")
	})
}

func TestTransactionOfTheApplication(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		tx, err := a.conn.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		ctx := a.db.WithTx(t.Context(), tx)
		_, err = a.users.Create(ctx, storetest.Creation(userOf(schema.UserType, "a")))
		require.NoError(t, err)
		require.NoError(t, a.db.InTx(ctx, func(ctx context.Context) error {
			inner, ok := sqlquery.Tx(ctx)
			require.True(t, ok)
			require.Same(t, tx, inner, "joined")
			return nil
		}))
		require.NoError(t, tx.Rollback())
		p, err := a.users.List(t.Context(), &store.Query{Total: true})
		require.NoError(t, err)
		require.Zero(t, p.Total, "rolled back by the application, which began it")

		_, ok := sqlquery.Tx(t.Context())
		require.False(t, ok)
		veto := errors.New("veto")
		require.ErrorIs(t, a.db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := sqlquery.Tx(ctx)
			_, err := tx.ExecContext(ctx, "INSERT INTO users (email, first_name, password_hash) VALUES ('x', '', '')")
			require.NoError(t, err)
			return veto
		}), veto)
		p, err = a.users.List(t.Context(), &store.Query{Total: true})
		require.NoError(t, err)
		require.Zero(t, p.Total, "the application's statement is part of it")
	})
}

func TestRebuildKeys(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		for _, email := range []string{"Ann@X", "Bob@X"} { // rows from before
			_, err := a.conn.Exec("INSERT INTO users (email, first_name, password_hash) VALUES ('" + email + "', '', '')")
			require.NoError(t, err)
		}
		find := func() int {
			e := filter.Compare{Path: schema.UserType.MustResolve("userName"), Op: filter.EQ, Value: schema.String("ANN@x")}
			p, err := a.users.List(t.Context(), &store.Query{Filter: filter.New(e), Count: 9})
			require.NoError(t, err)
			return len(p.Resources)
		}
		require.Zero(t, find())
		warned := func() int {
			var log strings.Builder
			_, err := sqlquery.NewTable(t.Context(), a.db, "users", schema.UserType, sqlquery.Options[hostUser]{
				New: newHostUser, Logger: slog.New(slog.NewTextHandler(&log, nil)), AllowRowsWithoutKeys: true,
			})
			require.NoError(t, err)
			return strings.Count(log.String(), "RebuildKeys")
		}
		require.Equal(t, 1, warned(), "one warning")
		n, err := a.users.RebuildKeys(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, 1, find())
		n, err = a.users.RebuildKeys(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "nothing is left to do")
		require.Zero(t, warned())
		_, err = a.users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, "aNN@X")))
		var taken *store.UniquenessError
		require.ErrorAs(t, err, &taken)
		require.Equal(t, "userName", taken.Path)

		_, err = a.conn.Exec("INSERT INTO users (email, first_name, password_hash) VALUES ('ANN@x', '', '')")
		require.NoError(t, err)
		var id int
		require.NoError(t, a.conn.QueryRow("SELECT MAX(id) FROM users").Scan(&id))
		_, err = a.users.RebuildKeys(t.Context())
		require.ErrorAs(t, err, &taken)
		require.ErrorContains(t, err, fmt.Sprintf("the key %d", id), "which row")
	})
}

func TestLists(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, f := fullTables(t, d)
		users := f.Users.(renamed)
		rows := func() (n int) {
			require.NoError(t, conn.QueryRow("SELECT COUNT(*) FROM full_emails").Scan(&n))
			return n
		}
		o, _ := schema.UserType.DecodeStored([]byte(`{"userName":"a","emails":[{"value":"A@x","type":"Work"},{"value":"b@x","primary":true}]}`))
		r := userOf(schema.UserType, "a").WithAttributes(o)
		r.ID = "2819c223-7f76-453a-919d-413861904646"
		_, err := users.Create(t.Context(), storetest.Creation(r))
		require.NoError(t, err)
		require.Equal(t, 2, rows())
		_, err = conn.Exec("DELETE FROM full_emails")
		require.NoError(t, err)
		n, err := users.RebuildKeys(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "no keys in the table itself were wrong")
		require.Equal(t, 2, rows(), "the rows of the list are back")
		emails := schema.UserType.MustResolve("emails")
		e := filter.ValuePath{Path: emails, Expr: filter.And{ // Entra ID's match by work e-mail
			Left:  filter.Compare{Path: schema.AttrPath{emails[0].Sub("type")}, Op: filter.EQ, Value: schema.String("work")},
			Right: filter.Compare{Path: schema.AttrPath{emails[0].Sub("value")}, Op: filter.EQ, Value: schema.String("a@X")},
		}}
		require.True(t, users.Describe().Filter(e))
		p, err := users.List(t.Context(), &store.Query{Filter: filter.New(e), Count: 9})
		require.NoError(t, err)
		require.Len(t, p.Resources, 1)
		require.NoError(t, users.Delete(t.Context(), storetest.Deletion(r, "")))
		require.Zero(t, rows())
	})
}

func TestIDsAreNotReused(t *testing.T) { // M-13
	hosts(t, func(t *testing.T, d host) {
		conn := d.open(t)
		d.create(t, conn, bareDDL)
		db, err := sqlquery.New(conn, d.dialect)
		require.NoError(t, err)
		bare, err := sqlquery.NewTable(t.Context(), db, "bare", schema.UserType, sqlquery.Options[bareUser]{})
		require.NoError(t, err)
		seen := map[string]bool{}
		for range 3 {
			r, err := bare.Create(t.Context(), storetest.Creation(userOf(bare.Type(), "a")))
			require.NoError(t, err)
			require.False(t, seen[r.ID], r.ID)
			seen[r.ID] = true
			require.NoError(t, bare.Delete(t.Context(), storetest.Deletion(r, "")), "the row goes")
		}
	})
}

func TestTableWithoutTenantColumnHasOneTenant(t *testing.T) {
	a := openApp(t, hostSQLite) // without a tenant column
	u := a.user(t, "a")
	refusesTenant(t, a.users, u, "other", `has no tenant column, but the request has the tenant "other"`)
}

func TestUniqueIndexOfTheApplication(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, db := openHost(t, d)
		_, err := conn.Exec("CREATE UNIQUE INDEX users_hash ON users (mail)")
		require.NoError(t, err)
		users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
		require.NoError(t, err)
		mail := func(name string) *schema.Resource {
			a := schema.UserType.MustResolve("emails.value")
			return userOf(schema.UserType, name).With(a[0], schema.List(schema.Complex((&schema.Object{}).With(a[1], schema.String("m@x")))))
		}
		_, err = users.Create(t.Context(), storetest.Creation(mail("a")))
		require.NoError(t, err)
		_, err = users.Create(t.Context(), storetest.Creation(mail("b")))
		var taken *store.UniquenessError
		require.ErrorAs(t, err, &taken, "an index that only the application knows of is 409, not 500")
		p, err := users.List(t.Context(), &store.Query{Total: true})
		require.NoError(t, err)
		require.Equal(t, 1, p.Total)
	})
}

func TestInvalidRowsAreLogged(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	var log strings.Builder
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{
		New: newHostUser, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	_, err = conn.Exec(`INSERT INTO users (email, first_name, password_hash, version, rest) VALUES ('', '', '', 1, '{"title":["a","b"],"nickName":"n"}')`)
	require.NoError(t, err)
	p, err := users.List(t.Context(), &store.Query{Count: 9})
	require.NoError(t, err)
	require.Len(t, p.Resources, 1)
	require.JSONEq(t, `{"nickName":"n"}`, string(p.Resources[0].Attributes.AppendJSON(nil)))
	require.Contains(t, log.String(), "title")
	require.Contains(t, log.String(), "id=u1")
}

func TestNewTableReportsMistakes(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	ctx := t.Context()
	_, err := sqlquery.NewTable(ctx, db, "nowhere", schema.UserType, sqlquery.Options[hostUser]{})
	require.ErrorContains(t, err, "nowhere")

	type misnamed struct {
		ID    string `scim:"id"`
		Email string `scim:"userName" db:"mail_address"`
		Key   string `scim:"userName,key" db:"email_key"`
	}
	_, err = sqlquery.NewTable(ctx, db, "users", schema.UserType, sqlquery.Options[misnamed]{})
	require.ErrorContains(t, err, "Email")
	require.ErrorContains(t, err, "mail_address")

	type keyless struct {
		ID    string `scim:"id"`
		Email string `scim:"userName"`
	}
	_, err = sqlquery.NewTable(ctx, db, "users", schema.UserType, sqlquery.Options[keyless]{})
	require.ErrorContains(t, err, "needs a key field")

	_, err = conn.Exec("CREATE TABLE reused (id INTEGER PRIMARY KEY, email TEXT, email_key TEXT UNIQUE)")
	require.NoError(t, err)
	type reused struct {
		ID       int64  `scim:"id"`
		Email    string `scim:"userName"`
		EmailKey string `scim:"userName,key"`
	}
	_, err = sqlquery.NewTable(ctx, db, "reused", schema.UserType, sqlquery.Options[reused]{})
	require.ErrorContains(t, err, "AUTOINCREMENT")

	_, err = conn.Exec("CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, email_key TEXT UNIQUE)")
	require.NoError(t, err)
	_, err = conn.Exec("CREATE TABLE robots (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, email_key TEXT UNIQUE)")
	require.NoError(t, err)
	people, err := sqlquery.NewTable(ctx, db, "people", schema.UserType, sqlquery.Options[reused]{})
	require.NoError(t, err)
	require.False(t, people.Describe().Versions, "without a version column")
	_, err = sqlquery.NewTable(ctx, db, "robots", schema.UserType, sqlquery.Options[reused]{})
	require.ErrorContains(t, err, "ids of people and robots can be the same") // M-12

	_, err = sqlquery.NewTable(ctx, db, "teams", schema.GroupType, sqlquery.Options[hostTeam]{})
	require.ErrorContains(t, err, "NewGroupTable")
	_, err = sqlquery.NewGroupTable(ctx, db, "teams", schema.GroupType, sqlquery.Members{Table: "nope", Group: "a", Member: "b"}, sqlquery.Options[hostTeam]{})
	require.ErrorContains(t, err, "nope")
	for _, path := range []string{"emails", "name", "tags"} {
		_, err = sqlquery.NewTable(ctx, db, "users", schema.UserType, sqlquery.Options[hostUser]{Lists: map[string]sqlquery.ListTable{path: {Table: "t", Owner: "o"}}})
		require.ErrorContains(t, err, path)
	}
}

func TestUndeclaredQueriesOfTablesAreRefused(t *testing.T) {
	a := openApp(t, hostSQLite)
	title := schema.UserType.MustResolve("title")
	f := filter.New(filter.Compare{Path: title, Op: filter.EQ, Value: schema.String("x")})
	require.False(t, a.users.Describe().Filter(f.Expr()))
	_, err := a.users.List(t.Context(), &store.Query{Filter: f, Count: 1})
	require.Error(t, err, "never an unfiltered list")
	_, err = a.users.List(t.Context(), &store.Query{SortBy: title, Count: 1})
	require.Error(t, err)
	work := schema.UserType.MustResolve("emails")
	e := filter.ValuePath{Path: work, Expr: filter.Compare{Path: schema.AttrPath{work[0].Sub("value")}, Op: filter.EQ, Value: schema.String("x")}}
	require.False(t, a.users.Describe().Filter(e), "beside a rest column the column of one element does not decide")
}

func TestQueriesUseIndexes(t *testing.T) {
	a := openApp(t, hostSQLite)
	w, err := sqlquery.NewTranslator(sqlquery.Mapping{
		Type: schema.UserType, Dialect: sqlquery.SQLite, Tie: "t.id",
		Columns: map[string]sqlquery.Column{"userName": {Expr: "t.email", Key: "t.email_key", NeverNull: true, Always: true}},
	})
	require.NoError(t, err)
	for _, op := range []filter.Op{filter.EQ, filter.SW, filter.GT} {
		where, args, err := w.Where(filter.Compare{Path: schema.UserType.MustResolve("userName"), Op: op, Value: schema.String("x")}, 1)
		require.NoError(t, err)
		require.Contains(t, plan(t, a.conn, "SELECT id FROM users AS t WHERE "+where, args...), "SEARCH t USING INDEX users_email", "%s", op)
	}
	order, err := w.OrderBy(schema.UserType.MustResolve("userName"), true)
	require.NoError(t, err)
	require.NotContains(t, plan(t, a.conn, "SELECT id FROM users AS t ORDER BY "+order+" LIMIT 9"), "FOR ORDER BY\n", "no sort of the whole table")
}

// plan returns how SQLite runs a query.
func plan(t *testing.T, conn *sql.DB, query string, args ...any) string {
	rows, err := conn.Query("EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err)
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		out.WriteString(detail + "\n")
	}
	require.NoError(t, rows.Err())
	return out.String()
}

func BenchmarkTable(b *testing.B) {
	a := openApp(b, hostSQLite)
	require.NoError(b, a.db.InTx(b.Context(), func(ctx context.Context) error {
		for i := range 10_000 {
			name := strings.Repeat("x", i%7) + time.Unix(int64(i), 0).String()
			if _, err := a.users.Create(ctx, storetest.Creation(userOf(schema.UserType, name))); err != nil {
				return err
			}
		}
		_, err := a.users.Create(ctx, storetest.Creation(userOf(schema.UserType, "needle")))
		return err
	}))
	b.Run("Get", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.users.Get(b.Context(), "u5000", store.GetOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	f := filter.New(filter.Compare{Path: schema.UserType.MustResolve("userName"), Op: filter.EQ, Value: schema.String("Needle")})
	b.Run("LookUp", func(b *testing.B) {
		for b.Loop() {
			if p, err := a.users.List(b.Context(), &store.Query{Filter: f, Count: 100, Total: true}); err != nil || p.Total != 1 {
				b.Fatal(p.Total, err)
			}
		}
	})
	b.Run("Page", func(b *testing.B) {
		middle, err := a.users.List(b.Context(), &store.Query{Offset: 5000, Count: 1})
		require.NoError(b, err)
		for b.Loop() {
			if _, err := a.users.List(b.Context(), &store.Query{After: middle.Next, Count: 100}); err != nil {
				b.Fatal(err)
			}
		}
	})
	_, err := a.conn.Exec("UPDATE users SET rest = ?", fullText)
	require.NoError(b, err)
	for name, some := range map[string][]*schema.Attribute{"All": nil, "UserName": a.attributes("userName"), "UserNameAndExtension": a.attributes("userName", schema.EnterpriseUserURI+":department")} {
		b.Run("Page1000/"+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := a.users.List(b.Context(), &store.Query{Count: 1000, Attributes: some}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Update", func(b *testing.B) {
		for b.Loop() {
			err := a.db.InTx(b.Context(), func(ctx context.Context) error {
				r, err := a.users.Get(ctx, "u5000", store.GetOptions{ForUpdate: true})
				if err == nil {
					_, err = a.users.Update(ctx, &store.Change{ID: r.ID, Before: r, After: r, IfVersion: r.Version})
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fullText is the rest column of a user with many attributes.
const fullText = `{"displayName":"Babs Jensen","nickName":"Babs","title":"Tour Guide","userType":"Employee","preferredLanguage":"en-US","timezone":"America/Los_Angeles",` +
	`"name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane"},` +
	`"emails":[{"value":"babs@jensen.org","type":"home"},{"value":"bjensen@example.com","type":"work","primary":true}],` +
	`"addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US"}],` +
	`"phoneNumbers":[{"value":"555-555-5555","type":"work"}],"` + schema.EnterpriseUserURI + `":{"employeeNumber":"701984","department":"Tour Operations"}}`

// attributes returns root attributes of users by the paths of something in them.
func (a hostApp) attributes(paths ...string) (out []*schema.Attribute) {
	for _, p := range paths {
		out = append(out, a.users.Type().MustResolve(p).Root())
	}
	return out
}

// Only the columns of the attributes that are asked for are read, and the rest
// column only if it may have any of them.
func TestColumnsOfSomeAttributes(t *testing.T) {
	conn, recorder := openRecorded(t, hostSQLite)
	hostSQLite.create(t, conn, hostDDL)
	db, err := sqlquery.New(conn, hostSQLite.dialect)
	require.NoError(t, err)
	a := newApp(t, conn, db)
	u := a.user(t, "bjensen")
	for _, tt := range []struct {
		paths []string
		rest  bool
		other string
	}{
		{[]string{"userName"}, false, "email"},
		{[]string{"active", "externalId"}, false, "disabled,external_id"},
		{[]string{"name"}, true, "first_name"},
		{[]string{"title"}, true, ""},
		{[]string{"emails"}, true, "mail,work_mail"},
	} {
		want := tt.other
		if tt.rest {
			want = strings.Trim(want+",rest", ",")
		}
		some := a.attributes(tt.paths...)
		for _, read := range []func(){
			func() { _, _ = a.users.Get(t.Context(), u.ID, store.GetOptions{Attributes: some}) },
			func() { _, _ = a.users.List(t.Context(), &store.Query{Count: 1, Attributes: some}) },
		} {
			ran := inTransaction(recorder.Statements(read))
			require.Len(t, ran, 1)
			columns, _, _ := strings.Cut(ran[0], " FROM ")
			var got []string
			for _, name := range []string{"email", "first_name", "disabled", "external_id", "mail", "work_mail", "email_key", "former_key", "deleted_at", "rest"} {
				if strings.Contains(columns, `."`+name+`"`) {
					got = append(got, name)
				}
			}
			require.Equal(t, want, strings.Join(got, ","), ran[0])
		}
	}
}
