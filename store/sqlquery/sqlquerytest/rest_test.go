package sqlquerytest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

type restRow[R []byte | string] struct {
	ID       string `scim:"id,uuid"`
	Login    string `scim:"userName"`
	LoginKey string `scim:"userName,key"`
	Rest     R      `scim:",rest"`
}

// TestRestColumns shows which column types a rest field accepts.
func TestRestColumns(t *testing.T) {
	for name, c := range map[string]struct {
		host
		texts, bytes []string
	}{
		"SQLite":     {hostSQLite, []string{"TEXT", "BLOB", "JSON"}, []string{"TEXT", "BLOB", "JSON"}},
		"PostgreSQL": {hostPostgreSQL, []string{"TEXT", "JSON"}, []string{"TEXT", "JSON", "BYTEA"}},
		"MariaDB":    {hostMariaDB, []string{"LONGTEXT CHARACTER SET utf8mb4", "JSON"}, []string{"LONGTEXT CHARACTER SET utf8mb4", "JSON", "LONGBLOB"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, column := range c.texts {
				t.Run("string in "+column, func(t *testing.T) { testRest[string](t, c.host, column) })
			}
			for _, column := range c.bytes {
				t.Run("bytes in "+column, func(t *testing.T) { testRest[[]byte](t, c.host, column) })
			}
		})
	}
}

func testRest[R []byte | string](t *testing.T, d host, column string) {
	conn := d.open(t)
	_, err := conn.Exec("CREATE TABLE rests (id VARCHAR(50) PRIMARY KEY, login VARCHAR(50), login_key VARCHAR(50) UNIQUE, rest " + column + ")")
	require.NoError(t, err)
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "rests", schema.UserType, sqlquery.Options[restRow[R]]{})
	require.NoError(t, err)
	title := schema.UserType.MustResolve("title")[0]
	text := "é😀\x00\x01\\u0000\"" + strings.Repeat("x", 5000)
	r := userOf(schema.UserType, "a").With(title, schema.String(text))
	r.ID = "2819c223-7f76-453a-919d-413861904646"
	_, err = users.Create(t.Context(), storetest.Creation(r))
	require.NoError(t, err)
	got, err := users.Get(t.Context(), r.ID, store.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, text, got.Attributes.Get(title).Text())
}
