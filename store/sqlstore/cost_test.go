package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// counter is a driver that records the statements of another one, also those that are
// prepared.
type counter struct {
	driver.Driver
	mutex sync.Mutex
	seen  []string

	before func(query string) // is called before a prepared query
}

func (c *counter) Open(dsn string) (driver.Conn, error) {
	conn, err := c.Driver.Open(dsn)
	return &countedConn{conn, c}, err
}

// record records a statement that ran.
func (c *counter) record(query string, err error) {
	if errors.Is(err, driver.ErrSkip) {
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
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return &countedStmt{s, c.counter, query}, err
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	c.counter.record("BEGIN", err)
	return &countedTx{tx, c.counter}, err
}

func (c *countedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

type countedTx struct {
	driver.Tx
	counter *counter
}

func (t *countedTx) Commit() error {
	err := t.Tx.Commit()
	t.counter.record("COMMIT", err)
	return err
}

type countedStmt struct {
	driver.Stmt
	counter *counter
	query   string
}

func (s *countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.counter.record(s.query, nil)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.counter.record(s.query, nil)
	if s.counter.before != nil {
		s.counter.before(s.query)
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// connector connects with the driver of a counter.
type connector struct {
	*counter
	dsn string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.counter }

var countedDrivers int

// counted opens a database whose statements are counted, with its tables made.
func (d database) counted(t *testing.T) (*sqlstore.DB, *counter) {
	plain := sqltest.Open(t, d.driver, d.dsn)
	c := &counter{Driver: plain.Driver()}
	var db *sqlstore.DB
	var err error
	if d.path != "" {
		countedDrivers++
		name := fmt.Sprintf("counted %d", countedDrivers)
		sql.Register(name, c)
		db, err = sqlstore.OpenSQLite(name, d.path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
	} else {
		pool := sql.OpenDB(connector{c, d.dsn})
		t.Cleanup(func() { require.NoError(t, pool.Close()) })
		db, err = sqlstore.New(pool, d.dialect)
		require.NoError(t, err)
	}
	require.NoError(t, db.Migrate(t.Context()))
	return db, c
}

// The statements of each request, BEGIN and COMMIT among them.
func TestStatementsOfRequests(t *testing.T) {
	for i, x := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			db, count := x.make(t).counted(t)
			c := scimtest.NewClient(t, serve(t, db, tenantToken{}), "t")
			free := scimtest.NewClient(t, serve(t, db, tenantToken{}, func(c *scim.Config) { c.Brake.Off = true }), "t")
			id := func(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
			user, other, group := c.NewUser("ada"), c.NewUser("bob"), c.NewGroup("g")
			c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(other)+`"}]}`)
			c.Patch(other, `{"op":"replace","path":"active","value":false}`) // the counters of the brake begin
			for _, r := range []struct {
				name string
				want [3]int // on each
				send func()
			}{
				{"get", [3]int{1, 1, 2}, func() { c.Get(user).Is(200) }},
				{"get of a member", [3]int{1, 1, 2}, func() { c.Get(other).Is(200) }},
				{"look-up", [3]int{1, 1, 2}, func() { c.Get("/Users?filter=userName+eq+%22ada%22").Is(200) }},
				{"page", [3]int{2, 3, 3}, func() { c.Get("/Users?count=1").Is(200) }},
				{"create", [3]int{6, 1, 7}, func() { c.NewUser("eve") }},
				{"create what exists", [3]int{5, 5, 4}, func() { c.Post("/Users", scimtest.User("eve")).Is(409) }},
				{"PUT", [3]int{2, 2, 3}, func() { c.Put(user, scimtest.User("ada", `"title":"Guide"`)).Is(200) }},
				{"PUT of another name", [3]int{10, 10, 11}, func() { c.Put(user, scimtest.User("ada2")).Is(200) }},
				{"PATCH active", [3]int{6, 6, 7}, func() { c.Patch(user, `{"op":"replace","path":"active","value":false}`).Is(200) }},
				{"PATCH active without a brake", [3]int{2, 2, 3}, func() { free.Patch(user, `{"op":"replace","path":"active","value":true}`).Is(200) }},
				{"add a member", [3]int{7, 6, 8}, func() {
					c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(user)+`"}]}`)
				}},
				{"add it again", [3]int{6, 5, 6}, func() {
					c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(user)+`"}]}`)
				}},
				{"remove a member", [3]int{12, 11, 11}, func() { c.Patch(group, `{"op":"remove","path":"members[value eq \"`+id(user)+`\"]"}`) }},
				{"delete", [3]int{12, 11, 11}, func() { c.Delete(user).Is(204) }},
				{"delete a member", [3]int{15, 15, 15}, func() { c.Delete(other).Is(204) }},
			} {
				seen := count.statements(r.send)
				if want := r.want[i]; len(seen) != want {
					t.Errorf("%s: %d statements, want %d:\n%s", r.name, len(seen), want, strings.Join(seen, "\n"))
				}
			}
		})
	}
}
