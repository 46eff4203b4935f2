package sqlquery_test

import (
	"context"
	"database/sql"
	"log"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// account has the SCIM columns of the application's table of accounts.
type account struct {
	ID           int64      `scim:"id,prefix=u"`
	Email        string     `scim:"userName"`
	EmailKey     *string    `scim:"userName,key"`
	FirstName    *string    `scim:"name.givenName"`
	Disabled     *bool      `scim:"active,not"`
	Rest         string     `scim:",rest" db:"scim_rest"`
	Version      int64      `scim:"meta.version"`
	DeletedAt    *time.Time `scim:",deleted"`
	PasswordHash string     `db:"password_hash"`
}

// squad is a row of the application's table of squads.
type squad struct {
	ID      int64  `scim:"id,prefix=s"`
	Name    string `scim:"displayName"`
	NameKey string `scim:"displayName,key"`
	Version int64  `scim:"meta.version"`
}

// Users in a table of the application. The database must be open and the table
// must exist: NewTable inspects it and reports every mistake.
func ExampleNewTable() {
	_ = func(ctx context.Context, pool *sql.DB) {
		db, err := sqlquery.New(pool, sqlquery.PostgreSQL)
		if err != nil {
			log.Fatal(err)
		}
		users, err := sqlquery.NewTable(ctx, db, "accounts", schema.UserType, sqlquery.Options[account]{
			// Values for NOT NULL columns that SCIM does not have.
			New: func(context.Context, *schema.Resource) (*account, error) {
				return &account{PasswordHash: "!"}, nil
			},
		})
		if err != nil {
			log.Fatal(err)
		}
		log.Print(users.Type().Name)
	}
}

// Groups in a table, with a table of memberships whose members are users.
func ExampleNewGroupTable() {
	_ = func(ctx context.Context, db *sqlquery.DB, users *sqlquery.Table[account]) {
		squads, err := sqlquery.NewGroupTable(ctx, db, "squads", schema.GroupType,
			sqlquery.Members{Table: "squad_members", Group: "squad_id", Member: "account_id", Of: users},
			sqlquery.Options[squad]{})
		if err != nil {
			log.Fatal(err)
		}
		log.Print(squads.Type().Name)
	}
}
