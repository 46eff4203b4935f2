package sqlquerytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/ownertest"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// The rows of fullTables, with an owner.
type (
	ownedUserRow struct {
		fullUserRow
		Owner *string `scim:",owner"`
	}
	ownedGroupRow struct {
		fullGroupRow
		Owner string `scim:",owner" db:"provisioned_by"`
	}
)

var ownedMembers = sqlquery.Members{Table: "full_members", Group: "group_id", Member: "member", Type: "type", Key: "member_key"}

func ownedTables(t *testing.T, d host) ownertest.Fixture {
	conn := d.open(t)
	d.create(t, conn, append(ddl[:len(ddl):len(ddl)],
		`ALTER TABLE full_users ADD COLUMN owner SHORT`,
		`ALTER TABLE full_groups ADD COLUMN provisioned_by SHORT NOT NULL DEFAULT ''`))
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	ctx := context.Background()
	users, err := sqlquery.NewTable(ctx, db, "full_users", schema.UserType, sqlquery.Options[ownedUserRow]{})
	require.NoError(t, err)
	groups, err := sqlquery.NewGroupTable(ctx, db, "full_groups", schema.GroupType, ownedMembers, sqlquery.Options[ownedGroupRow]{})
	require.NoError(t, err)
	return ownertest.Fixture{Users: users, Groups: groups, Tx: db, Revives: true}
}

func TestOwnershipOnSQLite(t *testing.T) {
	ownertest.Run(t, func(t *testing.T) ownertest.Fixture { return ownedTables(t, hostSQLite) })
}

func TestOwnershipOnPostgreSQL(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	ownertest.Run(t, func(t *testing.T) ownertest.Fixture { return ownedTables(t, hostPostgreSQL) })
}

func TestOwnershipOnMariaDB(t *testing.T) {
	sqltest.Server(t, sqltest.MariaDB)
	ownertest.Run(t, func(t *testing.T) ownertest.Fixture { return ownedTables(t, hostMariaDB) })
}

// Rows without a rest column, on which filters by the owner and by values of lists
// run in SQL.
type (
	plainUserRow struct {
		ID         string    `scim:"id,uuid"`
		UserName   string    `scim:"userName"`
		UserKey    *string   `scim:"userName,key"`
		ExternalID *string   `scim:"externalId"`
		Title      *string   `scim:"title"`
		Nick       *string   `scim:"nickName"`
		GivenName  *string   `scim:"displayName"`
		Active     *bool     `scim:"active"`
		Version    int64     `scim:"meta.version"`
		CreatedAt  time.Time `scim:"meta.created"`
		UpdatedAt  time.Time `scim:"meta.lastModified"`
		Tenant     string    `scim:",tenant"`
		Owner      *string   `scim:",owner"`
	}
	plainGroupRow struct {
		ID         string    `scim:"id,uuid"`
		Name       string    `scim:"displayName"`
		NameKey    string    `scim:"displayName,key"`
		ExternalID *string   `scim:"externalId"`
		Version    int64     `scim:"meta.version"`
		CreatedAt  time.Time `scim:"meta.created"`
		UpdatedAt  int64     `scim:"meta.lastModified,unit=us"`
		Tenant     string    `scim:",tenant"`
		Owner      string    `scim:",owner"`
	}
)

func TestOwnershipWithoutRestColumn(t *testing.T) {
	ownertest.Run(t, func(t *testing.T) ownertest.Fixture {
		conn := hostSQLite.open(t)
		hostSQLite.create(t, conn, []string{
			`CREATE TABLE plain_users (id TEXT PRIMARY KEY, user_name TEXT NOT NULL, user_key TEXT, external_id TEXT, title TEXT, nick TEXT, given_name TEXT,
				active BOOL, version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at TIME NOT NULL, tenant TEXT NOT NULL, owner TEXT)`,
			`CREATE UNIQUE INDEX plain_users_key ON plain_users (tenant, user_key)`,
			`CREATE TABLE plain_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL, external_id TEXT,
				version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at BIGINT NOT NULL, tenant TEXT NOT NULL, owner TEXT NOT NULL)`,
			ddl[5],
		})
		db, err := sqlquery.New(conn, hostSQLite.dialect)
		require.NoError(t, err)
		ctx := context.Background()
		users, err := sqlquery.NewTable(ctx, db, "plain_users", schema.UserType, sqlquery.Options[plainUserRow]{})
		require.NoError(t, err)
		groups, err := sqlquery.NewGroupTable(ctx, db, "plain_groups", schema.GroupType, ownedMembers, sqlquery.Options[plainGroupRow]{})
		require.NoError(t, err)
		return ownertest.Fixture{Users: users, Groups: groups, Tx: db}
	})
}
