package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// List implements [store.Store]. A list is a range of keys: of the order of
// creation, or of the index that it is sorted by. The position of a page's end
// is the key of its last resource.
func (s resources) List(ctx context.Context, q *store.Query) (p store.Page, err error) {
	err = s.db.read(ctx, func(tx *bolt.Tx) error {
		l := list{resources: s, scope: s.scope(ctx), tx: tx, q: q}
		p, err = l.page(ctx)
		return err
	})
	return p, err
}

// list answers one query.
type list struct {
	resources
	scope
	tx *bolt.Tx
	q  *store.Query
}

func (l list) page(ctx context.Context) (store.Page, error) {
	after, err := l.position()
	if err != nil {
		return store.Page{}, err
	}
	all, total, err := l.walk(after)
	if err != nil {
		return store.Page{}, err
	}
	p := store.Page{Total: total}
	skip, last := l.q.Offset, []byte(nil)
	for key, id := range all {
		switch {
		case ctx.Err() != nil:
			return store.Page{}, ctx.Err()
		case skip > 0:
			skip--
			continue
		case len(p.Resources) == l.q.Count:
			if l.q.Count > 0 {
				p.Next = base64.RawURLEncoding.EncodeToString(last)
			}
			return p, nil
		}
		rec, err := l.find(l.tx, bucketResources, string(id))
		if err != nil {
			return store.Page{}, err
		}
		r, err := l.resource(string(id), rec)
		if err != nil {
			return store.Page{}, err
		}
		p.Resources, last = append(p.Resources, r), key
	}
	return p, nil
}

// prefix is that of the keys of the list.
func (l list) prefix() []byte {
	if l.q.SortBy == nil {
		return l.key()
	}
	return l.key(l.q.SortBy.String())
}

// position returns the key that Query.After names, nil if none. It must be a key
// of this list: a key of another tenant or order is not a position.
func (l list) position() ([]byte, error) {
	if l.q.After == "" {
		return nil, nil
	}
	key, err := base64.RawURLEncoding.DecodeString(l.q.After)
	if err != nil || !bytes.HasPrefix(key, l.prefix()) {
		return nil, store.ErrPosition
	}
	parts, ok := partsOf(key[len(l.prefix()):])
	want := 1 // seq
	if l.q.SortBy != nil {
		want = 3 // absent, key, seq
	}
	if !ok || len(parts) != want || len(parts[want-1]) != 8 {
		return nil, store.ErrPosition
	}
	return key, nil
}

// walk returns the keys and ids of the list after a position, and how many
// resources match in all.
func (l list) walk(after []byte) (iter.Seq2[[]byte, []byte], int, error) {
	matching := set{all: true}
	if l.q.Filter != nil {
		var err error
		if matching, err = l.matching(l.q.Filter.Expr()); err != nil {
			return nil, 0, err
		}
	}
	if !matching.all {
		all, err := l.picked(matching, after)
		return all, len(matching.ids), err
	}
	bucket := l.tx.Bucket(bucketOrder)
	if l.q.SortBy != nil {
		bucket = l.tx.Bucket(bucketIndex)
	}
	if l.q.SortBy != nil && l.q.Descending {
		return descending(bucket, l.prefix(), after), l.count(l.tx), nil
	}
	return ascending(bucket, l.prefix(), after), l.count(l.tx), nil
}

// picked yields the keys and ids of a set in the order of the list.
func (l list) picked(s set, after []byte) (iter.Seq2[[]byte, []byte], error) {
	type place struct{ key, id []byte }
	var places []place
	for id := range s.ids {
		rec, err := l.find(l.tx, bucketResources, id)
		if err != nil {
			return nil, err
		}
		key, err := l.keyOfResource(id, rec)
		if err != nil {
			return nil, err
		}
		places = append(places, place{key, []byte(id)})
	}
	backwards := l.q.SortBy != nil && l.q.Descending
	slices.SortFunc(places, func(a, b place) int {
		if backwards {
			a, b = b, a
		}
		return bytes.Compare(a.key, b.key)
	})
	return func(yield func(key, id []byte) bool) {
		for _, p := range places {
			c := bytes.Compare(p.key, after)
			if after != nil && (c == 0 || (c < 0) != backwards) {
				continue
			}
			if !yield(p.key, p.id) {
				return
			}
		}
	}, nil
}

// keyOfResource returns the key of a resource in the list.
func (l list) keyOfResource(id string, rec record) ([]byte, error) {
	if l.q.SortBy == nil {
		return l.key(number(rec.Seq)), nil
	}
	r, err := l.resource(id, rec)
	if err != nil {
		return nil, err
	}
	all, err := l.entries(r)
	for _, e := range all {
		if e.path == l.q.SortBy.String() {
			return e.at(l.scope, rec.Seq), err
		}
	}
	return nil, fmt.Errorf("kvstore: %s is not sorted by %s", l.t.Name, l.q.SortBy)
}

// set is the resources that match, by id, or all of them.
type set struct {
	all bool
	ids map[string]bool
}

// matching returns the resources that match an expression, which is one that
// Describe declares.
func (l list) matching(e filter.Expr) (set, error) {
	switch e := e.(type) {
	case filter.And:
		return l.both(e.Left, e.Right, intersection)
	case filter.Or:
		return l.both(e.Left, e.Right, union)
	case filter.Not: // Indexed allows it for what does not depend on the resource
		constant, err := l.matching(e.Expr)
		return set{all: !constant.all}, err
	case filter.Compare:
		return l.equal(e)
	}
	return set{}, fmt.Errorf("kvstore: the filter is beyond what Describe declares")
}

func (l list) both(left, right filter.Expr, combine func(a, b set) set) (set, error) {
	a, err := l.matching(left)
	if err != nil {
		return set{}, err
	}
	b, err := l.matching(right)
	return combine(a, b), err
}

func intersection(a, b set) set {
	if a.all {
		return b
	}
	if b.all {
		return a
	}
	out := set{ids: map[string]bool{}}
	for id := range a.ids {
		if b.ids[id] {
			out.ids[id] = true
		}
	}
	return out
}

func union(a, b set) set {
	out := set{all: a.all || b.all, ids: map[string]bool{}}
	for _, s := range []set{a, b} {
		for id := range s.ids {
			out.ids[id] = true
		}
	}
	return out
}

// equal looks a value up.
func (l list) equal(e filter.Compare) (set, error) {
	out := set{ids: map[string]bool{}}
	switch {
	case len(e.Path) == 0: // it does not depend on the resource
		out.all = filter.New(e).Match(&schema.Resource{Type: l.t})
	case e.Path[0] == schema.IDAttribute:
		if _, err := l.find(l.tx, bucketResources, e.Value.Text()); err == nil {
			out.ids[e.Value.Text()] = true
		}
	case e.Path[0] == l.t.Members():
		for _, group := range ascending(l.tx.Bucket(bucketMemberOf), l.key(valueKey(e.Path.Last(), e.Value)), nil) {
			out.ids[string(group)] = true
		}
	default:
		for id := range l.holders(l.tx, e.Path.String(), valueKey(e.Path.Last(), e.Value)) {
			out.ids[id] = true
		}
	}
	return out, nil
}
