//go:build pgbouncer

package sqlquerytest

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// PgBouncer in transaction mode gives the connection of each transaction to the
// next one of any tenant. It passes on no role of the client, so the function sets
// it too. interop/pgbouncer.sh starts one and runs this
// test.
func TestRowLevelSecurityBehindAPooler(t *testing.T) {
	dsn := os.Getenv("SCIM_TEST_PGBOUNCER")
	require.NotEmpty(t, dsn, "SCIM_TEST_PGBOUNCER is not set")
	host := newRLSHost(t)
	u, err := url.Parse(host.dsn)
	require.NoError(t, err)
	prepare := func(ctx context.Context, tx *sql.Tx, tenant string) error {
		_, err := tx.ExecContext(ctx, "SELECT set_config('search_path', $1, true), set_config('role', $2, true)", u.Query().Get("search_path"), host.role)
		return errors.Join(err, setTenant(ctx, tx, tenant))
	}
	a := newRLSTables(t, sqltest.Open(t, "pgx", dsn), sqlquery.Prepare(prepare))
	serveIsolated(t, a)
	call := a.serve(t)
	sqltest.AtOnce(8, func(i int) {
		for range 25 {
			_, list := call([]string{"a", "b"}[i%2], "GET", "/Users", "")
			if list["totalResults"] != 1.0 {
				t.Errorf("a tenant sees %v users", list["totalResults"])
			}
		}
	})
}
