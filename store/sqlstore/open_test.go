package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store/sqlstore"
)

func TestMySQLURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]mysql.Config{
		"mysql://root@127.0.0.1:3307/scim":                {User: "root", Addr: "127.0.0.1:3307", DBName: "scim"},
		"mysql://u:p%40ss%2F:x@db.example/scim":           {User: "u", Passwd: "p@ss/:x", Addr: "db.example:3306", DBName: "scim"},
		"mysql://u@[::1]:3307/scim?charset=utf8mb4":       {User: "u", Addr: "[::1]:3307", DBName: "scim"},
		"mariadb://u@[::1]/a%2Fb?timeout=5s&charset=utf8": {User: "u", Addr: "[::1]:3306", DBName: "a/b", Timeout: 5 * time.Second},
	} {
		dsn, err := sqlstore.MySQLDSN(url)
		require.NoError(t, err, url)
		got, err := mysql.ParseDSN(dsn)
		require.NoError(t, err, url)
		require.Equal(t, []string{want.User, want.Passwd, want.Addr, want.DBName, "tcp"}, []string{got.User, got.Passwd, got.Addr, got.DBName, got.Net}, url)
		require.Equal(t, want.Timeout, got.Timeout, url)
	}
}

func TestOpenURLNamesNoPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"mysql://", "mysql:///scim", "mysql://u:secret@host", "mysql://u:secret@host/", "mysql://u:secret@%zz/x", "mysql://u%3Ax:secret@h/d",
		"mysql://u:secret@h/d?tls=no-such", "postgres://u:secret@h:port/d", "redis://u:secret@h/d",
	} {
		db, err := sqlstore.OpenURL(url)
		if err == nil { // a driver may look at the URL at the first connection
			err = db.Migrate(context.Background())
			require.NoError(t, db.Close())
		}
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret", url)
	}
}

func TestOpenURLOpensAFile(t *testing.T) {
	t.Parallel()
	db, err := sqlstore.OpenURL(filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	require.NoError(t, db.Check(t.Context()))
	require.NoError(t, db.Close())
}
