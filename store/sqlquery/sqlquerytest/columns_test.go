package sqlquerytest

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// bytesUser has byte slices on columns of text, and columns with constraints of
// the application.
type bytesUser struct {
	ID       int64           `scim:"id,prefix=u"`
	Login    string          `scim:"userName"`
	LoginKey *string         `scim:"userName,key"`
	Title    *string         `scim:"title"`
	Name     *string         `scim:"displayName" db:"full_name"`
	Version  int64           `scim:"meta.version"`
	Rest     json.RawMessage `scim:",rest"`
	Hash     []byte          `db:"hash"`
}

var bytesDDL = []string{
	`CREATE TABLE accounts (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, title TEXT CHECK (title <> 'Forbidden'),
		full_name TEXT NOT NULL, version BIGINT NOT NULL, rest LONGTEXT NOT NULL, hash TEXT NOT NULL)`,
	`CREATE UNIQUE INDEX accounts_login ON accounts (login_key)`,
}

func newBytesUser(context.Context, *schema.Resource) (*bytesUser, error) {
	return &bytesUser{Hash: []byte("!none")}, nil
}

// onEachHost runs a test on an application's tables in every available database,
// on PostgreSQL also with the settings for a pooler.
func onEachHost(t *testing.T, test func(t *testing.T, d host, conn *sql.DB)) {
	t.Run("SQLite", func(t *testing.T) { test(t, hostSQLite, hostSQLite.open(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, hostPostgreSQL, hostPostgreSQL.open(t)) })
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run("PostgreSQL "+mode, func(t *testing.T) {
			u, err := url.Parse(sqltest.NewPostgres(t))
			require.NoError(t, err)
			q := u.Query()
			q.Set("default_query_exec_mode", mode)
			u.RawQuery = q.Encode()
			test(t, hostPostgreSQL, sqltest.Open(t, "pgx", u.String()))
		})
	}
	t.Run("MariaDB", func(t *testing.T) { test(t, hostMariaDB, hostMariaDB.open(t)) })
}

// usersHandler serves one table as /Users.
func usersHandler(t *testing.T, conn *sql.DB, d host) http.Handler {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[bytesUser]{New: newBytesUser})
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim/v2", Auth: scim.InsecureNoAuthentication(), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(users)},
	})
	require.NoError(t, err)
	return h
}

func do(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const accountBody = `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], `

// Byte slices on columns of text work with every driver, for the rest and for the
// application's own columns.
func TestByteSlicesOnTextColumns(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, bytesDDL)
		h := usersHandler(t, conn, d)
		w := do(h, "POST", "/Users", accountBody+`"userName": "ada", "displayName": "Ada", "nickName": "a\\b\"c"}`)
		require.Equal(t, 201, w.Code, w.Body)
		require.Contains(t, do(h, "GET", "/Users/u1", "").Body.String(), `"nickName":"a\\b\"c"`)
		w = do(h, "PATCH", "/Users/u1", `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
			"Operations": [{"op": "add", "path": "locale", "value": "en-GB"}]}`)
		require.Less(t, w.Code, 300, w.Body)
		require.Contains(t, do(h, "GET", "/Users/u1", "").Body.String(), `"locale":"en-GB"`)
		var hash, rest string
		require.NoError(t, conn.QueryRow("SELECT hash, rest FROM accounts WHERE hash = '!none' AND rest LIKE '%en-GB%'").Scan(&hash, &rest))
	})
}

// A value that violates a constraint of the application is a client error if the
// client sent or omitted it. The response does not repeat the value.
func TestConstraintsOfTheApplication(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, bytesDDL)
		h := usersHandler(t, conn, d)
		w := do(h, "POST", "/Users", accountBody+`"userName": "ada", "displayName": "Ada", "title": "Forbidden"}`)
		require.Equal(t, 400, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"scimType":"invalidValue"`)
		require.NotContains(t, w.Body.String(), "Forbidden")
		w = do(h, "POST", "/Users", accountBody+`"userName": "ada"}`)
		require.Equal(t, 400, w.Code, w.Body)
		require.Contains(t, w.Body.String(), "displayName")
		require.Equal(t, 201, do(h, "POST", "/Users", accountBody+`"userName": "ada", "displayName": "Ada"}`).Code, "nothing is left of the others")
	})
}

// A NOT NULL column that neither the client nor the application fills is a server
// error.
func TestForgottenColumnIsAServerError(t *testing.T) {
	conn := hostSQLite.open(t)
	hostSQLite.create(t, conn, bytesDDL)
	_, err := conn.Exec("ALTER TABLE accounts ADD COLUMN plan TEXT NOT NULL DEFAULT 'x' CHECK (plan IS NOT NULL)")
	require.NoError(t, err)
	hostSQLite.create(t, conn, []string{"CREATE TRIGGER forget BEFORE INSERT ON accounts BEGIN INSERT INTO needs (title) VALUES (NULL); END",
		"CREATE TABLE needs (title TEXT, own TEXT NOT NULL)"})
	w := do(usersHandler(t, conn, hostSQLite), "POST", "/Users", accountBody+`"userName": "ada", "displayName": "Ada"}`)
	require.Equal(t, 500, w.Code, w.Body)
}

// Without a strict sql_mode the server cuts values off and reports success.
func TestSQLModeMustBeStrict(t *testing.T) {
	loose, err := mysql.ParseDSN(sqltest.NewMariaDB(t))
	require.NoError(t, err)
	loose.Params = map[string]string{"sql_mode": "'NO_ENGINE_SUBSTITUTION'"}
	conn, err := sql.Open("mysql", loose.FormatDSN())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	hostMariaDB.create(t, conn, bytesDDL)

	db, err := sqlquery.New(conn, sqlquery.MySQL)
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[bytesUser]{New: newBytesUser})
	require.ErrorContains(t, err, "is not strict")
	require.ErrorContains(t, err, "STRICT_TRANS_TABLES")
}

// A dialect of another database is an error when a table is opened.
func TestDialectMustMatchTheDatabase(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, bytesDDL)
		for _, other := range []sqlquery.Dialect{sqlquery.SQLite, sqlquery.PostgreSQL, sqlquery.MySQL} {
			db, err := sqlquery.New(conn, other)
			require.NoError(t, err)
			_, err = sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[bytesUser]{New: newBytesUser})
			if other == d.dialect {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, "the dialect says")
		}
	})
}

// New rejects an outbox in another database: one transaction writes both.
func TestOutboxOfAnotherPool(t *testing.T) {
	conn, other := hostSQLite.open(t), hostSQLite.open(t)
	hostSQLite.create(t, conn, bytesDDL)
	db, err := sqlquery.New(conn, sqlquery.SQLite)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[bytesUser]{New: newBytesUser})
	require.NoError(t, err)
	build := func(pool *sql.DB) error {
		outbox, err := sqlstore.New(pool, sqlstore.SQLite)
		require.NoError(t, err)
		_, err = scim.New(scim.Config{
			BaseURL: "https://example.com/scim/v2", Auth: scim.InsecureNoAuthentication(), Tx: db, Outbox: outbox,
			Endpoints: []scim.Endpoint{scim.Users(users)},
		})
		return err
	}
	require.NoError(t, build(conn))
	require.ErrorContains(t, build(other), "Config.Outbox (*sqlstore.DB) is on another database than Config.Tx (*sqlquery.DB)")
}
