package console_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// session is the login of an application.
type session struct{ ID, Email, Org string }

func sessionOf(r *http.Request) (session, bool) {
	s := session{ID: "1", Email: "ada@acme.example", Org: "acme"}
	return s, r.Header.Get("Cookie") == "session=1"
}

// The console is mounted beside the service, behind the login of the application.
func Example() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.StoredTokens(db, nil),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Tx:        db,
	})
	if err != nil {
		log.Fatal(err)
	}
	pages, err := console.New(console.Config{
		Handler: handler,
		Prefix:  "/admin/scim",
		Identify: func(r *http.Request) (console.Identity, error) {
			s, ok := sessionOf(r)
			if !ok {
				return console.Identity{}, errors.New("not signed in")
			}
			return console.Identity{Actor: s.Email, Tenant: s.Org, Session: s.ID}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	app := http.NewServeMux()
	app.Handle("/scim/v2/", handler)
	app.Handle("/admin/scim/", pages)

	for _, cookie := range []string{"", "session=1"} {
		r := httptest.NewRequest("GET", "/admin/scim/directory/Users", nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.Contains(w.Body.String(), "There are no Users yet."))
	}
	// Output:
	// 401 false
	// 200 true
}
