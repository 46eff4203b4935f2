package sqlquery

import (
	"context"
	"database/sql"
	"sync"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// held has the rows that a transaction has read and locked, so that the write
// that follows does not read them again. It is safe for concurrent use.
type held struct {
	tx    *sql.Tx
	mutex sync.Mutex
	rows  map[heldKey]any  // *T of the table
	ids   map[heldKey]bool // that exist and are locked
}

// heldKey names a row as a tenant sees it.
type heldKey struct {
	table      any
	tenant, id string
}

type heldContext struct{}

// withHeld returns the context of a transaction that begins.
func (db *DB) withHeld(ctx context.Context) context.Context {
	tx, ok := sqldb.DatabaseTx(ctx, db.sql.Database())
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, heldContext{}, &held{tx: tx, rows: map[heldKey]any{}, ids: map[heldKey]bool{}})
}

// held returns what the transaction of the context holds; nil if the library did
// not begin it.
func (db *DB) held(ctx context.Context) *held {
	h, _ := ctx.Value(heldContext{}).(*held)
	tx, ok := sqldb.DatabaseTx(ctx, db.sql.Database())
	if h == nil || !ok || h.tx != tx {
		return nil
	}
	return h
}

func (t *Table[T]) heldKey(ctx context.Context, id string) heldKey {
	return heldKey{t, store.Tenant(ctx), id}
}

// keep remembers a row that was locked for a change.
func (t *Table[T]) keep(ctx context.Context, id string, v *T) {
	if h := t.db.held(ctx); h != nil {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		h.rows[t.heldKey(ctx, id)] = v
	}
}

// take returns a row that was locked, once; nil if there is none.
func (t *Table[T]) take(ctx context.Context, id string) *T {
	h := t.db.held(ctx)
	if h == nil {
		return nil
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	key := t.heldKey(ctx, id)
	v, _ := h.rows[key].(*T)
	delete(h.rows, key)
	return v
}

// keepIDs remembers ids that exist and cannot be deleted by others. Those of a
// large request are asked for again: that is one statement in hundreds.
func (t *Table[T]) keepIDs(ctx context.Context, ids []string) {
	h := t.db.held(ctx)
	if h == nil {
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if len(h.ids)+len(ids) > sqldb.Batch {
		return
	}
	for _, id := range ids {
		h.ids[t.heldKey(ctx, id)] = true
	}
}

// holdsIDs reports whether all of the ids are known to exist.
func (t *Table[T]) holdsIDs(ctx context.Context, ids []string) bool {
	h := t.db.held(ctx)
	if h == nil {
		return false
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, id := range ids {
		if !h.ids[t.heldKey(ctx, id)] {
			return false
		}
	}
	return true
}

// forget forgets a row that is about to change.
func (t *Table[T]) forget(ctx context.Context, id string) {
	h := t.db.held(ctx)
	if h == nil {
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.rows, t.heldKey(ctx, id))
	delete(h.ids, t.heldKey(ctx, id))
}
