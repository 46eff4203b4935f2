package connection

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// States tells the states of the connections in a store, each read at most once a
// second. A change by another process takes effect within a second, one after
// [States.Forget] at once. It is safe for concurrent use.
type States struct {
	store Store
	log   *slog.Logger
	now   func() time.Time

	mu    sync.RWMutex
	known map[stateKey]known
	// forgotten counts calls of Forget: what was read before one is not kept.
	forgotten uint64
}

type stateKey struct{ tenant, name string }

type known struct {
	state State
	until time.Time
}

const (
	// stateLasts is how long a state that was read is used.
	stateLasts = time.Second
	mostStates = 4096
)

// NewStates returns the states of the connections in a store. It logs requests of
// connections that do not exist.
func NewStates(s Store, log *slog.Logger) *States {
	return &States{store: s, log: log, now: time.Now, known: map[stateKey]known{}}
}

// Store returns the store of the connections.
func (s *States) Store() Store { return s.store }

// Of returns the state of a connection of a tenant. One that does not exist is off, and
// a warning is logged.
func (s *States) Of(ctx context.Context, tenant, name string) (State, error) {
	key := stateKey{tenant, name}
	now := s.now()
	s.mu.RLock()
	found, ok := s.known[key]
	forgotten := s.forgotten
	s.mu.RUnlock()
	if ok && now.Before(found.until) {
		return found.state, nil
	}
	state, err := s.read(store.WithTenant(ctx, tenant), name)
	if err != nil {
		return Off, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten != forgotten {
		return state, nil
	}
	if len(s.known) >= mostStates {
		clear(s.known)
	}
	s.known[key] = known{state, now.Add(stateLasts)}
	return state, nil
}

func (s *States) read(ctx context.Context, name string) (State, error) {
	c, err := s.store.FindConnection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		s.log.LogAttrs(ctx, slog.LevelWarn, "scim: a credential names a connection that does not exist, and is refused: create it (connection.Manager.Ensure), or revoke the credential",
			slog.String("tenant", store.Tenant(ctx)), slog.String("connection", name))
		return Off, nil
	}
	if err != nil {
		return Off, err
	}
	if !c.State.Known() {
		return Off, nil
	}
	return c.State, nil
}

// Forget makes the next call of Of read the connection of a tenant from the store.
func (s *States) Forget(tenant, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, stateKey{tenant, name})
	s.forgotten++
}
