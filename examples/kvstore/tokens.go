package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Tokens = (*database)(nil)

func findToken(tx *bolt.Tx, id string) (t store.Token, err error) {
	ok, err := getJSON(tx.Bucket(bucketTokens), keyOf(id), &t)
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	return t, err
}

func issued(t store.Token) []byte { return keyOf(t.Tenant, instant(t.Created), t.ID) }

// FindToken implements [store.Tokens].
func (db *database) FindToken(ctx context.Context, sum [sha256.Size]byte) (t store.Token, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		id := tx.Bucket(bucketSums).Get(sum[:])
		if id == nil {
			return store.ErrNotFound
		}
		t, err = findToken(tx, string(id))
		return err
	})
	return t, err
}

// AddToken implements [store.Tokens].
func (db *database) AddToken(ctx context.Context, t store.Token) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		if t.ID == "" || tx.Bucket(bucketTokens).Get(keyOf(t.ID)) != nil || tx.Bucket(bucketSums).Get(t.SHA256[:]) != nil {
			return errors.New("kvstore: the id of the token is empty or taken, or its secret is")
		}
		return steps(
			func() error { return putJSON(tx.Bucket(bucketTokens), keyOf(t.ID), t) },
			func() error { return tx.Bucket(bucketSums).Put(t.SHA256[:], []byte(t.ID)) },
			func() error { return tx.Bucket(bucketIssued).Put(issued(t), nil) },
		)
	})
}

// TouchToken implements [store.Tokens].
func (db *database) TouchToken(ctx context.Context, id string, at time.Time) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		t, err := findToken(tx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil || !t.LastUsed.Before(at):
			return err
		}
		t.LastUsed = at
		return putJSON(tx.Bucket(bucketTokens), keyOf(id), t)
	})
}

// own reads a token of the tenant in the context.
func own(ctx context.Context, tx *bolt.Tx, id string) (store.Token, error) {
	t, err := findToken(tx, id)
	if err == nil && t.Tenant != store.Tenant(ctx) {
		return store.Token{}, store.ErrNotFound
	}
	return t, err
}

// SetToken implements [store.Tokens].
func (db *database) SetToken(ctx context.Context, id string, c store.TokenChange) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		t, err := own(ctx, tx, id)
		if err != nil {
			return err
		}
		set := t
		assign(&set.Label, c.Label)
		assign(&set.Expires, c.Expires)
		assign(&set.Paused, c.Paused)
		assign(&set.Revoked, c.Revoked)
		set.Revoked = set.Revoked || t.Revoked
		return putJSON(tx.Bucket(bucketTokens), keyOf(id), set)
	})
}

// assign sets a field that a change names.
func assign[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// DropToken implements [store.Tokens].
func (db *database) DropToken(ctx context.Context, id string) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		t, err := own(ctx, tx, id)
		if err != nil {
			return err
		}
		return steps(
			func() error { return tx.Bucket(bucketTokens).Delete(keyOf(id)) },
			func() error { return tx.Bucket(bucketSums).Delete(t.SHA256[:]) },
			func() error { return tx.Bucket(bucketIssued).Delete(issued(t)) },
		)
	})
}

// ListTokens implements [store.Tokens].
func (db *database) ListTokens(ctx context.Context) (out []store.Token, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		out = nil
		for key := range ascending(tx.Bucket(bucketIssued), keyOf(store.Tenant(ctx)), nil) {
			parts, _ := partsOf(key)
			t, err := findToken(tx, parts[2])
			if err != nil {
				return err
			}
			out = append(out, t)
		}
		return nil
	})
	return out, err
}
