package memstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Tokens = (*DB)(nil)

// tokens are the tokens of all tenants.
type tokens struct {
	all   tree[text, store.Token] // by id
	sums  tree[text, text]        // SHA-256 to id
	order tree[issued, none]
}

// issued is the place of a token in the list of its tenant.
type issued struct {
	tenant string
	at     time.Time
	id     string
}

func (a issued) compare(b issued) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), a.at.Compare(b.at), strings.Compare(a.id, b.id))
}

// FindToken implements [store.Tokens].
func (db *DB) FindToken(ctx context.Context, sum [sha256.Size]byte) (store.Token, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return store.Token{}, err
	}
	id, ok := s.tokens.sums.get(text(sum[:]))
	if !ok {
		return store.Token{}, store.ErrNotFound
	}
	return s.tokens.token(id), nil
}

// token returns a copy of a token for a caller.
func (t *tokens) token(id text) store.Token {
	found, _ := t.all.get(id)
	found.Types = slices.Clone(found.Types)
	return found
}

// AddToken implements [store.Tokens].
func (db *DB) AddToken(ctx context.Context, t store.Token) error {
	return db.edit(ctx, func(s *state) error {
		_, id := s.tokens.all.get(text(t.ID))
		_, sum := s.tokens.sums.get(text(t.SHA256[:]))
		if id || sum || t.ID == "" {
			return errors.New("memstore: the id of the token is empty or taken, or its secret is")
		}
		t.Types = slices.Clone(t.Types)
		s.tokens.all = s.tokens.all.put(text(t.ID), t)
		s.tokens.sums = s.tokens.sums.put(text(t.SHA256[:]), text(t.ID))
		s.tokens.order = s.tokens.order.put(issued{t.Tenant, t.Created, t.ID}, none{})
		return nil
	})
}

// TouchToken implements [store.Tokens].
func (db *DB) TouchToken(ctx context.Context, id string, at time.Time) error {
	return db.edit(ctx, func(s *state) error {
		if t, ok := s.tokens.all.get(text(id)); ok && t.LastUsed.Before(at) {
			t.LastUsed = at
			s.tokens.all = s.tokens.all.put(text(id), t)
		}
		return nil
	})
}

// SetToken implements [store.Tokens].
func (db *DB) SetToken(ctx context.Context, id string, c store.TokenChange) error {
	return db.edit(ctx, func(s *state) error {
		t, ok := s.tokens.all.get(text(id))
		if !ok || t.Tenant != store.Tenant(ctx) {
			return store.ErrNotFound
		}
		set(&t.Label, c.Label)
		set(&t.Expires, c.Expires)
		set(&t.Paused, c.Paused)
		if !t.Revoked {
			set(&t.Revoked, c.Revoked)
		}
		s.tokens.all = s.tokens.all.put(text(id), t)
		return nil
	})
}

// set assigns a value that is given.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// DropToken implements [store.Tokens].
func (db *DB) DropToken(ctx context.Context, id string) error {
	return db.edit(ctx, func(s *state) error {
		t, ok := s.tokens.all.get(text(id))
		if !ok || t.Tenant != store.Tenant(ctx) {
			return store.ErrNotFound
		}
		s.tokens.all = s.tokens.all.delete(text(id))
		s.tokens.sums = s.tokens.sums.delete(text(t.SHA256[:]))
		s.tokens.order = s.tokens.order.delete(issued{t.Tenant, t.Created, t.ID})
		return nil
	})
}

// ListTokens implements [store.Tokens].
func (db *DB) ListTokens(ctx context.Context) ([]store.Token, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	tenant := store.Tenant(ctx)
	var out []store.Token
	for i := range s.tokens.order.between(issued{tenant: tenant}, issued{tenant: tenant + "\x00"}).keys() {
		out = append(out, s.tokens.token(text(i.id)))
	}
	return out, nil
}
