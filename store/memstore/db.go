package memstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// DB is a database in memory for any number of resource types and tenants. It
// is a [store.Transactor] for all of its stores, and their [store.Outbox] and
// [store.Tokens]. Make one with [New]. Safe for concurrent use.
type DB struct {
	committed atomic.Pointer[state]
	writer    chan struct{} // holds a token while a transaction runs
	keeps     bool          // KeepDeleted

	orders orders

	mu    sync.Mutex
	kinds map[*schema.ResourceType]*kind
}

// New returns an empty database.
func New(options ...Option) *DB {
	db := &DB{writer: make(chan struct{}, 1), kinds: map[*schema.ResourceType]*kind{}}
	db.committed.Store(&state{})
	for _, o := range options {
		o(db)
	}
	return db
}

// Database implements scim.Located.
func (db *DB) Database() any { return db }

// Store returns the store of the resources of one type, always the same data
// for the same type. It is also a [store.Describer] and a [store.Exister], and
// a [store.MemberStore] if the type has a members attribute.
func (db *DB) Store(t *schema.ResourceType) store.Store {
	db.mu.Lock()
	defer db.mu.Unlock()
	k := db.kinds[t]
	if k == nil {
		k = newKind(t, len(db.kinds))
		db.kinds[t] = k
	}
	r := &resources{db: db, kind: k}
	if t.Members() != nil {
		return &groups{r}
	}
	if db.keeps {
		return &keeper{r}
	}
	return r
}

var errEnded = errors.New("memstore: the transaction of this context has ended")

// transaction is the state that a transaction has made so far.
type transaction struct {
	mu    sync.Mutex
	state state
	ended bool
}

type transactionKey struct{ db *DB }

func (db *DB) transaction(ctx context.Context) *transaction {
	tx, _ := ctx.Value(transactionKey{db}).(*transaction)
	return tx
}

// InTx implements [store.Transactor]. It waits for the running transaction or for
// the end of ctx; fn runs once. If ctx ends while fn runs, the transaction rolls
// back.
func (db *DB) InTx(ctx context.Context, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.transaction(ctx) != nil {
		return fn(ctx)
	}
	select {
	case db.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.writer }()

	tx := &transaction{state: *db.committed.Load()}
	defer tx.end()
	if err := fn(context.WithValue(ctx, transactionKey{db}, tx)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	db.committed.Store(tx.end())
	db.orders.committed()
	return nil
}

// end makes every further use of the transaction's context fail.
func (tx *transaction) end() *state {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.ended = true
	return &tx.state
}

// view returns the tenant as its transaction has changed it, or as committed
// outside of a transaction. The caller must not change it.
func (db *DB) view(ctx context.Context) (*tenant, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return s.tenant(store.Tenant(ctx)), nil
}

// snapshot returns the state of the context's transaction, or the committed state.
func (db *DB) snapshot(ctx context.Context) (state, error) {
	if err := ctx.Err(); err != nil {
		return state{}, err
	}
	tx := db.transaction(ctx)
	if tx == nil {
		return *db.committed.Load(), nil
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return state{}, errEnded
	}
	return tx.state, nil
}

// change runs fn on a copy of the tenant. If fn returns nil, the copy takes effect
// in the context's transaction, or in a new one.
func (db *DB) change(ctx context.Context, fn func(*tenant) error) error {
	return db.edit(ctx, func(s *state) error {
		name := store.Tenant(ctx)
		t := s.tenant(name).copy()
		if err := fn(t); err != nil {
			return err
		}
		s.tenants = s.tenants.put(text(name), t)
		return nil
	})
}

// edit is change for data that belongs to no tenant.
func (db *DB) edit(ctx context.Context, fn func(*state) error) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		tx := db.transaction(ctx)
		tx.mu.Lock()
		defer tx.mu.Unlock()
		if tx.ended {
			return errEnded
		}
		s := tx.state
		if err := fn(&s); err != nil {
			return err
		}
		tx.state = s
		return nil
	})
}
