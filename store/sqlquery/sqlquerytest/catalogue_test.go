package sqlquerytest

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// lookRow is a row of the table looks, on which the mistakes below are made.
type lookRow struct {
	ID        int64      `scim:"id,prefix=l"`
	Login     string     `scim:"userName"`
	LoginKey  *string    `scim:"userName,key"`
	Active    *bool      `scim:"active"`
	Grade     *int64     `scim:"urn:example:look:grade"`
	Tenant    string     `scim:",tenant"`
	CreatedAt time.Time  `scim:"meta.created"`
	DeletedAt *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
	Hash      string     `db:"hash"`
}

var lookType = func() *schema.ResourceType {
	more, err := schema.New(schema.Schema{ID: "urn:example:look", Name: "Look", Attributes: []*schema.Attribute{{Name: "grade", Type: schema.TypeInteger}}})
	if err != nil {
		panic(err)
	}
	t := *schema.UserType
	t.Extensions = []schema.Extension{{Schema: more}}
	out, err := schema.NewResourceType(t)
	if err != nil {
		panic(err)
	}
	return out
}()

const lookColumns = `id SERIALKEY, login TEXT NOT NULL, login_key WORD, active BOOL, grade BIGINT, tenant WORD NOT NULL,
	created_at TIME NOT NULL, deleted_at TIME, rest LONGTEXT NOT NULL, hash TEXT NOT NULL`

const lookIndex = `CREATE UNIQUE INDEX looks_login ON looks (tenant, login_key)`

// look creates the table looks and returns the error of NewTable, and the log.
func look[T any](t *testing.T, d host, o sqlquery.Options[T], ddl ...string) (log string, err error) {
	t.Helper()
	conn := d.open(t)
	d.create(t, conn, withWords(d, ddl))
	var b strings.Builder
	o.Logger = slog.New(slog.NewTextHandler(&b, nil))
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "looks", lookType, o)
	return b.String(), err
}

// withWords replaces WORD by a type for short texts.
func withWords(d host, ddl []string) []string {
	word := "VARCHAR(100)"
	if d.dialect == sqlquery.MySQL {
		word += " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
	}
	out := make([]string, len(ddl))
	for i, s := range ddl {
		out[i] = strings.ReplaceAll(s, "WORD", word)
	}
	return out
}

func newLook(context.Context, *schema.Resource) (*lookRow, error) { return &lookRow{Hash: "!"}, nil }

// swap returns the statements that make the table right, with one part replaced.
func swap(from, to string) []string {
	return []string{"CREATE TABLE looks (" + strings.Replace(lookColumns, from, to, 1) + ")", lookIndex}
}

func TestNewTableAcceptsARightTable(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		log, err := look(t, d, sqlquery.Options[lookRow]{New: newLook}, swap("", "")...)
		require.NoError(t, err)
		require.Empty(t, log)
	})
}

// Every mistake is refused when the program starts, with table, column and
// remedy.
func TestNewTableLooksAtTheCatalogue(t *testing.T) {
	all := []host{hostSQLite, hostPostgreSQL, hostMariaDB}
	for name, c := range map[string]struct {
		on   []host
		ddl  []string
		want []string
	}{
		"a column that no field fills": {all, swap("rest ", "plan TEXT NOT NULL, rest "), []string{"looks.plan is NOT NULL without a DEFAULT", "DEFAULT", "tag db"}},
		"text for an integer":          {all, swap("grade BIGINT", "grade WORD"), []string{"lookRow.Grade", "looks.grade is", "must be an integer"}},
		"an integer for text":          {all, swap("login TEXT", "login BIGINT"), []string{"lookRow.Login", "looks.login is", "must be text"}},
		"an integer for a time":        {all, swap("created_at TIME", "created_at BIGINT"), []string{"lookRow.CreatedAt", "looks.created_at is", "unit"}},
		"text for a boolean":           {all, swap("active BOOL", "active WORD"), []string{"lookRow.Active", "looks.active is", "must be"}},
		"text for a time":              {[]host{hostPostgreSQL, hostMariaDB}, swap("created_at TIME", "created_at WORD"), []string{"lookRow.CreatedAt", "looks.created_at is"}},
		"an array for text":            {all[1:2], swap("login TEXT", "login TEXT[]"), []string{"lookRow.Login", "looks.login is text[]"}},
		"text for an id":               {all, swap("id SERIALKEY", "id WORD PRIMARY KEY"), []string{"lookRow.ID", "looks.id is", "string"}},
		"a key that is an integer":     {all, swap("login_key WORD", "login_key BIGINT"), []string{"lookRow.LoginKey", "looks.login_key is"}},
		"a key that cannot be null":    {all, swap("login_key WORD", "login_key WORD NOT NULL"), []string{"looks.login_key is NOT NULL", "nullable"}},
		"no unique index":              {all, swap("", "")[:1], []string{"looks.login_key (userName) has no unique index", "CREATE UNIQUE INDEX looks_login_key ON looks (tenant, login_key)"}},
		"an index over all tenants": {all, append(swap("", "")[:1], `CREATE UNIQUE INDEX looks_login ON looks (login_key)`),
			[]string{"looks.login_key (userName) is unique over all tenants", "CREATE UNIQUE INDEX looks_login_key ON looks (tenant, login_key)"}},
		"an index that is not unique": {all, append(swap("", "")[:1], `CREATE INDEX looks_login ON looks (tenant, login_key)`), []string{"has no unique index"}},
		"an index for some rows": {all[:2], append(swap("", "")[:1], `CREATE UNIQUE INDEX looks_login ON looks (tenant, login_key) WHERE active`),
			[]string{"the unique index looks_login does not hold for all"}},
		"ids that are not assigned": {all, swap("id SERIALKEY", "id BIGINT PRIMARY KEY"), []string{"looks.id is not assigned by the database"}},
		"ids that are not unique":   {all[1:], swap("id SERIALKEY", "id BIGINT NOT NULL"), []string{"looks.id is the id and has no unique index", "primary key"}},
	} {
		for _, d := range c.on {
			t.Run(name+" on "+names[d.dialect], func(t *testing.T) {
				_, err := look(t, d, sqlquery.Options[lookRow]{New: newLook}, c.ddl...)
				require.Error(t, err)
				for _, want := range c.want {
					require.ErrorContains(t, err, want)
				}
			})
		}
	}
}

var names = map[sqlquery.Dialect]string{sqlquery.SQLite: "SQLite", sqlquery.PostgreSQL: "PostgreSQL", sqlquery.MySQL: "MariaDB"}

// A NOT NULL column with a field needs Options.New too, which sets it.
func TestColumnOfTheApplicationNeedsNew(t *testing.T) {
	_, err := look(t, hostSQLite, sqlquery.Options[lookRow]{}, swap("", "")...)
	require.ErrorContains(t, err, "looks.hash is NOT NULL without a DEFAULT")
	require.ErrorContains(t, err, "Options.New")
}

func TestMissingColumnIsNamed(t *testing.T) {
	_, err := look(t, hostSQLite, sqlquery.Options[lookRow]{New: newLook}, swap("active BOOL, grade BIGINT,", "")...)
	require.ErrorContains(t, err, "lookRow.Active: looks has no column active")
	require.ErrorContains(t, err, "lookRow.Grade: looks has no column grade", "all mistakes at once")
}

func TestTwoFieldsOfOneColumn(t *testing.T) {
	type twice struct {
		lookRow
		Shown *string `scim:"displayName" db:"login"`
		Plain string  `db:"login"`
	}
	_, err := look(t, hostSQLite, sqlquery.Options[twice]{New: func(context.Context, *schema.Resource) (*twice, error) { return &twice{}, nil }}, swap("", "")...)
	require.ErrorContains(t, err, "twice.Shown: the column login is that of Login too")
	require.ErrorContains(t, err, "twice.Plain: the column login is that of")
}

// A column that a trigger, an identity, a DEFAULT or the database itself fills is
// no mistake.
func TestFilledColumnsAreAccepted(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		ddl := swap("rest ", "plan WORD NOT NULL DEFAULT 'free', twice BIGINT GENERATED ALWAYS AS (grade * 2) STORED, rest ")
		_, err := look(t, d, sqlquery.Options[lookRow]{New: newLook}, ddl...)
		require.NoError(t, err)
	})
	t.Run("trigger on PostgreSQL", func(t *testing.T) {
		_, err := look(t, hostPostgreSQL, sqlquery.Options[lookRow]{New: newLook}, append(swap("rest ", "plan TEXT NOT NULL, rest "),
			`CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.plan := 'free'; RETURN NEW; END $$`,
			`CREATE TRIGGER fill BEFORE INSERT ON looks FOR EACH ROW EXECUTE FUNCTION fill()`)...)
		require.NoError(t, err)
	})
	t.Run("trigger on MariaDB", func(t *testing.T) {
		_, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, append(swap("rest ", "plan WORD NOT NULL, rest "),
			`CREATE TRIGGER fill BEFORE INSERT ON looks FOR EACH ROW SET NEW.plan = 'free'`)...)
		require.NoError(t, err)
	})
}

// liveRow keeps its key in deleted rows.
type liveRow struct {
	ID       int64  `scim:"id"`
	Login    string `scim:"userName"`
	LoginKey string `scim:"userName,key"`
	Gone     bool   `scim:",deleted"`
	Rest     string `scim:",rest"`
}

func TestPartialUniqueIndexes(t *testing.T) {
	table := `CREATE TABLE looks (id SERIALKEY, login TEXT NOT NULL, login_key WORD NOT NULL, gone BOOL NOT NULL DEFAULT FALSE, kind WORD NOT NULL DEFAULT 'human', rest LONGTEXT NOT NULL)`
	for _, d := range []host{hostSQLite, hostPostgreSQL} {
		for index, right := range map[string]bool{
			`(login_key) WHERE NOT gone`:                               true,
			`(login_key) WHERE gone = FALSE`:                           true,
			`(login_key) WHERE gone IS NOT TRUE`:                       true,
			`("login_key") WHERE (NOT gone) AND login_key IS NOT NULL`: true,
			`(lower(login_key)) WHERE NOT gone`:                        true,
			`(login_key)`:                                              false,
			`(login_key) WHERE gone`:                                   false,
			`(login_key) WHERE id > 7 AND NOT gone`:                    false,
			`(login_key, id) WHERE NOT gone`:                           false,
		} {
			t.Run(names[d.dialect]+" "+index, func(t *testing.T) {
				_, err := look(t, d, sqlquery.Options[liveRow]{}, table, "CREATE UNIQUE INDEX looks_login ON looks "+index)
				if right {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "looks.login_key (userName)")
				require.ErrorContains(t, err, "CREATE UNIQUE INDEX looks_login_key ON looks (login_key) WHERE NOT gone")
			})
		}
		t.Run(names[d.dialect]+" with Where", func(t *testing.T) {
			_, err := look(t, d, sqlquery.Options[liveRow]{Where: "kind = 'human'"}, table, "CREATE UNIQUE INDEX looks_login ON looks (kind, login_key) WHERE NOT gone")
			require.NoError(t, err)
		})
	}
	t.Run("MariaDB", func(t *testing.T) { // which has no partial indexes
		_, err := look(t, hostMariaDB, sqlquery.Options[liveRow]{}, table, "CREATE UNIQUE INDEX looks_login ON looks (login_key)")
		require.ErrorContains(t, err, "looks.login_key (userName) has no unique index that leaves deleted rows out")
		_, err = look(t, hostMariaDB, sqlquery.Options[liveRow]{}, table, "ALTER TABLE looks ADD COLUMN live_key WORD GENERATED ALWAYS AS (CASE WHEN gone THEN NULL ELSE login_key END) STORED",
			"CREATE UNIQUE INDEX looks_login ON looks (live_key)")
		require.NoError(t, err)
	})
}

func TestUniqueIndexOnTheValueIsLogged(t *testing.T) {
	log, err := look(t, hostSQLite, sqlquery.Options[lookRow]{New: newLook}, append(swap("", ""), "CREATE UNIQUE INDEX old ON looks (tenant, login)")...)
	require.NoError(t, err)
	require.Contains(t, log, "keeps the value of a deleted resource taken")
	require.Contains(t, log, "index=old")
}

// What the catalogue does not show is not refused.
func TestViewsAndPartitions(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn := d.open(t)
		d.create(t, conn, withWords(d, append(swap("", ""), "CREATE VIEW seen AS SELECT * FROM looks")))
		var log strings.Builder
		err := newTable(t, conn, d, "seen", sqlquery.Options[lookRow]{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.Contains(t, log.String(), "is a view")
	})
	t.Run("partitioned", func(t *testing.T) {
		log, err := look(t, hostPostgreSQL, sqlquery.Options[lookRow]{New: newLook}, "CREATE TABLE looks ("+
			strings.Replace(lookColumns, "SERIALKEY", "BIGINT GENERATED ALWAYS AS IDENTITY", 1)+", PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at)")
		require.NoError(t, err)
		require.Contains(t, log, "has no unique index", "it cannot have one, so this is a warning")
	})
	t.Run("with the name of the schema", func(t *testing.T) {
		conn := hostPostgreSQL.open(t)
		hostPostgreSQL.create(t, conn, withWords(hostPostgreSQL, swap("", "")))
		var name string
		require.NoError(t, conn.QueryRow("SELECT current_schema() || '.looks'").Scan(&name))
		users := sqlquery.Options[lookRow]{New: newLook, EnsureKeys: true}
		require.NoError(t, newTable(t, conn, hostPostgreSQL, name, users))
		hostPostgreSQL.exec(t, conn, []string{"DROP INDEX looks_login"})
		require.ErrorContains(t, newTable(t, conn, hostPostgreSQL, name, users), name+".login_key (userName) has no unique index")
	})
}

func newTable[T any](t *testing.T, conn *sql.DB, d host, name string, o sqlquery.Options[T]) error {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, name, lookType, o)
	return err
}

// textID is a string id without the option uuid.
type textID struct {
	ID       string  `scim:"id"`
	Login    string  `scim:"userName"`
	LoginKey *string `scim:"userName,key"`
	Rest     string  `scim:",rest"`
}

func TestIDColumns(t *testing.T) {
	columns := ", login TEXT NOT NULL, login_key WORD, rest LONGTEXT NOT NULL)"
	index := "CREATE UNIQUE INDEX looks_login ON looks (login_key)"
	hosts(t, func(t *testing.T, d host) {
		_, err := look(t, d, sqlquery.Options[textID]{}, "CREATE TABLE looks (id BIGINT PRIMARY KEY"+columns, index)
		require.ErrorContains(t, err, "textID.ID: looks.id is")
		require.ErrorContains(t, err, "make the field an int64")
		_, err = look(t, d, sqlquery.Options[textID]{}, "CREATE TABLE looks (id WORD PRIMARY KEY"+columns, index)
		require.NoError(t, err)
		_, err = look(t, d, sqlquery.Options[textID]{}, "CREATE TABLE looks (id UUID PRIMARY KEY"+columns, index)
		require.ErrorContains(t, err, "option uuid")
	})
}

// A STRICT table of SQLite keeps the types of values in a column of the type ANY.
func TestStrictTable(t *testing.T) {
	table := "CREATE TABLE looks (id INTEGER PRIMARY KEY AUTOINCREMENT, login LOGIN NOT NULL, login_key TEXT UNIQUE, rest TEXT NOT NULL) STRICT"
	type strict struct {
		ID       int64   `scim:"id"`
		Login    string  `scim:"userName"`
		LoginKey *string `scim:"userName,key"`
		Rest     string  `scim:",rest"`
	}
	_, err := look(t, hostSQLite, sqlquery.Options[strict]{}, strings.Replace(table, "LOGIN", "ANY", 1))
	require.NoError(t, err)
	_, err = look(t, hostSQLite, sqlquery.Options[strict]{}, strings.Replace(table, "LOGIN", "REAL", 1))
	require.ErrorContains(t, err, "looks.login is REAL")
}

// Ids that are never assigned twice may be unique in each tenant only.
func TestIDsUniqueInEachTenant(t *testing.T) {
	hostServers(t, func(t *testing.T, d host) {
		serial := map[sqlquery.Dialect]string{
			sqlquery.PostgreSQL: "BIGINT GENERATED ALWAYS AS IDENTITY", sqlquery.MySQL: "BIGINT AUTO_INCREMENT, KEY (id)",
		}[d.dialect]
		_, err := look(t, d, sqlquery.Options[lookRow]{New: newLook}, "CREATE TABLE looks ("+strings.Replace(lookColumns, "SERIALKEY", serial, 1)+", PRIMARY KEY (tenant, id))", lookIndex)
		require.NoError(t, err)
	})
	_, err := look(t, hostSQLite, sqlquery.Options[tenantText]{}, "CREATE TABLE looks (id TEXT, tenant TEXT, login TEXT, login_key TEXT, rest TEXT, PRIMARY KEY (tenant, id), UNIQUE (tenant, login_key))")
	require.ErrorContains(t, err, "looks.id is the id and has no unique index", "texts may be equal in two tenants")
}

type tenantText struct {
	textID
	Tenant string `scim:",tenant"`
}

func TestMemberTables(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		for ddl, want := range map[string]string{
			`CREATE TABLE crew (team_id BIGINT NOT NULL, user_id BIGINT NOT NULL, role WORD NOT NULL, PRIMARY KEY (team_id, user_id))`:                           "crew.role is NOT NULL without a DEFAULT",
			`CREATE TABLE crew (team_id BIGINT NOT NULL, user_id BIGINT NOT NULL)`:                                                                               "crew has no primary key or unique index on (team_id, user_id)",
			`CREATE TABLE crew (team_id BIGINT NOT NULL, user_id BIGINT NOT NULL, role WORD NOT NULL DEFAULT 'member', PRIMARY KEY (team_id, user_id, role))`:    "crew has no primary key or unique index on (team_id, user_id)",
			`CREATE TABLE crew (team_id BIGINT NOT NULL, user_id WORD NOT NULL, PRIMARY KEY (team_id, user_id))`:                                                 "crew.user_id is",
			`CREATE TABLE crew (team_id BIGINT NOT NULL, account_id BIGINT NOT NULL, PRIMARY KEY (team_id, account_id))`:                                         "crew has no column user_id",
			`CREATE TABLE crew (id SERIALKEY, team_id BIGINT NOT NULL, user_id BIGINT NOT NULL, role WORD NOT NULL DEFAULT 'member', UNIQUE (user_id, team_id))`: "",
		} {
			t.Run(cmp.Or(want, "none"), func(t *testing.T) {
				a := openApp(t, d)
				d.create(t, a.conn, withWords(d, []string{ddl}))
				_, err := sqlquery.NewGroupTable(t.Context(), a.db, "teams", schema.GroupType,
					sqlquery.Members{Table: "crew", Group: "team_id", Member: "user_id", Of: a.users}, sqlquery.Options[hostTeam]{})
				if want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, want)
			})
		}
	})
}

func TestMissingIndexOnTheMemberIsLogged(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		d.create(t, a.conn, []string{`CREATE TABLE crew (team_id BIGINT NOT NULL, user_id BIGINT NOT NULL, PRIMARY KEY (team_id, user_id))`})
		var log strings.Builder
		_, err := sqlquery.NewGroupTable(t.Context(), a.db, "teams", schema.GroupType, sqlquery.Members{Table: "crew", Group: "team_id", Member: "user_id", Of: a.users},
			sqlquery.Options[hostTeam]{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.Contains(t, log.String(), "CREATE INDEX crew_user_id ON crew (user_id)")
	})
}

func TestTableOfAList(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, db := openHost(t, d)
		d.create(t, conn, withWords(d, []string{`CREATE TABLE mails (user_id BIGINT NOT NULL, value WORD NOT NULL, source WORD NOT NULL)`}))
		type plain struct {
			ID       int64   `scim:"id,prefix=u"`
			Email    string  `scim:"userName"`
			EmailKey *string `scim:"userName,key"`
			First    string  `scim:"name.givenName" db:"first_name"`
			Rest     string  `scim:",rest"`
			Hash     string  `db:"password_hash"`
		}
		_, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[plain]{
			New:   func(context.Context, *schema.Resource) (*plain, error) { return &plain{Hash: "!"}, nil },
			Lists: map[string]sqlquery.ListTable{"emails": {Table: "mails", Owner: "user_id", Values: map[string]string{"value": "value", "type": "kind"}}},
		})
		require.ErrorContains(t, err, "mails has no column kind")
		d.create(t, conn, withWords(d, []string{`ALTER TABLE mails ADD COLUMN kind WORD`}))
		_, err = sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[plain]{
			New:   func(context.Context, *schema.Resource) (*plain, error) { return &plain{Hash: "!"}, nil },
			Lists: map[string]sqlquery.ListTable{"emails": {Table: "mails", Owner: "user_id", Values: map[string]string{"value": "value", "type": "kind"}}},
		})
		require.ErrorContains(t, err, "mails.source is NOT NULL without a DEFAULT")
		require.ErrorContains(t, err, "mails.value is NOT NULL, but an element may have no such value")
	})
}

func TestCollationThatIsNotBinaryIsLogged(t *testing.T) {
	log, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, swap("login_key WORD", "login_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")...)
	require.NoError(t, err)
	require.Contains(t, log, "column=login_key collation=utf8mb4_general_ci")
	require.NotContains(t, log, "column=tenant")
}

func TestEngineWithoutTransactions(t *testing.T) {
	_, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, swap("", "")[0]+" ENGINE = MyISAM", lookIndex)
	require.ErrorContains(t, err, "looks has the engine MyISAM")
}

func TestCharacterSetsThatLackCharacters(t *testing.T) {
	for column, reported := range map[string]bool{
		"VARCHAR(100) CHARACTER SET latin1 COLLATE latin1_bin":         true,
		"VARCHAR(100) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin":       true,
		"VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin":       false,
		"VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin": false,
	} {
		log, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, swap("login_key WORD", "login_key "+column)...)
		require.NoError(t, err, column)
		require.Equal(t, reported, strings.Contains(log, "does not have every character") && strings.Contains(log, "column=login_key"), column)
	}
	log, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, swap("login TEXT", "login VARCHAR(100) CHARACTER SET latin1")...)
	require.NoError(t, err)
	require.Contains(t, log, "column=login collation=latin1")
}

func TestUniqueIndexOnPrefixes(t *testing.T) {
	ddl := swap("login_key WORD", "login_key VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
	ddl[1] = "CREATE UNIQUE INDEX looks_key ON looks (tenant, login_key(3))"
	_, err := look(t, hostMariaDB, sqlquery.Options[lookRow]{New: newLook}, ddl...)
	require.ErrorContains(t, err, "login_key (userName) has no unique index")
}

func TestLastModifiedThatTheDatabaseWrites(t *testing.T) {
	type row struct {
		ID      int64     `scim:"id"`
		Login   string    `scim:"userName"`
		Key     string    `scim:"userName,key"`
		Changed time.Time `scim:"meta.lastModified"`
	}
	conn := hostMariaDB.open(t)
	_, err := conn.Exec("CREATE TABLE looks (id BIGINT AUTO_INCREMENT PRIMARY KEY, login VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL, " +
		"`key` VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE, changed DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))")
	require.NoError(t, err)
	db, err := sqlquery.New(conn, sqlquery.MySQL)
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "looks", schema.UserType, sqlquery.Options[row]{})
	require.ErrorContains(t, err, "looks.changed has ON UPDATE CURRENT_TIMESTAMP")

	_, err = conn.Exec("ALTER TABLE looks MODIFY changed DATETIME NOT NULL")
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "looks", schema.UserType, sqlquery.Options[row]{})
	require.ErrorContains(t, err, "looks.changed is datetime, which does not keep microseconds")
	_, err = conn.Exec("ALTER TABLE looks MODIFY changed DATETIME(6) NOT NULL")
	require.NoError(t, err)
	_, err = sqlquery.NewTable(t.Context(), db, "looks", schema.UserType, sqlquery.Options[row]{})
	require.NoError(t, err)
}

// A tenant that is longer than its column is a mistake of the application and not
// of the client.
func TestTenantThatDoesNotFit(t *testing.T) {
	conn := hostMariaDB.open(t)
	hostMariaDB.create(t, conn, withWords(hostMariaDB, []string{"CREATE TABLE looks (" + strings.Replace(lookColumns, "tenant WORD", "tenant VARCHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", 1) + ")", lookIndex}))
	db, err := sqlquery.New(conn, sqlquery.MySQL)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "looks", lookType, sqlquery.Options[lookRow]{New: newLook})
	require.NoError(t, err)
	o, errs := lookType.DecodeStored([]byte(`{"userName":"a"}`))
	require.Empty(t, errs)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err = users.Create(store.WithTenant(t.Context(), "europe"), &store.Change{After: &schema.Resource{Type: lookType, Attributes: o, Created: at}, At: at})
	require.ErrorContains(t, err, "the tenant of the request does not fit its column")
	var wrong *schema.Error
	require.NotErrorAs(t, err, &wrong)
}

func TestValueThatIsTooLongNamesItsAttribute(t *testing.T) {
	type row struct {
		ID    int64   `scim:"id"`
		Login string  `scim:"userName"`
		Key   *string `scim:"userName,key"`
		Title *string `scim:"title"`
	}
	conn := hostMariaDB.open(t)
	_, err := conn.Exec("CREATE TABLE looks (id BIGINT AUTO_INCREMENT PRIMARY KEY, login TEXT CHARACTER SET utf8mb4 NOT NULL, " +
		"`key` VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin UNIQUE, title VARCHAR(10) CHARACTER SET utf8mb4)")
	require.NoError(t, err)
	db, err := sqlquery.New(conn, sqlquery.MySQL)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "looks", schema.UserType, sqlquery.Options[row]{})
	require.NoError(t, err)
	o, errs := users.Type().DecodeStored([]byte(`{"userName":"a","title":"more than ten letters"}`))
	require.Empty(t, errs)
	_, err = users.Create(t.Context(), &store.Change{After: &schema.Resource{Type: users.Type(), Attributes: o}})
	require.EqualError(t, err, "title: a value is too long, out of range or not allowed for its column")
}
