package sqlquerytest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

const forgottenUser = "INSERT INTO users (email, first_name, password_hash) VALUES ('%s', '', '')"

// Rows that were there before the key columns are an error, unless NewTable makes
// their keys.
func TestRowsWithoutKeys(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, db := openHost(t, d)
		d.create(t, conn, []string{fmt.Sprintf(forgottenUser, "Ann@X")})
		open := func(o sqlquery.Options[hostUser]) (*sqlquery.Table[hostUser], error) {
			o.New = newHostUser
			return sqlquery.NewTable(t.Context(), db, "users", schema.UserType, o)
		}
		_, err := open(sqlquery.Options[hostUser]{})
		require.ErrorContains(t, err, "users has rows with email and without email_key")
		require.ErrorContains(t, err, "Options.EnsureKeys")
		users, err := open(sqlquery.Options[hostUser]{EnsureKeys: true})
		require.NoError(t, err)
		require.Equal(t, "ann@x", emailKey(t, conn, "Ann@X"))
		_, err = users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, "aNN@x")))
		require.ErrorAs(t, err, new(*store.UniquenessError))
		_, err = open(sqlquery.Options[hostUser]{})
		require.NoError(t, err)
	})
}

// The key of text is never empty, so that an empty key is a missing one.
func TestRowsWithEmptyKeys(t *testing.T) {
	_, db := openHost(t, hostSQLite)
	conn := db.Database().(*sql.DB)
	hostSQLite.create(t, conn, []string{"INSERT INTO teams (name, name_key) VALUES ('Crew', '')"})
	members := sqlquery.Members{Table: "team_anyone", Group: "team_id", Member: "member", Type: "type", Key: "member_key"}
	_, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType, members, sqlquery.Options[hostTeam]{})
	require.ErrorContains(t, err, "teams has rows with name and without name_key")
	_, err = sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType, members, sqlquery.Options[hostTeam]{EnsureKeys: true})
	require.NoError(t, err)
}

func emailKey(t *testing.T, conn *sql.DB, email string) string {
	var key sql.NullString
	require.NoError(t, conn.QueryRow("SELECT email_key FROM users WHERE email = '"+email+"'").Scan(&key))
	return key.String
}

// EnsureKeys runs once for a FoldVersion and a set of key columns.
func TestEnsureKeysRunsOnce(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		ctx := t.Context()
		require.NoError(t, a.users.EnsureKeys(ctx))
		d.create(t, a.conn, []string{fmt.Sprintf(forgottenUser, "Ann@X")})
		require.NoError(t, a.users.EnsureKeys(ctx))
		require.Empty(t, emailKey(t, a.conn, "Ann@X"), "it has run already")

		_, err := a.conn.Exec("UPDATE scim_keys SET fold_version = fold_version - 1")
		require.NoError(t, err)
		require.NoError(t, a.users.EnsureKeys(ctx))
		require.Equal(t, "ann@x", emailKey(t, a.conn, "Ann@X"), "another version")
		d.create(t, a.conn, []string{fmt.Sprintf(forgottenUser, "Bob@X")})
		require.NoError(t, a.users.EnsureKeys(ctx))
		require.Empty(t, emailKey(t, a.conn, "Bob@X"))

		_, err = a.conn.Exec("UPDATE scim_keys SET fold_version = fold_version + 1")
		require.NoError(t, err)
		require.NoError(t, a.users.EnsureKeys(ctx))
		require.Empty(t, emailKey(t, a.conn, "Bob@X"), "a newer release keeps its keys")

		type moreKeys struct {
			hostUser
			FirstKey *string `scim:"name.givenName,key"`
		}
		d.create(t, a.conn, []string{"ALTER TABLE users ADD COLUMN first_key TEXT"})
		_, err = sqlquery.NewTable(ctx, a.db, "users", schema.UserType, sqlquery.Options[moreKeys]{
			New: func(context.Context, *schema.Resource) (*moreKeys, error) {
				return &moreKeys{hostUser: hostUser{PasswordHash: "!"}}, nil
			},
			EnsureKeys: true,
		})
		require.NoError(t, err)
		require.Equal(t, "bob@x", emailKey(t, a.conn, "Bob@X"), "another key column")
	})
}

// Several processes that start at once make the table scim_keys and the keys.
func TestEnsureKeysAtOnce(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, _ := openHost(t, d)
		for i := range 20 {
			d.create(t, conn, []string{fmt.Sprintf(forgottenUser, fmt.Sprint("User", i, "@X"))})
		}
		const processes = 4
		errs := make([]error, processes)
		var wg sync.WaitGroup
		for i := range processes {
			wg.Go(func() {
				db, err := sqlquery.New(conn, d.dialect)
				if err == nil {
					_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser, EnsureKeys: true})
				}
				errs[i] = err
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		var n int
		require.NoError(t, conn.QueryRow("SELECT COUNT(*) FROM users WHERE email_key IS NULL").Scan(&n))
		require.Zero(t, n)
	})
}

// A migration may create the table, as for a program that must not.
func TestKeysTableByAMigration(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		d.create(t, a.conn, []string{sqlquery.KeysTable(d.dialect), sqlquery.KeysTable(d.dialect)})
		require.NoError(t, a.users.EnsureKeys(t.Context()))
		var n int
		require.NoError(t, a.conn.QueryRow("SELECT COUNT(*) FROM scim_keys WHERE table_name = 'users' AND column_name = 'email_key'").Scan(&n))
		require.Equal(t, 1, n)
	})
}

// guarded opens the application and runs the statements of KeyGuard.
func guarded(t testing.TB, d host) hostApp {
	a := openApp(t, d)
	d.exec(t, a.conn, a.users.KeyGuard())
	d.exec(t, a.conn, a.teams.KeyGuard())
	return a
}

// exec runs statements as they are.
func (d host) exec(t testing.TB, conn *sql.DB, statements []string) {
	for _, s := range statements {
		_, err := conn.Exec(s)
		require.NoError(t, err, s)
	}
}

// A statement of the application that forgets the key, or has another one, fails.
func TestGuardRefusesForgetfulWriters(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := guarded(t, d)
		insert := "INSERT INTO users (email, email_key, first_name, password_hash, deleted_at) VALUES (%s, '', '', %s)"
		row := func(email, key, deleted string) string { return fmt.Sprintf(insert, "'"+email+"', "+key, deleted) }
		d.exec(t, a.conn, []string{
			row("Ann@X", "'ann@x'", "NULL"), row("Zoë", "'zoë'", "NULL"), row("STRASSE", "'strasse'", "NULL"), row("gone@x", "NULL", "CURRENT_TIMESTAMP"), row("", "NULL", "NULL"),
			"INSERT INTO teams (name, name_key) VALUES ('Crew', 'crew')",
		})
		for _, forgetful := range []string{
			row("bob@x", "NULL", "NULL"), row("Bob@x", "'Bob@x'", "NULL"), row("bob@x", "''", "NULL"), row("bob@x", "'ann@x'", "NULL"), row("bøb", "NULL", "NULL"), row("bøb", "''", "NULL"),
			"UPDATE users SET email = 'new@x' WHERE email = 'Ann@X'",
			"UPDATE users SET email = 'Anñ@X' WHERE email = 'Ann@X'",
			"UPDATE users SET email = 'Zoé' WHERE email = 'Zoë'",
			"UPDATE users SET email = 'zoe' WHERE email = 'Zoë'",
			"UPDATE users SET email_key = NULL WHERE email = 'Ann@X'",
			"UPDATE users SET deleted_at = NULL WHERE email = 'gone@x'",
			"INSERT INTO teams (name, name_key) VALUES ('Other', '')",
			"UPDATE teams SET name = 'Other' WHERE name = 'Crew'",
		} {
			_, err := a.conn.Exec(forgetful)
			require.Error(t, err, forgetful)
		}
		d.exec(t, a.conn, []string{
			"UPDATE users SET email = 'New@x', email_key = 'new@x' WHERE email = 'Ann@X'",
			"UPDATE users SET email = 'NEW@X' WHERE email = 'New@x'",
			"UPDATE users SET email = 'Zoé', email_key = 'zoé' WHERE email = 'Zoë'",
			"UPDATE users SET email = 'ZOÉ', version = version + 1 WHERE email = 'Zoé'",
			"UPDATE users SET plan = 'gold'",
			"UPDATE users SET email_key = NULL, deleted_at = CURRENT_TIMESTAMP WHERE email = 'NEW@X'",
		})
	})
}

// The library's own writes satisfy the guard, also those that change the spelling
// of a value and leave its key.
func TestGuardAcceptsTheLibrary(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := guarded(t, d)
		names := []string{"Zoë", "ZOË", "zoe\u0308", "ZOE", "zoé", "Straße", "STRASSE", "strasse", "ﬁx", "FIX", "\u00ad", "a\u00adb", "AB", "K", "\u212a", "x\x00\x01Y", " ", "ǅ"}
		u := a.user(t, "first")
		for _, name := range names {
			before, err := a.users.Get(t.Context(), u.ID, store.GetOptions{})
			require.NoError(t, err)
			after := before.With(schema.UserType.MustResolve("userName")[0], schema.String(name))
			_, err = a.users.Update(t.Context(), &store.Change{ID: u.ID, Before: before, After: after, IfVersion: before.Version})
			require.NoError(t, err, "%q", name)
		}
		for i, name := range names {
			if i == 0 || schema.FoldKey(name) != schema.FoldKey(names[i-1]) && schema.FoldKey(name) != schema.FoldKey("ǅ") {
				v := a.user(t, name+"@"+fmt.Sprint(i))
				require.NoError(t, a.users.Delete(t.Context(), storetest.Deletion(v, "")), "%q", name)
			}
		}
		_, err := a.users.RebuildKeys(t.Context())
		require.NoError(t, err)
	})
}

// Rows that Options.Where leaves out need no key.
func TestGuardWithWhere(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, db := openHost(t, d)
		users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser, Where: "plan IS NULL OR plan <> 'robot'"})
		require.NoError(t, err)
		d.exec(t, conn, users.KeyGuard())
		d.exec(t, conn, []string{"INSERT INTO users (email, first_name, password_hash, plan) VALUES ('r2', '', '', 'robot')"})
		_, err = conn.Exec("UPDATE users SET plan = 'free'")
		require.Error(t, err)
		_, err = conn.Exec(fmt.Sprintf(forgottenUser, "x"))
		require.Error(t, err)
	})
}

// A table without a version column has no trigger for values that are not ASCII.
func TestGuardWithoutVersion(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn := d.open(t)
		d.create(t, conn, withWords(d, swap("", "")))
		db, err := sqlquery.New(conn, d.dialect)
		require.NoError(t, err)
		users, err := sqlquery.NewTable(t.Context(), db, "looks", lookType, sqlquery.Options[lookRow]{New: newLook})
		require.NoError(t, err)
		require.NotContains(t, strings.Join(users.KeyGuard(), ";"), "version")
		d.exec(t, conn, users.KeyGuard())
	})
}

func TestAllowedRowsWithoutKeysAreLogged(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	hostSQLite.create(t, conn, []string{fmt.Sprintf(forgottenUser, "x")})
	var log strings.Builder
	_, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{
		New: newHostUser, AllowRowsWithoutKeys: true, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	require.Contains(t, log.String(), "table=users column=email_key")
}

// The address may be citext: it is compared by its key.
func TestCitextColumn(t *testing.T) {
	conn := hostPostgreSQL.open(t)
	hostPostgreSQL.exec(t, conn, []string{"CREATE EXTENSION citext"}) // of PostgreSQL's own contrib modules
	for _, s := range hostDDL {
		hostPostgreSQL.create(t, conn, []string{strings.NewReplacer("email TEXT NOT NULL", "email CITEXT NOT NULL UNIQUE", "first_name TEXT", "first_name CITEXT").Replace(s)})
	}
	db, err := sqlquery.New(conn, sqlquery.PostgreSQL)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)
	hostPostgreSQL.exec(t, conn, users.KeyGuard())
	a := hostApp{conn: conn, db: db, users: users}
	u := a.user(t, "Ann@X")
	_, err = users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, "ann@x")))
	require.ErrorAs(t, err, new(*store.UniquenessError))
	name := schema.UserType.MustResolve("userName")
	for _, e := range []filter.Expr{
		filter.Compare{Path: name, Op: filter.EQ, Value: schema.String("ANN@x")},
		filter.Compare{Path: name, Op: filter.CO, Value: schema.String("N@")},
		filter.Compare{Path: name, Op: filter.SW, Value: schema.String("aNN")},
		filter.Compare{Path: name, Op: filter.GT, Value: schema.String("AN")},
		filter.Compare{Path: name, Op: filter.PR},
	} {
		require.True(t, users.Describe().Filter(e))
		p, err := users.List(t.Context(), &store.Query{Filter: filter.New(e), SortBy: name, Count: 9})
		require.NoError(t, err)
		require.Len(t, p.Resources, 1, "%s", filter.New(e))
	}
	spelled := u.With(name[0], schema.String("ANN@X"))
	u, err = users.Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: spelled, IfVersion: u.Version})
	require.NoError(t, err)
	require.Equal(t, "ANN@X", u.Attributes.Get(name[0]).Text())
	_, err = conn.Exec("UPDATE users SET email = 'bob@x'")
	require.Error(t, err, "the guard")

	for column, want := range map[string]string{"email_key TEXT": "users.email_key is citext", "external_id TEXT": "users.external_id is citext"} {
		hostPostgreSQL.exec(t, conn, []string{"DROP TABLE users CASCADE"})
		hostPostgreSQL.create(t, conn, []string{strings.Replace(hostDDL[0], column, strings.Replace(column, "TEXT", "CITEXT", 1), 1)})
		require.ErrorContains(t, newUsers(t, conn), want)
	}
}

func newUsers(t *testing.T, conn *sql.DB) error {
	db, err := sqlquery.New(conn, sqlquery.PostgreSQL)
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	return err
}
