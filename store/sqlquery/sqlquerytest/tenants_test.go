package sqlquerytest

import (
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// member is a row of a table in which each organisation has its own people.
type member struct {
	ID        int64      `scim:"id"`
	Login     string     `scim:"userName"`
	LoginKey  *string    `scim:"userName,key"`
	FormerKey *string    `scim:"userName,former"`
	Version   int64      `scim:"meta.version"`
	CreatedAt time.Time  `scim:"meta.created"`
	UpdatedAt time.Time  `scim:"meta.lastModified"`
	DeletedAt *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
}

const memberDDL = `CREATE TABLE members (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, former_key TEXT, version BIGINT NOT NULL,
	created_at TIME, updated_at TIME, deleted_at TIME, rest LONGTEXT NOT NULL, `

// membersTable returns the table with these columns of the tenant.
func membersTable(columns string) string {
	names := "login_key"
	for _, c := range strings.Split(columns, ", ") {
		name, _, _ := strings.Cut(c, " ")
		names = name + ", " + names
	}
	return memberDDL + columns + ", UNIQUE (" + names + "))"
}

type (
	int32Member struct {
		member
		Org int32 `scim:",tenant"`
	}
	uint64Member struct {
		member
		Org uint64 `scim:",tenant"`
	}
	textMember struct {
		member
		Org string `scim:",tenant"`
	}
	uuidMember struct {
		member
		Org uuid.UUID `scim:",tenant"`
	}
	// regionMember has a tenant of two columns.
	regionMember struct {
		member
		Region string `scim:",tenant"`
		Org    int64  `scim:",tenant"`
	}
)

func TestTenantColumns(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		t.Run("int32", func(t *testing.T) {
			testTenants[int32Member](t, d, "org BIGINT NOT NULL", "7", "-8", "", "acme", "07", " 7", "7/8", "99999999999")
		})
		t.Run("uint64", func(t *testing.T) {
			testTenants[uint64Member](t, d, "org BIGINT NOT NULL", "7", "9223372036854775807", "", "-1", "7.0")
		})
		t.Run("text", func(t *testing.T) {
			testTenants[textMember](t, d, "org SHORT NOT NULL", "acme", "ACME", "", "a\x00b", "\xff")
		})
		column := map[sqlquery.Dialect]string{sqlquery.SQLite: "CHAR(36)", sqlquery.PostgreSQL: "UUID", sqlquery.MySQL: "CHAR(36)"}[d.dialect]
		t.Run("uuid", func(t *testing.T) {
			testTenants[uuidMember](t, d, "org "+column+" NOT NULL", "6f1e0d3c-0000-4000-8000-00000000000a", "6f1e0d3c-0000-4000-8000-00000000000b",
				"", "6F1E0D3C-0000-4000-8000-00000000000A", "acme", "7")
		})
		t.Run("two columns", func(t *testing.T) {
			testTenants[regionMember](t, d, "region SHORT NOT NULL, org BIGINT NOT NULL", "eu/7", "us/7", "", "eu", "7", "eu/x", "/7", "eu/7/8")
		})
	})
}

// testTenants proves that two tenants do not see each other's rows, and that a
// text that is not a tenant of the column is an error.
func testTenants[T any](t *testing.T, d host, columns, ours, theirs string, none ...string) {
	conn := d.open(t)
	d.create(t, conn, []string{membersTable(columns)})
	users, client := tenantClients[T](t, d, conn)
	a, b := client(ours), client(theirs)
	id := a.Post("/Users", scimtest.User("ada")).Is(201).String("id")
	b.Post("/Users", scimtest.User("ADA")).Is(201)
	a.Post("/Users", scimtest.User("Ada")).Fails(409, "uniqueness")
	require.Equal(t, []string{"ada"}, a.Get("/Users").Is(200).Strings("userName"))
	require.Equal(t, []string{"ADA"}, b.Get(`/Users?filter=userName eq "ada"`).Is(200).Strings("userName"))
	b.Get("/Users/" + id).Is(404)
	b.Patch("/Users/"+id, `{"op":"replace","path":"title","value":"x"}`).Is(404)
	b.Delete("/Users/" + id).Is(404)
	a.Delete("/Users/" + id).Is(204)
	require.Equal(t, id, a.Post("/Users", scimtest.User("ada")).Is(201).String("id"), "revived within the tenant")

	r, err := users.Get(store.WithTenant(t.Context(), ours), id, store.GetOptions{})
	require.NoError(t, err)
	for _, tenant := range none {
		refusesTenant(t, users, r, tenant, "tenant")
	}
}

// tenantClients serves a table as /Users, to a client for each tenant.
func tenantClients[T any](t *testing.T, d host, conn *sql.DB) (users *sqlquery.Table[T], client func(tenant string) *scimtest.Client) {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err = sqlquery.NewTable(t.Context(), db, "members", schema.UserType, sqlquery.Options[T]{})
	require.NoError(t, err)
	endpoint := scim.Users(users)
	endpoint.OnTwin = scim.RestoreDeleted
	return users, func(tenant string) *scimtest.Client {
		token := scim.HashToken("t", "secret")
		token.Tenant = tenant
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: db, Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{endpoint},
		})
		require.NoError(t, err)
		return scimtest.NewClient(t, h, "secret")
	}
}

// refusesTenant demands that every call with a tenant fails, and not because
// there is no such resource.
func refusesTenant(t *testing.T, users table, r *schema.Resource, tenant, text string) {
	t.Helper()
	ctx := store.WithTenant(t.Context(), tenant)
	demand := func(err error) {
		t.Helper()
		require.ErrorContains(t, err, text, "%q", tenant)
		require.NotErrorIs(t, err, store.ErrNotFound, "%q", tenant)
	}
	_, err := users.Get(ctx, r.ID, store.GetOptions{})
	demand(err)
	_, err = users.List(ctx, &store.Query{Count: 9, Total: true})
	demand(err)
	_, err = users.Exists(ctx, []string{r.ID}, store.GetOptions{})
	demand(err)
	_, err = users.Create(ctx, storetest.Creation(userOf(schema.UserType, "new")))
	demand(err)
	_, err = users.Update(ctx, &store.Change{ID: r.ID, Before: r, After: r})
	demand(err)
	demand(users.Delete(ctx, storetest.Deletion(r, "")))
	_, err = users.Tombstone(ctx, schema.UserType.MustResolve("userName"), schema.String("ada"), store.GetOptions{})
	demand(err)
	_, err = users.Revive(ctx, &store.Change{ID: r.ID, After: r})
	demand(err)
	_, err = users.Purge(ctx, time.Now(), 1)
	demand(err)
}

// A request without a tenant is an error of the server with a log line that names
// the remedy, not an empty list.
func TestEmptyTenantIsAnError(t *testing.T) {
	conn := hostSQLite.open(t)
	hostSQLite.create(t, conn, []string{membersTable("org BIGINT NOT NULL")})
	db, err := sqlquery.New(conn, sqlquery.SQLite)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "members", schema.UserType, sqlquery.Options[int32Member]{})
	require.NoError(t, err)
	var log strings.Builder
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.NewTextHandler(&log, nil)), Endpoints: []scim.Endpoint{scim.Users(users)},
	})
	require.NoError(t, err)
	c := scimtest.NewClient(t, h, "t")
	c.Get("/Users").Fails(500, "")
	c.Get("/Users/1").Fails(500, "")
	c.Post("/Users", scimtest.User("ada")).Fails(500, "")
	require.Equal(t, 3, strings.Count(log.String(), "set store.Token.Tenant"), log.String())
}

// Endpoints of which some have tenants and some have not are refused: the teams
// of all organisations would be one list.
func TestTenantsOnSomeTablesOnly(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	hostSQLite.create(t, conn, []string{membersTable("org BIGINT NOT NULL")})
	users, err := sqlquery.NewTable(t.Context(), db, "members", schema.UserType, sqlquery.Options[int32Member]{})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_anyone", Group: "team_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[hostTeam]{})
	require.NoError(t, err)
	_, err = scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(teams)},
	})
	require.ErrorContains(t, err, "the store of User has tenants and the store of Group has none")

	_, err = sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_members", Group: "team_id", Member: "user_id", Of: users}, sqlquery.Options[hostTeam]{})
	require.ErrorContains(t, err, "Members.Of has tenants and this table has none")
}
