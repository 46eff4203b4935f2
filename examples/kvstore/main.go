package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
)

const addr = "127.0.0.1:8083"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv("SCIM_TOKEN")); err != nil {
		log.Fatal("kvstore: ", err)
	}
}

func run(ctx context.Context, args []string, token string) error {
	if len(args) != 1 || token == "" {
		return errors.New("usage: SCIM_TOKEN=... kvstore FILE")
	}
	db, err := open(args[0])
	if err != nil {
		return err
	}
	defer db.close()
	h, err := newHandler(db, scim.BearerTokens(scim.HashToken("token", token)), "http://"+addr+"/scim/v2")
	if err != nil {
		return err
	}
	go h.Run(ctx)
	s := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		s.Close()
	}()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newHandler serves the users and groups of a database. Deleted users come back
// under their old id.
func newHandler(db *database, auth scim.Authenticator, baseURL string) (*scim.Handler, error) {
	people := scim.Users(db.users())
	people.OnTwin = scim.RestoreDeleted
	return scim.New(scim.Config{
		BaseURL: baseURL, Auth: auth, Tx: db, Outbox: db,
		Endpoints: []scim.Endpoint{people, scim.Groups(db.groups())},
		Hooks: scim.Hooks{Deactivated: func(_ context.Context, e *event.Event) error {
			log.Printf("%s %s was deactivated", e.Type, e.ResourceID)
			return nil
		}},
	})
}
