package snippets

import (
	"context"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// Account is a row with the whole name of a person in one column.
type Account struct {
	ID       int64   `scim:"id"`
	Email    string  `scim:"userName"`
	EmailKey *string `scim:"userName,key"`
	Status   string  `scim:"active,true=active|invited,false=suspended"`
	FullName string  `scim:"name.formatted,composed"`
	Rest     string  `scim:",rest"`
}

// FullName keeps the column full_name right.
func FullName(_ context.Context, row *Account, r *schema.Resource) error {
	if name := strings.TrimSpace(r.Text("name.givenName") + " " + r.Text("name.familyName")); name != "" {
		row.FullName = name
	}
	if row.FullName == "" {
		row.FullName = r.Text("userName")
	}
	return nil
}

// Accounts configures the table and the endpoint of accounts.
func Accounts(ctx context.Context, db *sqlquery.DB) (scim.Endpoint, error) {
	accounts, err := sqlquery.NewTable(ctx, db, "accounts", schema.UserType, sqlquery.Options[Account]{Complete: FullName})
	if err != nil {
		return scim.Endpoint{}, err
	}
	people := scim.Users(accounts)
	people.Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object {
		return o.With(schema.UserType.MustResolve("locale")[0], schema.String("en-GB"))
	}
	return people, nil
}
