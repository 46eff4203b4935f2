// Devices is a SCIM service provider with resource types of its own: devices as RFC
// 9944 has them, read from the JSON that a service provider publishes and kept in
// package sqlstore, and agents, a type that a Go struct describes, in a table of the
// application. Groups have both as members, and clients cannot delete a group.
//
//	SCIM_TOKEN=secret go run ./examples/devices devices.db
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

const addr = "127.0.0.1:8084"

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv("SCIM_TOKEN")); err != nil {
		log.Fatal("devices: ", err)
	}
}

func run(ctx context.Context, args []string, token string) error {
	if len(args) != 1 || token == "" {
		return errors.New("usage: SCIM_TOKEN=... devices DATABASE")
	}
	db, err := open(ctx, args[0])
	if err != nil {
		return err
	}
	defer db.Close()
	client := scim.HashToken("token", token)
	client.Tenant = "company"
	h, err := newHandler(ctx, db, scim.BearerTokens(client))
	if err != nil {
		return err
	}
	s := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

// newHandler serves devices, agents and groups of both.
func newHandler(ctx context.Context, db *database, auth scim.Authenticator) (*scim.Handler, error) {
	device, err := deviceType()
	if err != nil {
		return nil, err
	}
	typ, err := agentType()
	if err != nil {
		return nil, err
	}
	table, err := sqlquery.NewTable(ctx, db.query, "agents", typ, sqlquery.Options[agent]{})
	if err != nil {
		return nil, err
	}
	groups := scim.Groups(db.kept.Store(schema.GroupType))
	groups.Without = []scim.OperationKind{scim.OperationDelete}
	return scim.New(scim.Config{
		BaseURL: "http://" + addr + "/scim/v2", Auth: auth, Tx: db.query,
		Endpoints: []scim.Endpoint{
			{Type: device, Store: db.kept.Store(device)},
			{Type: table.Type(), Store: table},
			groups,
		},
	})
}
