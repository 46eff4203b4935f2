package sqlquerytest

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

type crew[ID any] struct {
	ID      ID     `scim:"id"`
	Name    string `scim:"displayName"`
	NameKey string `scim:"displayName,key"`
}

type numberedUser struct {
	ID    int64   `scim:"id,prefix=u"`
	Email string  `scim:"userName"`
	Key   *string `scim:"userName,key"`
}

type uuidUser struct {
	ID    string  `scim:"id,uuid"`
	Email string  `scim:"userName"`
	Key   *string `scim:"userName,key"`
}

// TestMembersAreLookedUpOneByOne: PostgreSQL must not read a large group to learn
// which of the new members it has, also when its statistics are from a time when
// all groups were small.
func TestMembersAreLookedUpOneByOne(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	for name, open := range map[string]func(*testing.T, *sql.DB, *sqlquery.DB) (store.MemberStore, func(n int) string){
		"bigint": func(t *testing.T, conn *sql.DB, db *sqlquery.DB) (store.MemberStore, func(int) string) {
			users := tableOf[numberedUser](t, conn, db, "BIGINT", "n")
			return crews(t, conn, db, "BIGINT", users), func(n int) string { return fmt.Sprintf("u%d", n) }
		},
		"uuid": func(t *testing.T, conn *sql.DB, db *sqlquery.DB) (store.MemberStore, func(int) string) {
			users := tableOf[uuidUser](t, conn, db, "UUID", uuidSQL)
			return crews(t, conn, db, "UUID", users), func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
		},
		"varchar(36)": func(t *testing.T, conn *sql.DB, db *sqlquery.DB) (store.MemberStore, func(int) string) {
			users := tableOf[uuidUser](t, conn, db, "VARCHAR(36)", uuidSQL)
			return crews(t, conn, db, "VARCHAR(36)", users), func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
		},
		"text": func(t *testing.T, conn *sql.DB, db *sqlquery.DB) (store.MemberStore, func(int) string) {
			tableOf[uuidUser](t, conn, db, "TEXT", uuidSQL)
			return crews(t, conn, db, "TEXT", nil), func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn := hostPostgreSQL.open(t)
			db, err := sqlquery.New(conn, sqlquery.PostgreSQL)
			require.NoError(t, err)
			groups, id := open(t, conn, db)
			exec(t, conn, "INSERT INTO crews (id, name, name_key) VALUES (1, 'small', 'small'), (2, 'large', 'large')")
			exec(t, conn, "INSERT INTO crew_members SELECT 1, id FROM people ORDER BY id LIMIT 3")
			exec(t, conn, "ANALYZE crew_members")
			exec(t, conn, "INSERT INTO crew_members SELECT 2, id FROM people ORDER BY id LIMIT 9000") // statistics know nothing of them

			before, err := groups.Get(t.Context(), "2", store.GetOptions{})
			require.NoError(t, err)
			var delta schema.MemberDelta
			for n := 8991; n <= 9010; n++ {
				delta.Add = append(delta.Add, schema.Member{Value: id(n)})
			}
			var did schema.MemberDelta
			read := tuplesRead(t, db, "crew_members", func(ctx context.Context) (err error) {
				_, did, err = groups.PutMembers(ctx, &store.Change{ID: "2", Before: before, After: before, Members: &delta, At: hostTime, Cause: event.ByPatch})
				return err
			})
			require.Len(t, did.Add, 10, "those after 9000 joined")
			require.Equal(t, id(9001), did.Add[0].Value)
			require.Less(t, read, 1000, "rows of members that were read")
		})
	}
}

const uuidSQL = "CAST('00000000-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0') AS %s)"

// tableOf creates the table people with 10,000 rows.
func tableOf[T any](t *testing.T, conn *sql.DB, db *sqlquery.DB, typ, key string) sqlquery.MemberOf {
	exec(t, conn, "CREATE TABLE people (id "+typ+" PRIMARY KEY, email TEXT NOT NULL, key TEXT UNIQUE)")
	if key == uuidSQL {
		key = fmt.Sprintf(uuidSQL, typ)
	}
	exec(t, conn, "INSERT INTO people SELECT "+key+", 'u' || n, 'u' || n FROM generate_series(1, 10000) AS n")
	people, err := sqlquery.NewTable(t.Context(), db, "people", schema.UserType, sqlquery.Options[T]{})
	require.NoError(t, err)
	return people
}

// crews creates the table of groups, whose memberships are not analysed by the
// server.
func crews(t *testing.T, conn *sql.DB, db *sqlquery.DB, typ string, of sqlquery.MemberOf) store.MemberStore {
	exec(t, conn, "CREATE TABLE crews (id BIGINT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL)")
	exec(t, conn, "CREATE TABLE crew_members (crew_id BIGINT NOT NULL, member "+typ+" NOT NULL, PRIMARY KEY (crew_id, member)) WITH (autovacuum_enabled = false)")
	exec(t, conn, "CREATE INDEX crew_members_member ON crew_members (member)")
	groups, err := sqlquery.NewGroupTable(t.Context(), db, "crews", schema.GroupType, sqlquery.Members{Table: "crew_members", Group: "crew_id", Member: "member", Of: of}, sqlquery.Options[crew[int64]]{})
	require.NoError(t, err)
	return groups
}

// tuplesRead returns how many rows of a table a transaction reads.
func tuplesRead(t *testing.T, db *sqlquery.DB, table string, fn func(context.Context) error) (rows int) {
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		tx, _ := sqlquery.Tx(ctx)
		return tx.QueryRowContext(ctx, "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relid = to_regclass($1)", table).Scan(&rows)
	}))
	return rows
}

func exec(t *testing.T, conn *sql.DB, statement string) {
	_, err := conn.ExecContext(t.Context(), statement)
	require.NoError(t, err, statement)
}
