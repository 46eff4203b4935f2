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

var (
	_ store.Outbox   = (*DB)(nil)
	_ store.Backlogs = (*DB)(nil)
)

// outbox has the entries of all tenants.
type outbox struct {
	last    number // the number given to an entry last
	entries tree[number, store.Entry]
	ids     tree[text, number]
	waiting tree[turn, none] // all but the dead, line by line
	first   tree[due, none]  // the first of each line, by the time it is due
	dead    tree[deadKey, none]
}

// deadKey is the place of a dead entry among those of its tenant.
type deadKey struct{ tenant, id string }

func (a deadKey) compare(b deadKey) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.id, b.id))
}

// line is the ordered entries of one queue and one resource.
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

// due has the time from which the first entry of a line may be claimed.
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

// put stores a new or changed entry.
func (o *outbox) put(n number, e store.Entry) {
	o.replace(n, e, func() {
		o.entries = o.entries.put(n, e)
		o.ids = o.ids.put(text(e.ID), n)
		if e.Dead {
			o.dead = o.dead.put(deadKey{e.Tenant, e.ID}, none{})
			return
		}
		o.waiting = o.waiting.put(turn{lineOf(e), n}, none{})
	})
}

func (o *outbox) remove(n number, e store.Entry) {
	o.replace(n, e, func() {
		o.entries = o.entries.delete(n)
		o.ids = o.ids.delete(text(e.ID))
	})
}

// replace takes entry n out of its line, runs fn, which may put it back, and
// updates the first entry of the line.
func (o *outbox) replace(n number, e store.Entry, fn func()) {
	l := lineOf(e)
	if d, ok := o.head(l); ok {
		o.first = o.first.delete(d)
	}
	o.dead = o.dead.delete(deadKey{e.Tenant, e.ID})
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

// entry returns a copy of an entry for a caller.
func (o *outbox) entry(n number) store.Entry {
	e, _ := o.entries.get(n)
	e.Payload = bytes.Clone(e.Payload)
	return e
}

// Claim implements [store.Outbox]. A lease is a later Due.
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
func (db *DB) Done(ctx context.Context, e store.Entry) error {
	return db.edit(ctx, func(s *state) error {
		if n, stored, ok := s.outbox.fenced(e); ok {
			s.outbox.remove(n, stored)
		}
		return nil
	})
}

// Fail implements [store.Outbox].
func (db *DB) Fail(ctx context.Context, e store.Entry, reason string, retry time.Time, dead bool) error {
	return db.edit(ctx, func(s *state) error {
		n, stored, ok := s.outbox.fenced(e)
		if !ok || stored.Dead {
			return nil
		}
		stored.Attempts++
		stored.Reason, stored.Due, stored.Dead = reason, retry, dead
		s.outbox.put(n, stored)
		return nil
	})
}

// fenced returns the stored entry with the ID and the Due of e.
func (o *outbox) fenced(e store.Entry) (number, store.Entry, bool) {
	n, stored, ok := o.find(e.ID)
	return n, stored, ok && stored.Due.Equal(e.Due)
}

// Dead implements [store.Outbox].
func (db *DB) Dead(ctx context.Context, after string, n int) ([]store.Entry, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Entry
	tenant := store.Tenant(ctx)
	for d := range s.outbox.dead.between(deadKey{tenant, after + "\x00"}, deadKey{tenant + "\x00", ""}).keys() {
		if len(out) >= n {
			break
		}
		number, _ := s.outbox.ids.get(text(d.id))
		out = append(out, s.outbox.entry(number))
	}
	return out, nil
}

// Replay implements [store.Outbox].
func (db *DB) Replay(ctx context.Context, id string) error {
	return db.edit(ctx, func(s *state) error {
		n, e, ok := s.outbox.find(id)
		if !ok || !e.Dead || e.Tenant != store.Tenant(ctx) {
			return store.ErrNotFound
		}
		e.Dead, e.Attempts, e.Due = false, 0, time.Time{}
		s.outbox.put(n, e)
		return nil
	})
}

// Backlog implements [store.Backlogs].
func (db *DB) Backlog(ctx context.Context) ([]store.Backlog, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Backlog
	places := map[[2]string]int{} // in out, by tenant and queue
	for _, e := range s.outbox.entries.from(0) {
		key := [2]string{e.Tenant, string(e.Queue)}
		i, ok := places[key]
		if !ok {
			i = len(out)
			places[key] = i
			out = append(out, store.Backlog{Tenant: e.Tenant, Queue: e.Queue})
		}
		out[i] = withEntry(out[i], e)
	}
	return out, nil
}

// withEntry returns a backlog that counts one entry more.
func withEntry(b store.Backlog, e store.Entry) store.Backlog {
	if e.Dead {
		b.Dead++
		return b
	}
	if b.Pending == 0 || e.Created.Before(b.Oldest) {
		b.Oldest = e.Created
	}
	b.Pending++
	return b
}
