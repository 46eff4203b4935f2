package sqlquerytest

import (
	"database/sql"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

type status string

// staff has the states of an account in a column of text.
type staff struct {
	ID       int64   `scim:"id"`
	Login    string  `scim:"userName"`
	LoginKey *string `scim:"userName,key"`
	Status   status  `scim:"active,true=active|trial,false=suspended|invited"`
	Version  int64   `scim:"meta.version"`
	Rest     string  `scim:",rest"`
}

// numberedStaff has them in a column of integers that may be NULL.
type numberedStaff struct {
	ID       int64  `scim:"id"`
	Login    string `scim:"userName"`
	LoginKey string `scim:"userName,key"`
	State    *int16 `scim:"active,true=1|2,false=0"`
	Rest     string `scim:",rest"`
}

// looseStaff has them in a column of text that may be NULL.
type looseStaff struct {
	ID       int64          `scim:"id"`
	Login    string         `scim:"userName"`
	LoginKey string         `scim:"userName,key"`
	Status   sql.NullString `scim:"active,true=Y,false=N"`
	Rest     string         `scim:",rest"`
}

var staffDDL = []string{
	`CREATE TABLE staff (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, status TEXT NOT NULL, version BIGINT NOT NULL, rest LONGTEXT NOT NULL, UNIQUE (login_key))`,
	`CREATE TABLE numbered_staff (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, state SMALLINT, rest LONGTEXT NOT NULL, UNIQUE (login_key))`,
	`CREATE TABLE loose_staff (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, status TEXT, rest LONGTEXT NOT NULL, UNIQUE (login_key))`,
}

// staffClient serves a table as /Users.
func staffClient[T any](t *testing.T, d host, conn *sql.DB, name string, o sqlquery.Options[T]) (*scimtest.Client, *sqlquery.Table[T]) {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, name, schema.UserType, o)
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{scim.Users(users)},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "t"), users
}

// column returns a column of the row with a login.
func column(t *testing.T, conn *sql.DB, table, name, login string) string {
	var out sql.NullString
	require.NoError(t, conn.QueryRow("SELECT "+name+" FROM "+table+" WHERE login = '"+login+"'").Scan(&out))
	return out.String
}

func TestValueMapThroughHTTP(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, staffDDL)
		c, _ := staffClient(t, d, conn, "staff", sqlquery.Options[staff]{})
		status := func(want string) {
			t.Helper()
			require.Equal(t, want, column(t, conn, "staff", "status", "ada"))
		}
		c.Post("/Users", scimtest.User("out", `"active":false`)).Is(201)
		require.Equal(t, "suspended", column(t, conn, "staff", "status", "out"))
		id := c.Post("/Users", scimtest.User("ada")).Is(201).String("id")
		status("active")
		patch := func(operation string) { c.Patch("/Users/"+id, operation).Is(200) }
		patch(`{"op":"replace","path":"active","value":false}`)
		status("suspended")
		set := func(value string) {
			_, err := conn.Exec("UPDATE staff SET status = '" + value + "' WHERE login = 'ada'")
			require.NoError(t, err)
		}
		set("invited")
		patch(`{"op":"replace","value":{"active":false,"title":"Guide"}}`)
		status("invited")
		patch(`{"op":"replace","path":"active","value":true}`)
		status("active")
		set("trial")
		c.Put("/Users/"+id, scimtest.User("ada", `"active":true`, `"nickName":"A"`)).Is(200)
		status("trial")
		c.Put("/Users/"+id, scimtest.User("ada", `"active":false`)).Is(200)
		status("suspended")
		set("banned")
		require.Equal(t, false, c.Get("/Users/"+id).Is(200).Value("active"))
		patch(`{"op":"replace","path":"active","value":false}`)
		status("banned")
	})
}

// Filters and orders on a value map run in SQL and agree with what is read.
func TestValueMapFilters(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, staffDDL)
		text, users := staffClient(t, d, conn, "staff", sqlquery.Options[staff]{})
		integers, numbered := staffClient(t, d, conn, "numbered_staff", sqlquery.Options[numberedStaff]{})
		nullable, loose := staffClient(t, d, conn, "loose_staff", sqlquery.Options[looseStaff]{})
		insert := func(table, column string, values ...string) {
			for i, v := range values {
				login := string(rune('a' + i))
				q := "INSERT INTO " + table + " (login, login_key, " + column + ", rest"
				end := ") VALUES ('" + login + "', '" + login + "', " + v + ", ''"
				if table == "staff" {
					q, end = q+", version", end+", 1"
				}
				_, err := conn.Exec(q + end + ")")
				require.NoError(t, err)
			}
		}
		insert("staff", "status", "'active'", "'trial'", "'suspended'", "'invited'", "'ACTIVE'", "'active '", "''", "'banned'")
		insert("numbered_staff", "state", "1", "2", "0", "3", "NULL")
		insert("loose_staff", "status", "'Y'", "'N'", "'y'", "NULL")
		for _, c := range []struct {
			client *scimtest.Client
			can    func(filter.Expr) bool
			want   map[string]string
		}{
			{text, users.Describe().Filter, map[string]string{
				"active eq true": "ab", "active eq false": "cdefgh", "active ne true": "cdefgh", "active ne false": "ab",
				"active pr": "abcdefgh", "not (active pr)": "", "active eq null": "", "not (active eq true)": "cdefgh"}},
			{integers, numbered.Describe().Filter, map[string]string{
				"active eq true": "ab", "active eq false": "cd", "active ne true": "cde", "active pr": "abcd", "active eq null": "e"}},
			{nullable, loose.Describe().Filter, map[string]string{
				"active eq true": "a", "active eq false": "bc", "active ne true": "bcd", "active pr": "abc", "active eq null": "d"}},
		} {
			for text, want := range c.want {
				f, err := filter.NewResolver(schema.UserType, filter.Options{}).Filter(text, nil)
				require.NoError(t, err)
				require.True(t, c.can(f.Expr()), text)
				require.Equal(t, want, found(c.client, "filter="+text), text)
			}
		}
		require.True(t, users.Describe().Sort(schema.UserType.MustResolve("active")))
		require.Equal(t, "cdefghab", found(text, "sortBy=active"))
		require.Equal(t, "bahgfedc", found(text, "sortBy=active&sortOrder=descending"))
		require.Equal(t, "cdabe", found(integers, "sortBy=active"))
		require.Equal(t, "bcad", found(nullable, "sortBy=active"))
	})
}

// found returns the userNames of a list, in order.
func found(c *scimtest.Client, query string) string {
	return strings.Join(c.Do(http.MethodGet, "/Users?"+query, nil).Strings("userName"), "")
}

// A value that the tag does not name is logged once, not at each request.
func TestUnnamedValueIsLoggedOnce(t *testing.T) {
	conn := hostSQLite.open(t)
	hostSQLite.create(t, conn, staffDDL)
	var log strings.Builder
	c, _ := staffClient(t, hostSQLite, conn, "staff", sqlquery.Options[staff]{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	_, err := conn.Exec("INSERT INTO staff (login, login_key, status, version, rest) VALUES ('a', 'a', 'banned', 1, ''), ('b', 'b', 'banned', 1, ''), ('c', 'c', 'left', 1, '')")
	require.NoError(t, err)
	for range 3 {
		c.Get("/Users").Is(200)
	}
	require.Equal(t, 1, strings.Count(log.String(), "banned"), log.String())
	require.Equal(t, 1, strings.Count(log.String(), "left"), log.String())
	require.Contains(t, log.String(), "add it to true= or false=")
}

// An enumerated type of PostgreSQL or MariaDB is a column of text to the tag.
func TestValueMapOfEnumeratedType(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		ddl := `CREATE TABLE staff (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, status STATE NOT NULL, version BIGINT NOT NULL, rest LONGTEXT NOT NULL, UNIQUE (login_key))`
		state := map[sqlquery.Dialect]string{sqlquery.SQLite: "TEXT", sqlquery.PostgreSQL: "state", sqlquery.MySQL: "ENUM('active', 'suspended', 'invited')"}[d.dialect]
		if d.dialect == sqlquery.PostgreSQL {
			_, err := conn.Exec("CREATE TYPE state AS ENUM ('active', 'suspended', 'invited')")
			require.NoError(t, err)
		}
		d.create(t, conn, []string{strings.Replace(ddl, "STATE", state, 1)})
		c, _ := staffClient(t, d, conn, "staff", sqlquery.Options[staff]{})
		id := c.Post("/Users", scimtest.User("a")).Is(201).String("id")
		require.Equal(t, "a", found(c, "filter=active eq true"))
		c.Patch("/Users/"+id, `{"op":"replace","path":"active","value":false}`).Is(200)
		require.Empty(t, found(c, "filter=active eq true"))
		require.Equal(t, "suspended", column(t, conn, "staff", "status", "a"))
	})
}
