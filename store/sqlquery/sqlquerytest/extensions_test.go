package sqlquerytest

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/devicetype"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// device has columns for some attributes and a rest for the others, among them most
// of those of the extension.
type device struct {
	ID        int64     `scim:"id,prefix=d"`
	Tenant    string    `scim:",tenant"`
	Label     *string   `scim:"label"`
	LabelKey  *string   `scim:"label,key"`
	Name      string    `scim:"displayName"`
	Serial    *string   `scim:"serial"`
	Model     *string   `scim:"model"`
	Code      *string   `scim:"code"`
	Slot      *int64    `scim:"slot"`
	Online    *bool     `scim:"online"`
	Owner     *string   `scim:"urn:example:params:scim:schemas:extension:asset:2.0:Device:owner"`
	Rest      string    `scim:",rest"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	ChangedAt time.Time `scim:"meta.lastModified"`
}

var deviceDDL = []string{
	`CREATE TABLE devices (id SERIALKEY, tenant TEXT NOT NULL, label TEXT, label_key TEXT, name TEXT NOT NULL, serial TEXT, model TEXT, code EXACT, slot BIGINT,
		online BOOL, owner TEXT, rest LONGTEXT NOT NULL, version BIGINT NOT NULL, created_at TIME NOT NULL, changed_at TIME NOT NULL, UNIQUE (tenant, code), UNIQUE (tenant, slot))`,
}

// runDevices runs the cases for resource types of an application's own against a type
// whose extension, required or not, has columns and characteristics of its own.
func runDevices(t *testing.T, d host) {
	for _, required := range []bool{true, false} {
		t.Run(fmt.Sprintf("required %t", required), func(t *testing.T) {
			rt, err := devicetype.New(required)
			require.NoError(t, err)
			scimtest.RunTypes(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
				conn := d.open(t)
				d.create(t, conn, deviceDDL)
				db, err := sqlquery.New(conn, d.dialect)
				require.NoError(t, err)
				table, err := sqlquery.NewTable(t.Context(), db, "devices", rt, sqlquery.Options[device]{})
				require.NoError(t, err)
				h, err := scim.New(scim.Config{
					BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler), Limits: scim.Limits{Rate: math.Inf(1)},
					Endpoints: []scim.Endpoint{{Type: table.Type(), Store: table}},
				})
				require.NoError(t, err)
				return h
			})
		})
	}
}

func TestTypesWithExtensionsOnSQLite(t *testing.T) { runDevices(t, hostSQLite) }

func TestTypesWithExtensionsOnPostgreSQL(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	runDevices(t, hostPostgreSQL)
}

func TestTypesWithExtensionsOnMariaDB(t *testing.T) {
	sqltest.Server(t, sqltest.MariaDB)
	runDevices(t, hostMariaDB)
}
