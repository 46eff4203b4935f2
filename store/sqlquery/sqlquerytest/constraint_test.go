package sqlquerytest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// checkedUser has columns with CHECK constraints: of clients' values, of the
// application's, and of both.
type checkedUser struct {
	ID       int64   `scim:"id"`
	Login    string  `scim:"userName"`
	LoginKey *string `scim:"userName,key"`
	Title    *string `scim:"title"`
	Nick     *string `scim:"nickName"`
	Rest     string  `scim:",rest"`
	Plan     string  `db:"plan"`
	Seats    int64   `db:"seats"`
}

const checkedDDL = `CREATE TABLE checked (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, title TEXT CHECK (title <> 'Forbidden'), nick TEXT,
	rest LONGTEXT NOT NULL, plan SHORT NOT NULL, seats BIGINT, UNIQUE (login_key), CHECK (plan <> 'title'),
	CONSTRAINT few_seats CHECK (seats < 10), CONSTRAINT short_nick CHECK (length(nick) < 5 AND plan <> 'none'))`

// A CHECK that a client's value violates is 400 without the value. One on columns
// that only the application fills is 500: no client could mend it.
func TestCheckConstraints(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, []string{checkedDDL})
		row := checkedUser{Plan: "free"}
		c, _ := staffClient(t, d, conn, "checked", sqlquery.Options[checkedUser]{
			New: func(context.Context, *schema.Resource) (*checkedUser, error) {
				v := row
				return &v, nil
			},
		})
		refused := c.Post("/Users", scimtest.User("ada", `"title":"Forbidden"`)).Fails(400, "invalidValue")
		require.NotContains(t, refused.Text, "Forbidden")
		require.Contains(t, refused.String("detail"), "title")
		refused = c.Post("/Users", scimtest.User("ada", `"nickName":"Countess"`)).Fails(400, "invalidValue")
		require.NotContains(t, refused.Text, "Countess")
		require.Contains(t, refused.String("detail"), "nickName")
		id := c.Post("/Users", scimtest.User("ada")).Is(201).String("id")
		c.Patch("/Users/"+id, `{"op":"add","path":"title","value":"Forbidden"}`).Fails(400, "invalidValue")

		row.Plan = "title"
		c.Post("/Users", scimtest.User("bob")).Fails(500, "")
		row.Plan, row.Seats = "free", 11
		c.Post("/Users", scimtest.User("bob")).Fails(500, "")
		require.Equal(t, "ada", found(c, ""))
	})
}
