package roles_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"path"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// printedGrants stands for the application's table of grants.
type printedGrants struct{}

func (printedGrants) Grant(_ context.Context, _, _, role string) error {
	fmt.Println("grant", role)
	return nil
}

func (printedGrants) Withdraw(_ context.Context, _, _, role string) error {
	fmt.Println("withdraw", role)
	return nil
}

func (printedGrants) Granted(context.Context, string) ([]string, error) { return nil, nil }

// rolesOfGroup maps a group to roles by its name.
func rolesOfGroup(_ context.Context, group *schema.Resource) ([]string, error) {
	if group.Get(schema.Group.Attribute("displayName")).Text() == "Administrators" {
		return []string{"admin"}, nil
	}
	return nil, nil
}

// Membership of a group grants roles, in the transaction of the write.
func ExampleMapper() {
	db := memstore.New()
	groups := db.Store(schema.GroupType).(store.MemberStore)
	grantsTable := printedGrants{}
	mapper := &roles.Mapper{Roles: rolesOfGroup, Grants: grantsTable, Groups: groups, Tx: db}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(groups)},
		Tx:        db,
		Hooks: scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
			if e.Type != schema.GroupType.Name {
				return nil
			}
			return mapper.Handle(ctx, e)
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	create := func(where, body string) (id string) {
		r := httptest.NewRequest("POST", "/scim/v2"+where, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return path.Base(w.Header().Get("Location"))
	}
	user := create("/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}`)
	create("/Groups", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Administrators",
		"members": [{"value": "`+user+`"}]}`)
	// Output: grant admin
}
