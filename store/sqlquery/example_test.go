package sqlquery_test

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

func ExampleTyped() {
	type User struct {
		ID       int64  `scim:"id,prefix=u"`
		Email    string `scim:"userName"`
		Disabled bool   `scim:"active,not"`
		Rest     string `scim:",rest"`
	}
	users, err := sqlquery.NewTyped[User](schema.UserType)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, _ := users.Resource(&User{ID: 7, Email: "bjensen@example.com", Rest: `{"title":"Guide"}`})
	fmt.Printf("%s %s\n", r.ID, r.Attributes.AppendJSON(nil))
	// Output: u7 {"userName":"bjensen@example.com","title":"Guide","active":true}
}
