package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The provider's export has three users, the application two accounts.
func ExampleDryRun() {
	ctx := context.Background()
	users := memstore.New().Store(schema.UserType)
	for _, name := range []string{"ada@example.com", "bob@example.com"} {
		user := &schema.Resource{
			Type: schema.UserType, ID: strings.ToUpper(name[:3]),
			Attributes: (&schema.Object{}).With(schema.User.Attribute("userName"), schema.String(name)),
		}
		if _, err := users.Create(ctx, &store.Change{ID: user.ID, After: user}); err != nil {
			fmt.Println(err)
			return
		}
	}

	export := strings.NewReader(`Login,Id,Status
Ada@example.com,00u1,ACTIVE
grace@example.com,00u2,ACTIVE
GRACE@example.com,00u3,ACTIVE
`)
	records := reconcile.CSV(export, reconcile.Columns{
		UserName: "login", ExternalID: "id", Active: "status", ActiveValues: []string{"ACTIVE"},
	})
	report, err := reconcile.DryRun(ctx, records, users, reconcile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = report.WriteText(os.Stdout)
	// Output:
	//      1 conflict
	//      0 deactivate
	//      0 reactivate
	//      1 match
	//      1 create
	//      1 unclaimed
	//
	// FINDING    USERNAME           EXTERNALID  ACCOUNT  NOTE
	// conflict   GRACE@example.com  00u3        -        another record has the same userName; line 4
	// match      Ada@example.com    00u1        ADA      by userName
	// create     grace@example.com  00u2        -
	// unclaimed  bob@example.com    -           BOB
}
