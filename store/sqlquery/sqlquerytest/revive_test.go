package sqlquerytest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// hostAccount is a row with additional columns of the application.
type hostAccount struct {
	ID           int64   `scim:"id,prefix=a"`
	Email        string  `scim:"userName"`
	EmailKey     *string `scim:"userName,key"`
	FormerKey    *string `scim:"userName,former"`
	Active       *bool   `scim:"active"`
	Version      int64   `scim:"meta.version"`
	Rest         string  `scim:",rest"`
	PasswordHash *string `db:"password_hash"`
	Role         string  `db:"role"`
	Admin        bool    `db:"is_admin"`
	Plan         string  `db:"plan"`
}

// The forms of a deleted column.
type (
	accountAt struct {
		hostAccount
		DeletedAt *time.Time `scim:",deleted"`
	}
	accountNullAt struct {
		hostAccount
		DeletedAt sql.NullTime `scim:",deleted"`
	}
	accountGenericAt struct {
		hostAccount
		DeletedAt sql.Null[time.Time] `scim:",deleted"`
	}
	accountGone struct {
		hostAccount
		Gone bool `scim:",deleted"`
	}
)

var accountDDL = []string{
	`CREATE TABLE accounts (id SERIALKEY, email TEXT NOT NULL, email_key TEXT, former_key TEXT, active BOOL, version BIGINT NOT NULL, rest LONGTEXT,
		password_hash TEXT, role SHORT NOT NULL DEFAULT 'user', is_admin BOOL NOT NULL DEFAULT FALSE, plan SHORT NOT NULL, last_login TIME,
		deleted_at TIME, gone BOOL)`,
	`CREATE UNIQUE INDEX accounts_email ON accounts (email_key)`,
	`CREATE INDEX accounts_former ON accounts (former_key)`,
}

type revivable interface {
	store.Reviver
	store.Describer
}

func openAccounts[T any](t *testing.T, d host, make func(hostAccount) *T) (*sql.DB, revivable) {
	conn := d.open(t)
	d.create(t, conn, accountDDL)
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[T]{
		New: func(context.Context, *schema.Resource) (*T, error) { return make(hostAccount{Plan: "free"}), nil },
	})
	require.NoError(t, err)
	return conn, users
}

var loginName = schema.UserType.MustResolve("userName")

// deletedAccount creates an account, sets every column of the application, and
// deletes it.
func deletedAccount(t *testing.T, conn *sql.DB, users store.Store, name string) *schema.Resource {
	r, err := users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, name).With(schema.UserType.MustResolve("title")[0], schema.String("old"))))
	require.NoError(t, err)
	_, err = conn.Exec("UPDATE accounts SET password_hash = 'secret', role = 'owner', is_admin = TRUE, plan = 'gold', last_login = '2024-01-02 03:04:05' WHERE email = '" + name + "'")
	require.NoError(t, err)
	require.NoError(t, users.Delete(t.Context(), storetest.Deletion(r, "")))
	return r
}

func tombstone(users store.Reviver, name string) (*schema.Resource, error) {
	return users.Tombstone(context.Background(), loginName, schema.String(name), store.GetOptions{})
}

// revive revives an account with its userName only.
func revive(t *testing.T, users store.Reviver, name string) *schema.Resource {
	found, err := tombstone(users, name)
	require.NoError(t, err)
	after := found.WithAttributes((&schema.Object{}).With(loginName[0], schema.String(name)))
	r, err := users.Revive(t.Context(), &store.Change{ID: found.ID, Before: found, After: after, IfVersion: found.Version, Cause: event.ByRestore})
	require.NoError(t, err)
	return r
}

// For every type of the deleted column, the revived row equals a new row except for
// the id and the columns without a scim tag.
func TestReviveRow(t *testing.T) {
	for form, open := range map[string]func(*testing.T, host) (*sql.DB, revivable){
		"pointer": func(t *testing.T, d host) (*sql.DB, revivable) {
			return openAccounts(t, d, func(a hostAccount) *accountAt { return &accountAt{hostAccount: a} })
		},
		"NullTime": func(t *testing.T, d host) (*sql.DB, revivable) {
			return openAccounts(t, d, func(a hostAccount) *accountNullAt { return &accountNullAt{hostAccount: a} })
		},
		"Null": func(t *testing.T, d host) (*sql.DB, revivable) {
			return openAccounts(t, d, func(a hostAccount) *accountGenericAt { return &accountGenericAt{hostAccount: a} })
		},
		"bool": func(t *testing.T, d host) (*sql.DB, revivable) {
			return openAccounts(t, d, func(a hostAccount) *accountGone { return &accountGone{hostAccount: a} })
		},
	} {
		t.Run(form, func(t *testing.T) {
			hosts(t, func(t *testing.T, d host) {
				conn, users := open(t, d)
				require.True(t, users.Describe().Revives)
				was := deletedAccount(t, conn, users, "Straße")
				r := revive(t, users, "STRASSE")
				require.Equal(t, was.ID, r.ID)
				require.JSONEq(t, `{"userName":"STRASSE"}`, string(r.Attributes.AppendJSON(nil)))

				var hash, former sql.NullString
				var role, plan string
				var admin, dead bool
				var key string
				var login sql.NullString
				require.NoError(t, conn.QueryRow("SELECT password_hash, role, is_admin, plan, email_key, former_key, deleted_at IS NOT NULL OR COALESCE(gone, FALSE), last_login FROM accounts").
					Scan(&hash, &role, &admin, &plan, &key, &former, &dead, &login))
				require.Equal(t, sql.NullString{}, hash, "no password comes back")
				require.Equal(t, []string{"user", "free", "strasse"}, []string{role, plan, key})
				require.False(t, admin)
				require.False(t, former.Valid)
				require.False(t, dead)
				require.True(t, login.Valid, "a column without a field of T is unchanged")
			})
		})
	}
}

// A row that the application has deleted, undeleted or cleared is not revived: its
// former name is not known.
func TestReviveRefusesOtherRows(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, users := openAccounts(t, d, func(a hostAccount) *accountAt { return &accountAt{hostAccount: a} })
		exec := func(query string) {
			_, err := conn.Exec(query)
			require.NoError(t, err)
		}
		const now = "deleted_at = '2024-01-02 03:04:05'"

		_, err := users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, "theirs")))
		require.NoError(t, err)
		exec("UPDATE accounts SET email_key = NULL, " + now)
		_, err = tombstone(users, "theirs")
		require.ErrorIs(t, err, store.ErrNotFound, "deleted by the application")
		r, err := users.Create(t.Context(), storetest.Creation(userOf(schema.UserType, "other")))
		require.NoError(t, err)
		_, err = users.Revive(t.Context(), &store.Change{ID: r.ID, After: r.WithAttributes(r.Attributes)})
		require.ErrorIs(t, err, store.ErrNotFound, "a live row")
		theirs := *r
		theirs.ID = "a1"
		_, err = users.Revive(t.Context(), &store.Change{ID: theirs.ID, After: theirs.With(loginName[0], schema.String("theirs"))})
		require.ErrorIs(t, err, store.ErrNotFound, "by its id")

		exec("DELETE FROM accounts")
		deletedAccount(t, conn, users, "blanked")
		exec("UPDATE accounts SET email = 'nobody'")
		_, err = tombstone(users, "blanked")
		require.ErrorIs(t, err, store.ErrNotFound, "the former key of another name")

		exec("DELETE FROM accounts")
		deletedAccount(t, conn, users, "undeleted")
		exec("UPDATE accounts SET email_key = 'undeleted', deleted_at = NULL")
		_, err = tombstone(users, "undeleted")
		require.ErrorIs(t, err, store.ErrNotFound, "a row that lives again")
	})
}

// Rows that the application deletes are revivable if it writes the former key.
func TestReviveLatestRowDeletedByTheApplication(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, users := openAccounts(t, d, func(a hostAccount) *accountAt { return &accountAt{hostAccount: a} })
		for _, at := range []string{"2024-01-01 00:00:00", "2024-03-01 00:00:00", "2024-02-01 00:00:00"} {
			_, err := conn.Exec("INSERT INTO accounts (email, former_key, version, rest, plan, deleted_at) VALUES ('A', 'a', 1, '{}', 'free', '" + at + "')")
			require.NoError(t, err)
		}
		r, err := tombstone(users, "a")
		require.NoError(t, err)
		require.Equal(t, "a2", r.ID)
		deletedAccount(t, conn, users, "a")
		n := 0
		require.NoError(t, conn.QueryRow("SELECT COUNT(*) FROM accounts WHERE former_key = 'a'").Scan(&n))
		require.Equal(t, 1, n, "older tombstones have no former key")
	})
}

func TestRebuildFormerKeys(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, users := openAccounts(t, d, func(a hostAccount) *accountAt { return &accountAt{hostAccount: a} })
		was := deletedAccount(t, conn, users, "a")
		deletedAccount(t, conn, users, "b")
		_, err := conn.Exec("UPDATE accounts SET former_key = CASE email WHEN 'a' THEN 'old fold' END")
		require.NoError(t, err)
		n, err := users.(*sqlquery.Table[accountAt]).RebuildKeys(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		r, err := tombstone(users, "a")
		require.NoError(t, err)
		require.Equal(t, was.ID, r.ID)
		_, err = tombstone(users, "b")
		require.ErrorIs(t, err, store.ErrNotFound, "a row without a former key does not get one")
	})
}

// The list rows of a revived user are those of the new resource.
func TestReviveReplacesLists(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, f := fullTables(t, d)
		users := f.Users.(renamed)
		with := func(address string) *schema.Resource {
			o, _ := schema.UserType.DecodeStored([]byte(`{"userName":"a","emails":[{"value":"` + address + `"}]}`))
			r := userOf(schema.UserType, "a").WithAttributes(o)
			r.ID = "2819c223-7f76-453a-919d-413861904646"
			return r
		}
		r, err := users.Create(t.Context(), storetest.Creation(with("old@x")))
		require.NoError(t, err)
		require.NoError(t, users.Delete(t.Context(), storetest.Deletion(r, "")))
		found, err := tombstone(users, "a")
		require.NoError(t, err)
		_, err = users.Revive(t.Context(), &store.Change{ID: found.ID, Before: found, After: with("new@x")})
		require.NoError(t, err)
		var address string
		require.NoError(t, conn.QueryRow("SELECT value FROM full_emails").Scan(&address), "one row")
		require.Equal(t, "new@x", address)
	})
}

func TestTombstoneUsesIndex(t *testing.T) {
	a := openApp(t, hostSQLite)
	got := plan(t, a.conn, "SELECT id FROM users AS t WHERE 1 = 1 AND NOT (t.deleted_at IS NULL) AND t.former_key COLLATE BINARY = ? ORDER BY t.id", "x")
	require.Contains(t, got, "SEARCH t USING INDEX users_former")
}

func TestReviveNeedsColumns(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	type base struct {
		ID        int64      `scim:"id,prefix=u"`
		Email     string     `scim:"userName"`
		EmailKey  *string    `scim:"userName,key"`
		DeletedAt *time.Time `scim:",deleted"`
		Rest      string     `scim:",rest"`
		FirstName string     `scim:"name.givenName"`
	}
	type forgetful struct {
		base
		Hash  string `db:"password_hash"`
		Teams int    `db:"team_count"` // what a query of the application counts
	}
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[forgetful]{
		New: func(context.Context, *schema.Resource) (*forgetful, error) { return &forgetful{Hash: "!"}, nil },
	})
	require.NoError(t, err, "without former nothing is revived")
	require.False(t, users.Describe().Revives)
	_, err = users.Tombstone(t.Context(), loginName, schema.String("a"), store.GetOptions{})
	require.ErrorIs(t, err, store.ErrNotFound)

	type counting struct {
		forgetful
		FormerKey *string `scim:"userName,former"`
	}
	_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[counting]{})
	require.ErrorContains(t, err, "Teams: reviving needs the column")

	_, err = conn.Exec("ALTER TABLE users ADD COLUMN team_count GENERATED ALWAYS AS (1)")
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[counting]{})
	require.ErrorContains(t, err, "Teams: reviving needs a column that can be set")

	type nameless struct {
		base
		FormerKey *string `scim:"userName,former" db:"nowhere"`
	}
	_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[nameless]{})
	require.ErrorContains(t, err, "FormerKey")
}
