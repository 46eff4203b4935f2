package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// openLocal returns an operator on the tables of package sqlstore that the database has.
// It makes none.
func openLocal(ctx context.Context, db *sqlstore.DB, actor string) (operator.Operator, error) {
	has, err := parts(ctx, db)
	if err != nil {
		return nil, err
	}
	h, err := handler(db, has)
	if err != nil {
		return nil, err
	}
	cfg := operator.Config{Actor: actor, Tx: db}
	if has[sqlstore.Counters] {
		cfg.ReleaseBrake = h.ReleaseBrake
	}
	if has[sqlstore.Outbox] {
		cfg.Outbox = db
	}
	if has[sqlstore.Audit] {
		cfg.Trail, cfg.Record = db, db
	}
	if has[sqlstore.Tokens] {
		cfg.Tokens = db
	}
	if has[sqlstore.Connections] && has[sqlstore.Tokens] {
		if cfg.Connections, err = connection.New(connection.Config{Handler: host{h}, Store: db, Tokens: db}); err != nil {
			return nil, err
		}
	}
	cfg.Health, err = monitor(db, h, has)
	return operator.New(cfg), err
}

// host is the service without the check of policies: which there are is known to the
// application alone.
type host struct{ *scim.Handler }

// ConnectionHost implements connection.Handler.
func (h host) ConnectionHost() connection.Host {
	of := h.Handler.ConnectionHost()
	of.Check = func(c connection.Connection) error {
		_, err := scim.ParseClient(c.Client)
		return err
	}
	return of
}

// parts returns which tables there are. The error says why there are none.
func parts(ctx context.Context, db *sqlstore.DB) (map[sqlstore.Part]bool, error) {
	has := map[sqlstore.Part]bool{}
	var errs []error
	for _, p := range []sqlstore.Part{sqlstore.Resources, sqlstore.Outbox, sqlstore.Tokens, sqlstore.Counters, sqlstore.Audit, sqlstore.Connections, sqlstore.Health} {
		if err := db.Check(ctx, p); err != nil {
			errs = append(errs, err)
			continue
		}
		has[p] = true
	}
	if len(has) == 0 {
		return nil, errors.Join(errs...)
	}
	return has, nil
}

// handler returns a service on the database that serves nothing: its methods are those
// of operators.
func handler(db *sqlstore.DB, has map[sqlstore.Part]bool) (*scim.Handler, error) {
	cfg := scim.Config{
		BaseURL:   "https://scim.invalid",
		Auth:      scim.InsecureNoAuthentication(), // no listener
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Tx:        db,
		Logger:    slog.New(slog.DiscardHandler),
	}
	if has[sqlstore.Connections] {
		cfg.Connections = db
	}
	if has[sqlstore.Audit] {
		cfg.AuditTrail = db
	}
	if has[sqlstore.Outbox] {
		cfg.Outbox = db
	}
	return scim.New(cfg)
}

// monitor returns the monitor of the figures in the database.
func monitor(db *sqlstore.DB, h *scim.Handler, has map[sqlstore.Part]bool) (*health.Monitor, error) {
	cfg := health.Config{}
	if has[sqlstore.Tokens] {
		cfg.Tokens = db
	}
	if has[sqlstore.Health] {
		cfg.Store = db
	}
	m, err := health.New(cfg)
	if err == nil && has[sqlstore.Resources] {
		m.Attach(h)
	}
	return m, err
}
