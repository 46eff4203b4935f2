package snippets

import (
	"context"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/requestlog"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// Observed serves a database and says how its connections do.
func Observed(ctx context.Context, db *sqlstore.DB) (*scim.Handler, error) {
	monitor, err := health.New(health.Config{Store: db, Tokens: db})
	if err != nil {
		return nil, err
	}
	requests, err := requestlog.New(requestlog.Config{})
	if err != nil {
		return nil, err
	}
	handler, err := scim.New(scim.Config{
		BaseURL:     "https://app.example.com/scim/v2",
		Auth:        scim.StoredTokens(db, nil),
		Connections: db,
		Endpoints:   []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Tx:          db,
		Observe:     scim.Observers(monitor.Observe, requests.Observe),
	})
	if err != nil {
		return nil, err
	}
	monitor.Attach(handler)
	requests.Attach(handler)
	go monitor.Run(ctx)
	return handler, nil
}

// Support returns what the provider of a connection sent within the last hour.
func Support(ctx context.Context, requests *requestlog.Log) []requestlog.Entry {
	requests.Start("acme", "okta", time.Now().Add(time.Hour))
	// …
	return requests.Entries("acme", "okta")
}
