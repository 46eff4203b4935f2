package scim_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// An operator looks at a connection that the brake stopped, and releases it.
func ExampleHandler_BrakeState() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Brake:     brake.Config{Creations: brake.Bound{Most: 1}},
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	create := func(name string) {
		request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "`+name+`"}`)
	}
	look := func() {
		states, err := handler.BrakeState(context.Background(), &scim.Principal{})
		if err != nil {
			log.Fatal(err)
		}
		for _, s := range states {
			fmt.Println(s.Type, s.Kind, s.Count, "of", s.Limit, "stopped:", !s.Stopped.IsZero())
		}
	}
	create("bjensen")
	create("kate")
	look()
	err = handler.ReleaseBrake(context.Background(), "", brake.Release{
		Kind: brake.Creations, Type: "User", More: 10, Actor: "grace", Reason: "the first synchronisation",
	})
	if err != nil {
		log.Fatal(err)
	}
	create("kate")
	look()
	// Output:
	// User leavers 0 of 100 stopped: false
	// User creations 1 of 1 stopped: true
	// User leavers 0 of 100 stopped: false
	// User creations 2 of 11 stopped: false
}
