package sqlquerytest

import (
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// leaverBase is a row that stays when its user is deleted.
type leaverBase struct {
	ID        int64      `scim:"id"`
	Login     string     `scim:"userName"`
	LoginKey  *string    `scim:"userName,key"`
	FormerKey *string    `scim:"userName,former"`
	Version   int64      `scim:"meta.version"`
	DeletedAt *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
}

// Each type has the application's own flag in another form.
type (
	leaverByStatus struct {
		leaverBase
		Flag string `scim:"active,true=active|trial,false=suspended|invited"`
	}
	leaverByNumber struct {
		leaverBase
		Flag *int64 `scim:"active,true=1|2,false=0"`
	}
	leaverByBoolean struct {
		leaverBase
		Flag bool `scim:"active"`
	}
	leaverByOpposite struct {
		leaverBase
		Flag *bool `scim:"active,not"`
	}
)

// A deleted row has the application's own flag for an inactive user, whatever form
// the flag has. A revived row has the flag of a new one.
func TestDeletedRowIsInactive(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		t.Run("text", func(t *testing.T) {
			testDeletedFlag[leaverByStatus](t, d, "SHORT NOT NULL", "active", "suspended")
		})
		t.Run("integer", func(t *testing.T) { testDeletedFlag[leaverByNumber](t, d, "BIGINT", "1", "0") })
		yes, no := "1", "0"
		if d.dialect == sqlquery.PostgreSQL {
			yes, no = "true", "false"
		}
		t.Run("boolean", func(t *testing.T) { testDeletedFlag[leaverByBoolean](t, d, "BOOL NOT NULL", yes, no) })
		t.Run("opposite", func(t *testing.T) { testDeletedFlag[leaverByOpposite](t, d, "BOOL", no, yes) })
	})
}

func testDeletedFlag[T any](t *testing.T, d host, columnType, active, inactive string) {
	conn := d.open(t)
	d.create(t, conn, []string{`CREATE TABLE leavers (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, former_key TEXT, version BIGINT NOT NULL,
		deleted_at TIME, rest LONGTEXT NOT NULL, flag ` + columnType + ", UNIQUE (login_key))"})
	c := leaversClient[T](t, d, conn)
	flag := func() string { return column(t, conn, "leavers", "flag", "ada") }
	id := c.Post("/Users", scimtest.User("ada", `"active":true`)).Is(201).String("id")
	require.Equal(t, active, flag())
	c.Delete("/Users/" + id).Is(204)
	require.Equal(t, inactive, flag())
	require.NotEmpty(t, column(t, conn, "leavers", "deleted_at", "ada"))
	require.Equal(t, id, c.Post("/Users", scimtest.User("ada")).Is(201).String("id"))
	require.Equal(t, active, flag())
	require.Empty(t, column(t, conn, "leavers", "deleted_at", "ada"))
}

func leaversClient[T any](t *testing.T, d host, conn *sql.DB) *scimtest.Client {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "leavers", schema.UserType, sqlquery.Options[T]{})
	require.NoError(t, err)
	endpoint := scim.Users(users)
	endpoint.OnTwin = scim.RestoreDeleted
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{endpoint},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "t")
}
