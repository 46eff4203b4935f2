package sqlstore_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
)

// If the server cancels a statement because of its time limit, the response is 503
// and the client repeats the request later.
func TestStatementTimeoutIs503(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, d database) {
		quick := d
		quick.dsn += map[bool]string{true: "&", false: "?"}[strings.Contains(d.dsn, "?")] +
			map[string]string{"pgx": "statement_timeout=1000", "mysql": "max_statement_time=1"}[d.driver]
		c := scimtest.NewClient(t, serve(t, quick.store(t), tenantToken{}), "t")
		id := c.NewUser("a")
		change := func() *scimtest.Reply { return c.Patch(id, `{"op":"replace","path":"title","value":"x"}`) }

		tx, err := d.open(t).Begin()
		require.NoError(t, err)
		defer tx.Rollback()
		_, err = tx.Exec("UPDATE scim_resource SET display = 'locked'")
		require.NoError(t, err)
		require.NotEmpty(t, change().Is(http.StatusServiceUnavailable).Header.Get("Retry-After"))
		require.NoError(t, tx.Rollback())
		change().Is(http.StatusOK)
	})
}
