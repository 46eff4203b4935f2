package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// database keeps all documents in one file, which every commit rewrites. It serves
// as an example of a store and is fast enough for hundreds of users.
type database struct {
	name      string
	turn      chan struct{} // held by the one transaction
	committed atomic.Pointer[documents]
}

// documents, and the values that they refer to, are not modified after the commit.
type documents map[key]document

// key begins with the tenant, so that a tenant cannot read documents of another.
type key struct{ tenant, typ, id string }

type document struct {
	resource *schema.Resource
	members  []schema.Member
}

// record is a document in the file.
type record struct {
	Tenant, Type, ID, Version string
	Created, LastModified     time.Time
	Attributes                json.RawMessage
	Members                   []schema.Member `json:",omitempty"`
}

func open(name string, types ...*schema.ResourceType) (*database, error) {
	db := &database{name: name, turn: make(chan struct{}, 1)}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("[]"), nil
	}
	var records []record
	if err == nil {
		err = json.Unmarshal(data, &records)
	}
	if err != nil {
		return nil, err
	}
	byName := map[string]*schema.ResourceType{}
	for _, t := range types {
		byName[t.Name] = t
	}
	docs := documents{}
	for _, r := range records {
		t := byName[r.Type]
		if t == nil {
			return nil, fmt.Errorf("%s: %s is of an unknown type %s", name, r.ID, r.Type)
		}
		attributes, errs := t.DecodeStored(r.Attributes)
		if err := errors.Join(errs...); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, r.ID, err)
		}
		docs[key{r.Tenant, r.Type, r.ID}] = document{&schema.Resource{
			Type: t, ID: r.ID, Version: r.Version, Created: r.Created, LastModified: r.LastModified, Attributes: attributes,
		}, r.Members}
	}
	db.committed.Store(&docs)
	return db, nil
}

// save replaces the file atomically; it is on disk when save returns.
func (db *database) save(docs documents) error {
	records := make([]record, 0, len(docs))
	for k, d := range docs {
		r := d.resource
		records = append(records, record{k.tenant, k.typ, k.id, r.Version, r.Created, r.LastModified, r.Attributes.AppendJSON(nil), d.members})
	}
	data, err := json.Marshal(records)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(db.name), ".scim-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it was renamed
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), db.name)
}

type txKey struct{ db *database }

// InTx implements [store.Transactor]: one transaction at a time, on a copy that
// replaces the original when it is saved.
func (db *database) InTx(ctx context.Context, fn func(context.Context) error) error {
	if _, ok := ctx.Value(txKey{db}).(documents); ok {
		return fn(ctx)
	}
	select {
	case db.turn <- struct{}{}:
		defer func() { <-db.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	docs := maps.Clone(*db.committed.Load())
	if err := fn(context.WithValue(ctx, txKey{db}, docs)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.save(docs); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	db.committed.Store(&docs)
	return nil
}

// view returns the documents of the context's transaction, which may be written,
// or else the committed ones.
func (db *database) view(ctx context.Context) (documents, error) {
	if docs, ok := ctx.Value(txKey{db}).(documents); ok {
		return docs, ctx.Err()
	}
	return *db.committed.Load(), ctx.Err()
}

// write runs fn in a transaction, on its documents.
func (db *database) write(ctx context.Context, fn func(documents) error) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		docs, err := db.view(ctx)
		if err != nil {
			return err
		}
		return fn(docs)
	})
}
