package memstore

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

var _ connection.Store = (*DB)(nil)

// connections are those of one tenant by name.
type connections = tree[text, connection.Connection]

// AddConnection implements [connection.Store].
func (db *DB) AddConnection(ctx context.Context, c connection.Connection) error {
	if c.Name == "" {
		return errors.New("memstore: a connection has no name")
	}
	return db.change(ctx, func(t *tenant) error {
		if _, taken := t.connections.get(text(c.Name)); taken {
			return connection.ErrTaken
		}
		t.connections = t.connections.put(text(c.Name), c)
		return nil
	})
}

// FindConnection implements [connection.Store].
func (db *DB) FindConnection(ctx context.Context, name string) (connection.Connection, error) {
	t, err := db.view(ctx)
	if err != nil {
		return connection.Connection{}, err
	}
	c, ok := t.connections.get(text(name))
	if !ok {
		return c, store.ErrNotFound
	}
	return c, nil
}

// ListConnections implements [connection.Store].
func (db *DB) ListConnections(ctx context.Context) ([]connection.Connection, error) {
	t, err := db.view(ctx)
	if err != nil {
		return nil, err
	}
	var out []connection.Connection
	for _, c := range t.connections.from(0) {
		out = append(out, c)
	}
	return out, nil
}

// SetConnection implements [connection.Store].
func (db *DB) SetConnection(ctx context.Context, name string, c connection.Change) (connection.Connection, error) {
	var changed connection.Connection
	err := db.change(ctx, func(t *tenant) error {
		old, ok := t.connections.get(text(name))
		if !ok {
			return store.ErrNotFound
		}
		var err error
		if changed, err = c.Apply(old); err != nil {
			return err
		}
		t.connections = t.connections.put(text(name), changed)
		return nil
	})
	return changed, err
}

// DropConnection implements [connection.Store].
func (db *DB) DropConnection(ctx context.Context, name string) error {
	return db.change(ctx, func(t *tenant) error {
		if _, ok := t.connections.get(text(name)); !ok {
			return store.ErrNotFound
		}
		t.connections = t.connections.delete(text(name))
		return nil
	})
}

// ConnectionTenants implements [connection.Store].
func (db *DB) ConnectionTenants(ctx context.Context) ([]string, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for name, t := range s.tenants.from(0) {
		if t.connections.len() > 0 {
			out = append(out, string(name))
		}
	}
	return out, nil
}
