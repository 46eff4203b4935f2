//go:build !race

package sqlquerytest

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// orgStaff and orgCircle are rows of an application with several organisations, without
// their column: people have a status, and circles consist of people.
type orgStaff struct {
	ID        int64      `scim:"id,prefix=u"`
	Login     string     `scim:"userName"`
	LoginKey  *string    `scim:"userName,key"`
	FormerKey *string    `scim:"userName,former"`
	Shown     string     `scim:"displayName,composed"`
	Status    string     `scim:"active,true=active,false=suspended"`
	Version   int64      `scim:"meta.version"`
	CreatedAt time.Time  `scim:"meta.created"`
	UpdatedAt time.Time  `scim:"meta.lastModified"`
	DeletedAt *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
}

// show fills the name that is shown.
func (s *orgStaff) show(r *schema.Resource) {
	if s.Shown = r.Text("displayName"); s.Shown == "" {
		s.Shown = s.Login
	}
}

type orgCircle struct {
	ID        int64     `scim:"id,prefix=g"`
	Name      string    `scim:"displayName"`
	NameKey   string    `scim:"displayName,key"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
	Rest      string    `scim:",rest"`
}

type (
	orgNumberStaff struct {
		orgStaff
		Org int64 `scim:",tenant"`
	}
	orgNumberCircle struct {
		orgCircle
		Org int64 `scim:",tenant"`
	}
	orgUUIDStaff struct {
		orgStaff
		Org uuid.UUID `scim:",tenant"`
	}
	orgUUIDCircle struct {
		orgCircle
		Org uuid.UUID `scim:",tenant"`
	}
)

// orgDDL returns the tables for a type of the column org.
func orgDDL(org string) []string {
	return []string{
		`CREATE TABLE staff (id SERIALKEY, org ` + org + ` NOT NULL, login TEXT NOT NULL, login_key TEXT, former_key TEXT, shown TEXT NOT NULL, status SHORT NOT NULL,
			version BIGINT NOT NULL, created_at TIME, updated_at TIME, deleted_at TIME, rest LONGTEXT NOT NULL, UNIQUE (org, login_key))`,
		`CREATE INDEX staff_former ON staff (org, former_key)`,
		`CREATE TABLE circles (id SERIALKEY, org ` + org + ` NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL,
			version BIGINT NOT NULL, created_at TIME, updated_at TIME, rest LONGTEXT NOT NULL)`,
		`CREATE TABLE circle_staff (circle_id BIGINT NOT NULL REFERENCES circles (id), staff_id BIGINT NOT NULL REFERENCES staff (id), PRIMARY KEY (circle_id, staff_id))`,
		`CREATE INDEX circle_staff_staff ON circle_staff (staff_id)`,
	}
}

// orgFixture returns the tables as stores, with what they declare.
func orgFixture[U, G any](t testing.TB, d host, org string, tenant func(int) string) storetest.Fixture {
	conn := d.open(t)
	d.create(t, conn, orgDDL(org))
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "staff", schema.UserType, sqlquery.Options[U]{
		Complete: func(_ context.Context, row *U, r *schema.Resource) error {
			any(row).(interface{ show(*schema.Resource) }).show(r)
			return nil
		},
	})
	require.NoError(t, err)
	groups, err := sqlquery.NewGroupTable(t.Context(), db, "circles", schema.GroupType,
		sqlquery.Members{Table: "circle_staff", Group: "circle_id", Member: "staff_id", Of: users}, sqlquery.Options[G]{})
	require.NoError(t, err)
	return storetest.Fixture{Users: users, Groups: groups, Tx: db, Tenant: tenant, MembersAreUsers: true, TwoStateActive: true, Filled: []string{"displayName"}}
}

func orgNumberFixture(t testing.TB, d host) storetest.Fixture {
	return orgFixture[orgNumberStaff, orgNumberCircle](t, d, "BIGINT", strconv.Itoa)
}

func uuidTenant(n int) string { return fmt.Sprintf("6f1e0d3c-0000-4000-8000-%012d", n) }

func TestTablesOfOrganisations(t *testing.T) {
	t.Run("numbers", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture { return orgNumberFixture(t, hostSQLite) })
	})
	t.Run("UUIDs", func(t *testing.T) {
		sqltest.Server(t, sqltest.Postgres)
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			return orgFixture[orgUUIDStaff, orgUUIDCircle](t, hostPostgreSQL, "UUID", uuidTenant)
		})
	})
}

func TestGuardedTables(t *testing.T) {
	run := func(t *testing.T, d host) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			conn, f := fullTables(t, d)
			d.exec(t, conn, f.Users.(renamed).table.(*sqlquery.Table[fullUserRow]).KeyGuard())
			d.exec(t, conn, f.Groups.(renamedGroups).table.(*sqlquery.Table[fullGroupRow]).KeyGuard())
			return f
		})
	}
	t.Run("SQLite", func(t *testing.T) { run(t, hostSQLite) })
}

func TestTablesWithRowLevelSecurity(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		a := newRLSTables(t, newRLSHost(t).open(t), sqlquery.Prepare(setTenant))
		return storetest.Fixture{Users: renamed{a.users, named}, Groups: renamedGroups{renamed{a.groups.Table, named}, a.groups}, Tx: a.db}
	})
}
