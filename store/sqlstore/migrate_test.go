package sqlstore_test

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestMigrateAgainChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		_, err := db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context()))
		require.NoError(t, d.store(t).Migrate(t.Context()))
		_, err = db.Store(schema.UserType).Get(t.Context(), user(1).ID, store.GetOptions{})
		require.NoError(t, err)
	})
}

func TestConcurrentMigrate(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			db := d.empty(t)
			users := db.Store(schema.UserType)
			wg.Go(func() {
				if errs[i] = db.Migrate(t.Context()); errs[i] == nil {
					_, errs[i] = users.Create(t.Context(), storetest.Creation(user(i)))
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, len(errs), count(t, d.store(t)))
	})
}

func count(t *testing.T, db *sqlstore.DB) int {
	page, err := db.Store(schema.UserType).List(t.Context(), &store.Query{Total: true})
	require.NoError(t, err)
	return page.Total
}

func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		d.store(t)
		_, err := d.open(t).Exec("INSERT INTO scim_migration (part, version) VALUES ('resources', 1000)")
		require.NoError(t, err)
		db := d.empty(t)
		require.ErrorContains(t, db.Migrate(t.Context()), "newer")
		_, err = db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
		require.ErrorContains(t, err, "newer", "a program that does not call Migrate")
	})
}

func TestErrorWithoutMigrateNamesMigrate(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		_, err := d.empty(t).Store(schema.UserType).Get(t.Context(), "1", store.GetOptions{})
		require.ErrorContains(t, err, "Migrate")
	})
}

func TestMigrateInATransactionIsRefused(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	require.ErrorContains(t, db.InTx(t.Context(), func(ctx context.Context) error { return db.Migrate(ctx) }), "cannot run in a transaction")
}

// A new index finds resources that were stored before it. A process of the previous
// version can no longer write, because it would not write the index.
func TestKeysAreRebuiltForANewIndex(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		before := d.store(t)
		for _, tenant := range []string{"", "acme\x00"} {
			_, err := before.Store(schema.UserType).Create(store.WithTenant(t.Context(), tenant), storetest.Creation(user(1)))
			require.NoError(t, err)
		}
		byName := filter.Compare{Path: schema.UserType.MustResolve("name.familyName"), Op: filter.EQ, Value: schema.String("NUMBER 1")}
		require.False(t, store.Describe(before.Store(schema.UserType)).Sort(byName.Path))

		after := d.store(t, sqlstore.Index("name.familyName", "nothing.like.it"))
		users := after.Store(schema.UserType)
		require.True(t, store.Describe(users).Filter(byName))
		require.True(t, store.Describe(users).Sort(byName.Path))
		for _, tenant := range []string{"", "acme\x00"} {
			page, err := users.List(store.WithTenant(t.Context(), tenant), &store.Query{Filter: filter.New(byName), SortBy: byName.Path, Count: 10, Total: true})
			require.NoError(t, err)
			require.Len(t, page.Resources, 1)
			require.Equal(t, 1, page.Total)
		}

		_, err := before.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(2)))
		require.ErrorIs(t, err, store.ErrUnavailable)
		u, err := before.Store(schema.UserType).Get(t.Context(), user(1).ID, store.GetOptions{})
		require.NoError(t, err)
		_, err = before.Store(schema.UserType).Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: u})
		require.ErrorIs(t, err, store.ErrUnavailable)
		require.Equal(t, 1, count(t, after), "nothing was stored")
	})
}

// Databases of earlier releases have keys of an older schema.FoldVersion.
func TestKeysAreRebuiltForANewFoldRule(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const invisible = "x\u00ad"
		ctx := t.Context()
		before := d.store(t)
		_, err := before.Store(schema.UserType).Create(ctx, storetest.Creation(named("u", invisible)))
		require.NoError(t, err)
		_, _, err = before.Store(schema.GroupType).(store.MemberStore).PutMembers(ctx, storetest.Creation(group("g", invisible), schema.Member{Value: invisible, Type: "User\u00ad"}))
		require.NoError(t, err)
		raw := d.open(t)
		for _, statement := range []string{
			"UPDATE scim_type SET rule = 'fold 1'", "UPDATE scim_key SET head = 'stale' WHERE head = 'x'", "UPDATE scim_unique SET ukey = 'stale'",
			"UPDATE scim_member SET folded = 'stale', kind = '=stale'",
		} {
			_, err := raw.Exec(statement)
			require.NoError(t, err)
		}

		after := d.store(t)
		for path, value := range map[string]string{"userName": "X", "displayName": "X", "members.value": "x"} {
			rt := schema.UserType
			if path != "userName" {
				rt = schema.GroupType
			}
			f := filter.New(filter.Compare{Path: rt.MustResolve(path), Op: filter.EQ, Value: schema.String(value)})
			require.True(t, store.Describe(after.Store(rt)).Filter(f.Expr()), path)
			page, err := after.Store(rt).List(ctx, &store.Query{Filter: f, Count: 10})
			require.NoError(t, err)
			require.Len(t, page.Resources, 1, path)
		}
		var taken *store.UniquenessError
		_, err = after.Store(schema.UserType).Create(ctx, storetest.Creation(named("twin", "x")))
		require.ErrorAs(t, err, &taken)
		var kind string
		require.NoError(t, raw.QueryRow("SELECT kind FROM scim_member").Scan(&kind))
		require.Equal(t, "=user", kind)
		groups, err := after.Store(schema.GroupType).(store.MemberStore).GroupsOf(ctx, []string{invisible})
		require.NoError(t, err)
		require.Len(t, groups[invisible], 1)
	})
}

// thing returns a type named Thing with or without a unique attribute.
func thing(t *testing.T, unique schema.Uniqueness) *schema.ResourceType {
	s, err := schema.New(schema.Schema{ID: "urn:example:Thing", Name: "Thing", Attributes: []*schema.Attribute{{Name: "code", Uniqueness: unique}}})
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "Thing", Endpoint: "/Things", Schema: s})
	require.NoError(t, err)
	return rt
}

func TestMigrateRefusesViolatedUniqueness(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		plain := thing(t, schema.UniquenessNone)
		things := d.store(t).Store(plain)
		for _, id := range []string{"first", "second"} {
			var o *schema.Object
			_, err := things.Create(t.Context(), storetest.Creation(resource(plain, id, o.With(plain.MustResolve("code").Last(), schema.String("x")))))
			require.NoError(t, err)
		}
		db := d.empty(t)
		db.Store(thing(t, schema.UniquenessServer))
		err := db.Migrate(context.Background())
		require.ErrorContains(t, err, "code of second")
		_, err = things.Get(t.Context(), "second", store.GetOptions{})
		require.NoError(t, err, "nothing has changed")
		_, err = things.Update(t.Context(), &store.Change{ID: "second", Before: resource(plain, "second", nil), After: resource(plain, "second", nil)})
		require.NoError(t, err, "nothing has changed")
	})
}

// Migration 5 sets the tenant of entries that were appended before it. Databases of
// that time record one version for all parts.
func TestMigrateCompletesTenantOfDeadEntries(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		tenants := []string{"", "acme", "with\x00zero", strings.Repeat("long ", 60)}
		before := d.store(t)
		for i, tenant := range tenants {
			e := store.Entry{ID: strconv.Itoa(i), Queue: store.QueueEvent, Tenant: tenant, Type: "User", ResourceID: "u", Payload: []byte("{}"), Due: start}
			require.NoError(t, before.Append(t.Context(), []store.Entry{e}))
			require.NoError(t, before.Fail(t.Context(), e, "because", start, true))
		}
		raw := d.open(t)
		undo := []string{"DROP INDEX scim_outbox_dead", "ALTER TABLE scim_outbox DROP COLUMN owner", "CREATE INDEX scim_outbox_dead ON scim_outbox (seq) WHERE dead = 1"}
		if d.dialect == sqlstore.MariaDB {
			undo = []string{"DROP INDEX scim_outbox_dead_of ON scim_outbox", "ALTER TABLE scim_outbox DROP COLUMN owner", "CREATE INDEX scim_outbox_dead ON scim_outbox (dead, seq)"}
		}
		undo = append(undo, "DROP TABLE scim_counter", "DROP TABLE scim_audit", "ALTER TABLE scim_token DROP COLUMN connection", "DROP TABLE scim_connection", "DROP TABLE scim_health", "ALTER TABLE scim_resource DROP COLUMN body_format") // of migrations 6, 7, 9, 10 and 11
		if d.dialect == sqlstore.SQLite {
			undo = append(undo, "DROP TABLE scim_left") // of migration 8
		}
		undo = append(undo, "DROP TABLE scim_migration", "CREATE TABLE scim_schema (version INTEGER NOT NULL PRIMARY KEY)")
		for _, statement := range append(undo, "INSERT INTO scim_schema (version) VALUES (1), (2), (3), (4)") {
			_, err := raw.Exec(statement)
			require.NoError(t, err, statement)
		}
		after := d.store(t)
		for i, tenant := range tenants {
			dead, err := after.Dead(store.WithTenant(t.Context(), tenant), "", 10)
			require.NoError(t, err)
			require.Len(t, dead, 1)
			require.Equal(t, strconv.Itoa(i), dead[0].ID)
		}
		require.NoError(t, after.Check(t.Context()))
	})
}

func TestVersionOfAllPartsThatIsNewerIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		raw := d.open(t)
		for _, statement := range []string{"CREATE TABLE scim_schema (version INTEGER NOT NULL PRIMARY KEY)", "INSERT INTO scim_schema (version) VALUES (1000)"} {
			_, err := raw.Exec(statement)
			require.NoError(t, err)
		}
		require.ErrorContains(t, d.empty(t).Migrate(t.Context()), "newer")
	})
}

// Migrate writes nothing if the tables are current, so that a program can start on
// a read-only replica.
func TestMigrateOfCurrentTablesWritesNothing(t *testing.T) {
	t.Parallel()
	d := postgreSQL(t)
	db := d.store(t)
	users := db.Store(schema.UserType)
	require.NoError(t, db.Migrate(t.Context()))
	b := schema.Builder{}
	b.Set(schema.User.Attribute("userName"), schema.String("ada"))
	now := time.Now().UTC().Truncate(time.Microsecond)
	_, err := users.Create(t.Context(), &store.Change{ID: "1", At: now, Cause: event.ByPost, After: &schema.Resource{
		Type: schema.UserType, ID: "1", Created: now, LastModified: now, Attributes: b.Object(),
	}})
	require.NoError(t, err)

	u, err := url.Parse(d.dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	d.dsn = u.String()
	replica := d.empty(t)
	copies := replica.Store(schema.UserType)
	require.NoError(t, replica.Migrate(t.Context()))
	got, err := copies.Get(t.Context(), "1", store.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "1", got.ID)
	_, err = copies.Create(t.Context(), &store.Change{ID: "2", At: now, After: &schema.Resource{
		Type: schema.UserType, ID: "2", Created: now, LastModified: now, Attributes: b.Object(),
	}})
	require.ErrorIs(t, err, store.ErrUnavailable)
}
