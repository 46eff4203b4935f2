package sqlquerytest

import (
	"testing"

	"github.com/seed5f3efb56/scim/internal/connectiontest"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func connectedTables(t *testing.T, d host) {
	connectiontest.RunPeople(t, func(t *testing.T) (connectiontest.DB, connectiontest.People) {
		f := ownedTables(t, d)
		return memstore.New(), connectiontest.People{Users: f.Users, Groups: f.Groups, Tx: f.Tx}
	})
}

func TestConnectionsOnSQLite(t *testing.T) { connectedTables(t, hostSQLite) }

func TestConnectionsOnPostgreSQL(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	connectedTables(t, hostPostgreSQL)
}

func TestConnectionsOnMariaDB(t *testing.T) {
	sqltest.Server(t, sqltest.MariaDB)
	connectedTables(t, hostMariaDB)
}
