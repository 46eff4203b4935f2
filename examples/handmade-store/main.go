// Handmade-store is a SCIM service provider on a store written by hand, which does
// not need an SQL database: one JSON file. docs/embedding.md explains it step by
// step.
//
//	SCIM_TOKEN=secret go run ./examples/handmade-store people.json
package main

import (
	"errors"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
)

const addr = "127.0.0.1:8082"

func main() {
	if err := run(os.Args[1:], os.Getenv("SCIM_TOKEN")); err != nil {
		log.Fatal("handmade-store: ", err)
	}
}

func run(args []string, token string) error {
	if len(args) != 1 || token == "" {
		return errors.New("usage: SCIM_TOKEN=... handmade-store FILE")
	}
	db, err := open(args[0], schema.UserType, schema.GroupType)
	if err != nil {
		return err
	}
	h, err := newHandler(db, scim.BearerTokens(scim.HashToken("token", token)), scim.Limits{})
	if err != nil {
		return err
	}
	s := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

func newHandler(db *database, auth scim.Authenticator, limits scim.Limits) (*scim.Handler, error) {
	return scim.New(scim.Config{
		BaseURL:   "http://" + addr + "/scim/v2",
		Auth:      auth,
		Endpoints: []scim.Endpoint{scim.Users(db.users()), scim.Groups(db.groups())},
		Tx:        db,
		Limits:    limits,
	})
}
