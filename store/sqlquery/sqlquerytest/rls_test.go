package sqlquerytest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// rlsUser and rlsGroup have no field for the tenant: the policies of the tables
// are the only thing that keeps tenants apart.
type rlsUser struct {
	ID        string  `scim:"id,uuid"`
	UserName  string  `scim:"userName"`
	UserKey   *string `scim:"userName,key"`
	FormerKey *string `scim:"userName,former"`
	Active    *bool   `scim:"active"`
	Version   int64   `scim:"meta.version"`
	CreatedAt int64   `scim:"meta.created,unit=us"`
	UpdatedAt int64   `scim:"meta.lastModified,unit=us"`
	Deleted   bool    `scim:",deleted"`
	Rest      string  `scim:",rest"`
}

// rlsAnyUser is the row for functions that work on all tenants.
type rlsAnyUser struct {
	rlsUser
	Tenant string `scim:",tenant"`
}

type rlsGroup struct {
	ID        string `scim:"id,uuid"`
	Name      string `scim:"displayName"`
	NameKey   string `scim:"displayName,key"`
	Version   int64  `scim:"meta.version"`
	CreatedAt int64  `scim:"meta.created,unit=us"`
	UpdatedAt int64  `scim:"meta.lastModified,unit=us"`
	Rest      string `scim:",rest"`
}

var rlsDDL = []string{
	`CREATE TABLE rls_users (tenant text NOT NULL DEFAULT current_setting('app.tenant'), id text PRIMARY KEY, user_name text NOT NULL, user_key text, former_key text,
		active boolean, version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted boolean, rest text NOT NULL)`,
	`CREATE UNIQUE INDEX rls_users_key ON rls_users (tenant, user_key)`,
	`CREATE INDEX rls_users_former ON rls_users (tenant, former_key)`,
	`CREATE TABLE rls_groups (tenant text NOT NULL DEFAULT current_setting('app.tenant'), id text PRIMARY KEY, name text NOT NULL, name_key text NOT NULL,
		version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, rest text NOT NULL)`,
	`CREATE TABLE rls_members (tenant text NOT NULL DEFAULT current_setting('app.tenant'), group_id text NOT NULL, member text NOT NULL, type text NOT NULL, member_key text NOT NULL,
		PRIMARY KEY (group_id, member))`,
	`CREATE INDEX rls_members_member ON rls_members (member)`,
}

// rlsHost is a PostgreSQL database with row-level security and a role without
// rights that would exempt it, the owner of the tables.
type rlsHost struct {
	admin *sql.DB // exempt from the policies
	dsn   string
	role  string
}

func newRLSHost(t testing.TB) rlsHost {
	h := rlsHost{dsn: sqltest.NewPostgres(t), role: "scim_rls_" + strings.ToLower(rand.Text())}
	h.admin = sqltest.Open(t, "pgx", h.dsn)
	u, err := url.Parse(h.dsn)
	require.NoError(t, err)
	statements := []string{"CREATE ROLE " + h.role, "GRANT USAGE, CREATE ON SCHEMA " + u.Query().Get("search_path") + " TO " + h.role}
	statements = append(statements, rlsDDL...)
	for _, table := range []string{"rls_users", "rls_groups", "rls_members"} {
		statements = append(statements,
			"ALTER TABLE "+table+" OWNER TO "+h.role, "ALTER TABLE "+table+" ENABLE ROW LEVEL SECURITY", "ALTER TABLE "+table+" FORCE ROW LEVEL SECURITY",
			"CREATE POLICY tenants ON "+table+" USING (tenant = NULLIF(current_setting('app.tenant', true), ''))")
	}
	t.Cleanup(func() {
		for _, s := range []string{"DROP OWNED BY " + h.role + " CASCADE", "DROP ROLE " + h.role} {
			_, err := h.admin.Exec(s)
			require.NoError(t, err, s)
		}
	})
	for _, s := range statements {
		_, err := h.admin.Exec(s)
		require.NoError(t, err, s)
	}
	return h
}

// open returns a pool of few connections of the role, so that tenants take turns
// on each of them.
func (h rlsHost) open(t testing.TB) *sql.DB {
	u, err := url.Parse(h.dsn)
	require.NoError(t, err)
	query := u.Query()
	query.Set("role", h.role)
	u.RawQuery = query.Encode()
	pool := sqltest.Open(t, "pgx", u.String())
	pool.SetMaxOpenConns(3)
	return pool
}

// setTenant is what an application gives to sqlquery.Prepare.
func setTenant(ctx context.Context, tx *sql.Tx, tenant string) error {
	_, err := tx.ExecContext(ctx, "SELECT set_config('app.tenant', $1, true)", tenant)
	return err
}

func rlsAda() *schema.Resource {
	r := userOf(schema.UserType, "ada")
	r.ID = "8b8fbd34-4b1f-4e4a-9a34-1e4f3c1a0a01"
	return r
}

type rlsTables struct {
	db     *sqlquery.DB
	users  *sqlquery.Table[rlsUser]
	groups *sqlquery.GroupTable[rlsGroup]
}

func newRLSTables(t testing.TB, pool *sql.DB, options ...sqlquery.Option) rlsTables {
	db, err := sqlquery.New(pool, sqlquery.PostgreSQL, options...)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "rls_users", schema.UserType, sqlquery.Options[rlsUser]{})
	require.NoError(t, err)
	groups, err := sqlquery.NewGroupTable(t.Context(), db, "rls_groups", schema.GroupType,
		sqlquery.Members{Table: "rls_members", Group: "group_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[rlsGroup]{})
	require.NoError(t, err)
	return rlsTables{db, users, groups}
}

// serve returns a client for a handler on the tables: the bearer token of a tenant
// is its name.
func (a rlsTables) serve(t *testing.T) func(tenant, method, path, body string) (int, map[string]any) {
	tokens := []store.Token{scim.HashToken("a", "a"), scim.HashToken("b", "b")}
	tokens[0].Tenant, tokens[1].Tenant = "a", "b"
	h, err := scim.New(scim.Config{
		BaseURL: "http://localhost", Auth: scim.BearerTokens(tokens...), Tx: a.db,
		Endpoints: []scim.Endpoint{scim.Users(a.users), scim.Groups(a.groups)},
	})
	require.NoError(t, err)
	return func(tenant, method, path, body string) (int, map[string]any) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+tenant)
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		text, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		var answer map[string]any
		if len(text) > 0 {
			require.NoError(t, json.Unmarshal(text, &answer), "%s", text)
		}
		return w.Code, answer
	}
}

const (
	rlsNewUser    = `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.com"}`
	rlsDeactivate = `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": false}]}`
)

func TestRowLevelSecurityIsolatesTenantsOverHTTP(t *testing.T) {
	t.Parallel()
	host := newRLSHost(t)
	pool := host.open(t)
	serveIsolated(t, newRLSTables(t, pool, sqlquery.Prepare(setTenant)))
	forgets := func(context.Context, *sql.Tx, string) error { return nil }
	serveUnprepared(t, newRLSTables(t, pool, sqlquery.Prepare(forgets)))
	var n int
	require.NoError(t, host.admin.QueryRow("SELECT count(*) FROM rls_users").Scan(&n))
	require.Equal(t, 2, n)
}

// serveIsolated creates the same user in two tenants, and expects each tenant to
// see and change its own only.
func serveIsolated(t *testing.T, a rlsTables) {
	call := a.serve(t)
	ids := map[string]string{}
	for _, tenant := range []string{"a", "b"} {
		code, made := call(tenant, "POST", "/Users", rlsNewUser)
		require.Equal(t, http.StatusCreated, code, "%v", made)
		ids[tenant] = made["id"].(string)
		code, _ = call(tenant, "POST", "/Users", rlsNewUser)
		require.Equal(t, http.StatusConflict, code, "the name is taken in the tenant")
		code, _ = call(tenant, "POST", "/Groups", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "staff", "members": [{"value": "`+ids[tenant]+`"}]}`)
		require.Equal(t, http.StatusCreated, code)
	}
	for tenant, other := range map[string]string{"a": "b", "b": "a"} {
		for _, path := range []string{"/Users", "/Users?filter=userName+eq+%22ADA@example.com%22", "/Groups", "/Groups?filter=members.value+eq+%22" + ids[tenant] + "%22"} {
			_, list := call(tenant, "GET", path, "")
			require.EqualValues(t, 1, list["totalResults"], path)
		}
		_, list := call(tenant, "GET", "/Groups?filter=members.value+eq+%22"+ids[other]+"%22", "")
		require.EqualValues(t, 0, list["totalResults"])
		code, user := call(tenant, "GET", "/Users/"+ids[tenant], "")
		require.Equal(t, http.StatusOK, code)
		require.Len(t, user["groups"], 1)
		for _, method := range []string{"GET", "PATCH", "PUT", "DELETE"} {
			body := map[string]string{"PATCH": rlsDeactivate, "PUT": rlsNewUser}[method]
			code, _ := call(tenant, method, "/Users/"+ids[other], body)
			require.Equal(t, http.StatusNotFound, code, method)
		}
		code, user = call(tenant, "PATCH", "/Users/"+ids[tenant], rlsDeactivate)
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, false, user["active"])
	}
}

// serveUnprepared expects that without the setting nothing is visible or written.
func serveUnprepared(t *testing.T, a rlsTables) {
	call := a.serve(t)
	for _, path := range []string{"/Users", "/Groups"} {
		code, list := call("a", "GET", path, "")
		require.Equal(t, http.StatusOK, code)
		require.EqualValues(t, 0, list["totalResults"])
	}
	code, _ := call("a", "POST", "/Users", rlsNewUser)
	require.Equal(t, http.StatusInternalServerError, code)
}

func TestErrorsOfPrepareOverHTTP(t *testing.T) {
	t.Parallel()
	pool := newRLSHost(t).open(t)
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("no such tenant"), http.StatusInternalServerError},
		{&pgconn.PgError{Code: "53300", Message: "too many connections"}, http.StatusServiceUnavailable},
		{&schema.Error{Type: schema.ErrorInvalidValue, Detail: "unknown tenant"}, http.StatusBadRequest},
	} {
		failing := false
		call := newRLSTables(t, pool, sqlquery.Prepare(func(ctx context.Context, tx *sql.Tx, tenant string) error {
			if failing {
				return c.err
			}
			return setTenant(ctx, tx, tenant)
		})).serve(t)
		failing = true
		for _, method := range []string{"GET", "POST"} {
			code, _ := call("a", method, "/Users", rlsNewUser)
			require.Equal(t, c.want, code, "%s: %v", method, c.err)
		}
	}
}

// Transactions that the DB did not begin are prepared too: those of the
// application, and those of a sqlstore.DB on the same pool.
func TestJoinedTransactionsArePrepared(t *testing.T) {
	t.Parallel()
	pool := newRLSHost(t).open(t)
	a := newRLSTables(t, pool, sqlquery.Prepare(setTenant))
	ctx := store.WithTenant(t.Context(), "a")
	count := func(ctx context.Context) int {
		page, err := a.users.List(ctx, &store.Query{Total: true})
		require.NoError(t, err)
		return page.Total
	}
	tx, err := pool.BeginTx(ctx, nil)
	require.NoError(t, err)
	defer tx.Rollback()
	mine := a.db.WithTx(ctx, tx)
	_, err = a.users.Create(mine, storetest.Creation(rlsAda()))
	require.NoError(t, err)
	require.Equal(t, 1, count(mine))
	require.Equal(t, 0, count(store.WithTenant(mine, "b")))
	require.NoError(t, tx.Commit())

	outbox, err := sqlstore.New(pool, sqlstore.PostgreSQL)
	require.NoError(t, err)
	require.NoError(t, outbox.InTx(ctx, func(ctx context.Context) error {
		return a.db.InTx(ctx, func(ctx context.Context) error {
			tx, _ := sqlquery.Tx(ctx)
			var n int
			require.NoError(t, tx.QueryRowContext(ctx, "SELECT count(*) FROM rls_users").Scan(&n))
			require.Equal(t, 1, n, "statements of the application")
			require.Equal(t, 1, count(ctx))
			return nil
		})
	}))
	_, err = a.users.List(t.Context(), &store.Query{Total: true})
	require.ErrorContains(t, err, "has row-level security, but the request has no tenant")
}

func TestMistakesWithRowLevelSecurity(t *testing.T) {
	t.Parallel()
	_, err := sqlquery.New(hostSQLite.open(t), sqlquery.SQLite, sqlquery.Prepare(setTenant))
	require.ErrorContains(t, err, "SQLite has no row-level security")

	host := newRLSHost(t)
	exempt, err := sqlquery.New(host.admin, sqlquery.PostgreSQL, sqlquery.Prepare(setTenant))
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), exempt, "rls_users", schema.UserType, sqlquery.Options[rlsUser]{})
	require.ErrorContains(t, err, "nothing keeps the tenants of \"rls_users\" apart", "a superuser is exempt from the policies")

	pool := host.open(t)
	a := newRLSTables(t, pool, sqlquery.Prepare(setTenant))
	for _, index := range []string{"DROP INDEX rls_users_key", "CREATE UNIQUE INDEX rls_users_key ON rls_users (user_key)"} {
		_, err = host.admin.Exec(index)
		require.NoError(t, err)
		_, err = sqlquery.NewTable(t.Context(), a.db, "rls_users", schema.UserType, sqlquery.Options[rlsUser]{})
		require.ErrorContains(t, err, "CREATE UNIQUE INDEX rls_users_user_key ON rls_users (tenant, user_key)", "after %s", index)
	}
	_, err = host.admin.Exec("DROP INDEX rls_users_key; CREATE UNIQUE INDEX rls_users_key ON rls_users (tenant, user_key)")
	require.NoError(t, err)
	_, err = a.users.RebuildKeys(t.Context())
	require.ErrorContains(t, err, "RebuildKeys works on the rows of all tenants")
	_, err = a.users.Create(store.WithTenant(t.Context(), "a"), storetest.Creation(rlsAda()))
	require.NoError(t, err)
	_, err = host.admin.Exec("UPDATE rls_users SET user_key = NULL")
	require.NoError(t, err)
	all, err := sqlquery.New(host.admin, sqlquery.PostgreSQL)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), all, "rls_users", schema.UserType, sqlquery.Options[rlsAnyUser]{AllowRowsWithoutKeys: true})
	require.NoError(t, err)
	n, err := users.RebuildKeys(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n, "a role that is exempt from the policies")
}
