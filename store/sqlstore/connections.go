package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

var _ connection.Store = (*DB)(nil)

const connectionColumns = "full_name, label, provider, client, policy, base_url, state, created, changed, changed_by, reason"

// connectionValues are the values of connectionColumns.
func connectionValues(c connection.Connection) []any {
	return []any{
		exact(c.Name), exact(c.Label), exact(c.Provider), exact(c.Client), exact(c.Policy), exact(c.BaseURL), string(c.State),
		instant(c.Created), instant(c.Changed), exact(c.ChangedBy), exact(c.Reason),
	}
}

// connections runs a SELECT of connectionColumns.
func (db *DB) connections(ctx context.Context, end string, args ...any) ([]connection.Connection, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	var out []connection.Connection
	err := db.query(ctx, "SELECT "+connectionColumns+" FROM scim_connection "+end, args, func(scan func(...any) error) error {
		c, err := scanConnection(scan)
		out = append(out, c)
		return err
	})
	return out, err
}

func scanConnection(scan func(...any) error) (connection.Connection, error) {
	var c connection.Connection
	var state, created, changed string
	texts := []*string{&c.Name, &c.Label, &c.Provider, &c.Client, &c.Policy, &c.BaseURL, &c.ChangedBy, &c.Reason}
	if err := scan(&c.Name, &c.Label, &c.Provider, &c.Client, &c.Policy, &c.BaseURL, &state, &created, &changed, &c.ChangedBy, &c.Reason); err != nil {
		return c, err
	}
	c.State = connection.State(state)
	var errs []error
	for _, t := range texts {
		text, err := inexact(*t)
		*t = text
		errs = append(errs, err)
	}
	var err error
	c.Created, err = parseTime(created)
	errs = append(errs, err)
	c.Changed, err = parseTime(changed)
	return c, errors.Join(append(errs, err)...)
}

// connectionKey are the values of owner and name.
func connectionKey(ctx context.Context, name string) []any {
	return []any{squeeze(store.Tenant(ctx)), squeeze(name)}
}

// AddConnection implements [connection.Store].
func (db *DB) AddConnection(ctx context.Context, c connection.Connection) error {
	if c.Name == "" {
		return errors.New("sqlstore: a connection has no name")
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		args := append(append(connectionKey(ctx, c.Name), exact(store.Tenant(ctx))), connectionValues(c)...)
		n, err := db.exec(ctx, db.d.insert+"scim_connection (owner, name, tenant, "+connectionColumns+") VALUES "+list(len(args))+db.d.onTaken, args...)
		if err == nil && n == 0 {
			err = connection.ErrTaken
		}
		return err
	})
}

// FindConnection implements [connection.Store].
func (db *DB) FindConnection(ctx context.Context, name string) (connection.Connection, error) {
	return db.findConnection(ctx, name, "")
}

func (db *DB) findConnection(ctx context.Context, name, locked string) (connection.Connection, error) {
	found, err := db.connections(ctx, "WHERE owner = ? AND name = ?"+locked, connectionKey(ctx, name)...)
	if err != nil {
		return connection.Connection{}, err
	}
	if len(found) == 0 {
		return connection.Connection{}, store.ErrNotFound
	}
	return found[0], nil
}

// ListConnections implements [connection.Store].
func (db *DB) ListConnections(ctx context.Context) ([]connection.Connection, error) {
	found, err := db.connections(ctx, "WHERE owner = ?", squeeze(store.Tenant(ctx)))
	slices.SortFunc(found, func(a, b connection.Connection) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}

// SetConnection implements [connection.Store].
func (db *DB) SetConnection(ctx context.Context, name string, c connection.Change) (connection.Connection, error) {
	var changed connection.Connection
	err := db.InTx(ctx, func(ctx context.Context) error {
		old, err := db.findConnection(ctx, name, db.d.forUpdate)
		if err != nil {
			return err
		}
		if changed, err = c.Apply(old); err != nil {
			return err
		}
		columns := strings.ReplaceAll(connectionColumns, ",", " = ?,") + " = ?"
		_, err = db.exec(ctx, "UPDATE scim_connection SET "+columns+" WHERE owner = ? AND name = ?", append(connectionValues(changed), connectionKey(ctx, name)...)...)
		return err
	})
	return changed, err
}

// DropConnection implements [connection.Store].
func (db *DB) DropConnection(ctx context.Context, name string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		n, err := db.exec(ctx, "DELETE FROM scim_connection WHERE owner = ? AND name = ?", connectionKey(ctx, name)...)
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		return err
	})
}

// ConnectionTenants implements [connection.Store].
func (db *DB) ConnectionTenants(ctx context.Context) ([]string, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []string
	err := db.query(ctx, "SELECT tenant FROM scim_connection", nil, func(scan func(...any) error) error {
		var t string
		if err := scan(&t); err != nil {
			return err
		}
		name, err := inexact(t)
		if err != nil {
			return fmt.Errorf("the tenant of a connection: %w", err)
		}
		if !seen[name] {
			seen[name], out = true, append(out, name)
		}
		return nil
	})
	return out, err
}
