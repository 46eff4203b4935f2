package sqlquerytest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// counter is a driver that records the statements of another one.
type counter struct {
	driver.Driver
	dsn string

	mutex sync.Mutex
	seen  []string
}

func (c *counter) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Open(c.dsn)
	return &countedConn{conn, c}, err
}

// record records a statement that ran.
func (c *counter) record(query string, err error) {
	if errors.Is(err, driver.ErrSkip) || strings.HasSuffix(query, "WHERE 1 = 0") { // the latter begins a write in SQLite
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.seen = append(c.seen, query)
}

// statements returns the statements that an action runs.
func (c *counter) statements(action func()) []string {
	c.mutex.Lock()
	c.seen = nil
	c.mutex.Unlock()
	action()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.seen
}

type countedConn struct {
	driver.Conn
	counter *counter
}

func (c *countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	c.counter.record(query, err)
	return result, err
}

func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	c.counter.record(query, err)
	return rows, err
}

func (c *countedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.counter.record(query, nil)
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *countedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *countedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// openCounted opens a database whose statements are counted.
func openCounted(t *testing.T, d host) (*sql.DB, *counter) {
	c := &counter{}
	name := "sqlite"
	switch d.dialect {
	case sqlquery.SQLite:
		c.dsn = "file:" + filepath.Join(t.TempDir(), "host.db") + "?_pragma=foreign_keys(ON)"
	case sqlquery.PostgreSQL:
		name, c.dsn = "pgx", sqltest.NewPostgres(t)
	case sqlquery.MySQL:
		name, c.dsn = "mysql", sqltest.NewMariaDB(t)
	}
	plain := sqltest.Open(t, name, c.dsn)
	c.Driver = plain.Driver()
	conn := sql.OpenDB(connector{c})
	t.Cleanup(func() { conn.Close() })
	return conn, c
}

type connector struct{ *counter }

func (c connector) Driver() driver.Driver { return c.counter.Driver }

// A write needs at most two statements more than the same write by hand, which
// reads what it changes and writes it. BEGIN and COMMIT are not counted.
func TestStatementsOfWrites(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, count := openCounted(t, d)
		d.create(t, conn, completeDDL)
		c := costClient(t, d, conn)
		var user, group string
		for _, w := range []struct {
			name   string
			byHand int
			write  func()
		}{
			// SELECT for the name, INSERT.
			{"POST", 2, func() {
				user = c.Post("/Users", scimtest.User("ada", `"name":{"givenName":"Ada"}`)).Is(201).String("id")
			}},
			{"another POST", 2, func() { c.Post("/Users", scimtest.User("bob")).Is(201) }},
			// SELECT … FOR UPDATE, UPDATE.
			{"PUT", 2, func() { c.Put("/Users/"+user, scimtest.User("ada", `"title":"Guide"`)).Is(200) }},
			// SELECT … FOR UPDATE, SELECT for the name, UPDATE.
			{"PUT of another name", 3, func() { c.Put("/Users/"+user, scimtest.User("ada2", `"title":"Guide"`)).Is(200) }},
			{"PUT of nothing", 1, func() { c.Put("/Users/"+user, scimtest.User("ada2", `"title":"Guide"`)).Is(200) }},
			{"PATCH active", 2, func() { c.Patch("/Users/"+user, `{"op":"replace","path":"active","value":false}`).Is(200) }},
			// INSERT.
			{"POST of a group", 1, func() { group = c.Post("/Groups", scimtest.Group("g")).Is(201).String("id") }},
			// SELECT … FOR UPDATE of the group and of the user, INSERT, UPDATE of the group.
			{"add a member", 4, func() {
				c.Patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+user+`"}]}`)
			}},
			// SELECT … FOR UPDATE, DELETE, UPDATE of the group.
			{"remove a member", 3, func() { c.Patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+user+`\"]"}`) }},
			// SELECT … FOR UPDATE, SELECT of the groups, UPDATE or DELETE.
			{"DELETE", 3, func() { c.Delete("/Users/" + user).Is(204) }},
			{"DELETE of a group", 3, func() { c.Delete("/Groups/" + group).Is(204) }},
		} {
			ran := count.statements(w.write)
			require.LessOrEqual(t, len(ran), w.byHand+2, "%s:\n%s", w.name, strings.Join(ran, "\n"))
			require.NotEmpty(t, ran)
			t.Logf("%s: %d statements, by hand %d", w.name, len(ran), w.byHand)
		}
	})
}

func costClient(t *testing.T, d host, conn *sql.DB) *scimtest.Client {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "people", schema.UserType, sqlquery.Options[personName]{
		New:      func(context.Context, *schema.Resource) (*personName, error) { return &personName{Hash: "!"}, nil },
		Complete: fullName,
	})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "slugs", schema.GroupType,
		sqlquery.Members{Table: "slug_members", Group: "team_id", Member: "person_id", Of: users}, sqlquery.Options[slugTeam]{Complete: slugOf})
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(teams)},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "t")
}
