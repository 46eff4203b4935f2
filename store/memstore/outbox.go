package memstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Outbox = (*DB)(nil)

// outbox is the pending work of all tenants.
type outbox struct {
	last    number // the number given to an entry last
	entries tree[number, store.Entry]
	ids     tree[text, number]
	waiting tree[turn, none] // all but the dead, line by line
	first   tree[due, none]  // the first of each line, by the time it is due
	dead    tree[number, none]
}

// line is what entries are done in order of: one queue of one resource.
type line struct {
	queue       store.Queue
	tenant, typ string
	resource    string
}

func (a line) compare(b line) int {
	return cmp.Or(cmp.Compare(a.queue, b.queue), strings.Compare(a.tenant, b.tenant),
		strings.Compare(a.typ, b.typ), strings.Compare(a.resource, b.resource))
}

func lineOf(e store.Entry) line { return line{e.Queue, e.Tenant, e.Type, e.ResourceID} }

// turn is the place of an entry in its line.
type turn struct {
	line
	number number
}

func (a turn) compare(b turn) int {
	return cmp.Or(a.line.compare(b.line), cmp.Compare(a.number, b.number))
}

// due says when the first of a line may be claimed.
type due struct {
	queue  store.Queue
	at     time.Time
	number number
}

func (a due) compare(b due) int {
	return cmp.Or(cmp.Compare(a.queue, b.queue), a.at.Compare(b.at), cmp.Compare(a.number, b.number))
}

func (o *outbox) line(l line) span[turn, none] {
	return o.waiting.between(turn{l, 0}, turn{l, endOfNumbers})
}

// head returns the first entry of a line.
func (o *outbox) head(l line) (due, bool) {
	for t := range o.line(l).keys() {
		e, _ := o.entries.get(t.number)
		return due{l.queue, e.Due, t.number}, true
	}
	return due{}, false
}

// put stores an entry, new or changed, in its place.
func (o *outbox) put(n number, e store.Entry) {
	o.replace(n, lineOf(e), func() {
		o.entries = o.entries.put(n, e)
		o.ids = o.ids.put(text(e.ID), n)
		if e.Dead {
			o.dead = o.dead.put(n, none{})
			return
		}
		o.waiting = o.waiting.put(turn{lineOf(e), n}, none{})
	})
}

func (o *outbox) remove(n number, e store.Entry) {
	o.replace(n, lineOf(e), func() {
		o.entries = o.entries.delete(n)
		o.ids = o.ids.delete(text(e.ID))
	})
}

// replace takes entry n out of its line, lets fn put it back or not, and keeps
// account of who is first.
func (o *outbox) replace(n number, l line, fn func()) {
	if d, ok := o.head(l); ok {
		o.first = o.first.delete(d)
	}
	o.dead = o.dead.delete(n)
	o.waiting = o.waiting.delete(turn{l, n})
	fn()
	if d, ok := o.head(l); ok {
		o.first = o.first.put(d, none{})
	}
}

// find returns an entry by its id.
func (o *outbox) find(id string) (number, store.Entry, bool) {
	n, ok := o.ids.get(text(id))
	if !ok {
		return 0, store.Entry{}, false
	}
	e, _ := o.entries.get(n)
	return n, e, true
}

// ready returns the numbers of up to n entries that may be claimed.
func (o *outbox) ready(q store.Queue, now time.Time, n int) []number {
	var out []number
	for d := range o.first.between(due{queue: q}, due{q, now, endOfNumbers}).keys() {
		if len(out) >= n {
			break
		}
		out = append(out, d.number)
	}
	return out
}

// Append implements [store.Outbox]. An id that is in the outbox already is an
// error.
func (db *DB) Append(ctx context.Context, entries []store.Entry) error {
	return db.edit(ctx, func(s *state) error {
		for _, e := range entries {
			if _, taken := s.outbox.ids.get(text(e.ID)); taken || e.ID == "" {
				return fmt.Errorf("memstore: append: the id of an entry is empty or taken")
			}
			e.Payload = bytes.Clone(e.Payload)
			s.outbox.last++
			s.outbox.put(s.outbox.last, e)
		}
		return nil
	})
}

// Pending implements [store.Outbox].
func (db *DB) Pending(ctx context.Context, q store.Queue, typ, id string) ([]store.Entry, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Entry
	for t := range s.outbox.line(line{q, store.Tenant(ctx), typ, id}).keys() {
		out = append(out, s.outbox.entry(t.number))
	}
	return out, nil
}

// entry returns an entry for a caller to keep.
func (o *outbox) entry(n number) store.Entry {
	e, _ := o.entries.get(n)
	e.Payload = bytes.Clone(e.Payload)
	return e
}

// Claim implements [store.Outbox]. A lease is nothing but a later Due.
func (db *DB) Claim(ctx context.Context, q store.Queue, now, until time.Time, n int) ([]store.Entry, error) {
	s, err := db.snapshot(ctx)
	if err != nil || len(s.outbox.ready(q, now, 1)) == 0 {
		return nil, err // waits for no transaction
	}
	var out []store.Entry
	err = db.edit(ctx, func(s *state) error {
		for _, i := range s.outbox.ready(q, now, n) {
			e := s.outbox.entry(i)
			e.Due = until
			s.outbox.put(i, e)
			out = append(out, s.outbox.entry(i))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Done implements [store.Outbox].
func (db *DB) Done(ctx context.Context, id string) error {
	return db.edit(ctx, func(s *state) error {
		if n, e, ok := s.outbox.find(id); ok {
			s.outbox.remove(n, e)
		}
		return nil
	})
}

// Fail implements [store.Outbox].
func (db *DB) Fail(ctx context.Context, id, reason string, retry time.Time, dead bool) error {
	return db.edit(ctx, func(s *state) error {
		n, e, ok := s.outbox.find(id)
		if !ok || e.Dead {
			return nil
		}
		e.Attempts++
		e.Reason, e.Due, e.Dead = reason, retry, dead
		s.outbox.put(n, e)
		return nil
	})
}

// Dead implements [store.Outbox].
func (db *DB) Dead(ctx context.Context, n int) ([]store.Entry, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Entry
	for i := range s.outbox.dead.from(0) {
		if len(out) >= n {
			break
		}
		out = append(out, s.outbox.entry(i))
	}
	return out, nil
}

// Replay implements [store.Outbox].
func (db *DB) Replay(ctx context.Context, id string) error {
	return db.edit(ctx, func(s *state) error {
		n, e, ok := s.outbox.find(id)
		if !ok || !e.Dead {
			return store.ErrNotFound
		}
		e.Dead, e.Attempts, e.Due = false, 0, time.Time{}
		s.outbox.put(n, e)
		return nil
	})
}
