package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/store"
)

// naiveOutbox is the simplest outbox, with one defect.
type naiveOutbox struct {
	defect  string
	writer  chan struct{}
	mu      sync.Mutex
	entries []naiveEntry
}

// naiveEntry keeps the two meanings of Due apart: the time before which an entry
// is not claimed, and the end of its lease.
type naiveEntry struct {
	store.Entry
	notBefore, leased time.Time
}

func newNaiveOutbox(defect string) OutboxFixture {
	o := &naiveOutbox{defect: defect, writer: make(chan struct{}, 1)}
	return OutboxFixture{Outbox: o, Tx: o}
}

type naiveTx struct{ entries []naiveEntry }

type naiveTxKey struct{}

func (o *naiveOutbox) tx(ctx context.Context) *naiveTx {
	tx, _ := ctx.Value(naiveTxKey{}).(*naiveTx)
	if o.defect == "append commits by itself" {
		return nil
	}
	return tx
}

func (o *naiveOutbox) InTx(ctx context.Context, fn func(context.Context) error) error {
	o.writer <- struct{}{}
	defer func() { <-o.writer }()
	tx := &naiveTx{}
	defer func() {
		if p := recover(); p != nil {
			if o.defect == "a panic commits" {
				o.entries = append(o.entries, tx.entries...)
			}
			panic(p)
		}
	}()
	if err := fn(context.WithValue(ctx, naiveTxKey{}, tx)); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.defect == "the newest comes first" {
		o.entries = append(tx.entries, o.entries...)
		return nil
	}
	o.entries = append(o.entries, tx.entries...)
	return nil
}

func (o *naiveOutbox) Append(ctx context.Context, entries []store.Entry) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	tx := o.tx(ctx)
	var added []naiveEntry
	for _, e := range entries {
		taken := slices.ContainsFunc(o.entries, func(old naiveEntry) bool { return old.ID == e.ID })
		if taken && o.defect != "ids repeat" {
			if o.defect == "append is not atomic" {
				o.entries = append(o.entries, added...)
			}
			return errors.New("taken")
		}
		added = append(added, o.entry(ctx, e))
	}
	if o.defect == "an append ends leases" {
		for i := range o.entries {
			o.entries[i].leased = time.Time{}
		}
	}
	switch {
	case tx != nil:
		tx.entries = append(tx.entries, added...)
	case o.defect == "append needs a transaction":
	default:
		o.entries = append(o.entries, added...)
	}
	return nil
}

// entry returns an entry as it is stored.
func (o *naiveOutbox) entry(ctx context.Context, e store.Entry) naiveEntry {
	if o.defect != "the payload is kept" {
		e.Payload = bytes.Clone(e.Payload)
	}
	switch o.defect {
	case "times in seconds":
		e.Created, e.Due = e.Created.Truncate(time.Second), e.Due.Truncate(time.Second)
	case "payloads end at 64 KiB":
		e.Payload = e.Payload[:min(len(e.Payload), 65535)]
	case "entries are the context's tenant's":
		e.Tenant = store.Tenant(ctx)
	}
	return naiveEntry{Entry: e, notBefore: e.Due}
}

// sameLine reports whether two entries are of one queue and resource.
func (o *naiveOutbox) sameLine(a, b store.Entry) bool {
	fold := func(s string) string {
		if o.defect == "names without case" {
			return strings.ToLower(s)
		}
		return s
	}
	return (a.Queue == b.Queue || o.defect == "one line for both queues") &&
		(a.Tenant == b.Tenant || o.defect == "one line for all tenants") &&
		(a.Type == b.Type || o.defect == "one line for all types") &&
		fold(a.ResourceID) == fold(b.ResourceID)
}

func (o *naiveOutbox) Pending(ctx context.Context, q store.Queue, typ, id string) ([]store.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := slices.Clone(o.entries)
	if tx := o.tx(ctx); tx != nil && o.defect != "pending reads committed entries only" {
		all = append(all, tx.entries...)
	}
	if o.defect == "unusual ids are refused" && (strings.Contains(id, "\x00") || !utf8.ValidString(id)) {
		return nil, errors.New("no such id")
	}
	var out []store.Entry
	for _, e := range all {
		switch {
		case e.Tenant != store.Tenant(ctx) && o.defect != "pending of all tenants":
		case e.Queue != q && o.defect != "pending of both queues", e.Type != typ && o.defect != "pending of all types", e.ResourceID != id:
		case e.Dead && o.defect != "dead entries are pending":
		case o.defect == "leased entries are not pending" && !e.leased.IsZero():
		case o.defect == "failed entries are not pending" && e.Attempts > 0:
		default:
			e.Payload = bytes.Clone(e.Payload)
			out = append(out, e.Entry)
		}
	}
	return out, nil
}

func (o *naiveOutbox) Claim(ctx context.Context, q store.Queue, now, until time.Time, n int) ([]store.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []store.Entry
	for i, e := range o.entries {
		if e.Queue != q || !o.claimable(i, now) || len(out) >= n && o.defect != "n is ignored" {
			continue
		}
		if e.Tenant != store.Tenant(ctx) && o.defect == "claims are for the tenant" {
			continue
		}
		e.Payload = bytes.Clone(e.Payload)
		if o.defect != "claim keeps due" {
			e.Due = until
		}
		out = append(out, e.Entry)
	}
	if o.defect == "claimed twice" {
		o.mu.Unlock()
		time.Sleep(time.Millisecond)
		o.mu.Lock()
	}
	for i := range o.entries {
		if !slices.ContainsFunc(out, func(e store.Entry) bool { return e.ID == o.entries[i].ID }) {
			continue
		}
		o.entries[i].leased = until
		if o.defect != "claim keeps due" {
			o.entries[i].Due = until
		}
		if o.defect == "a claim is an attempt" {
			o.entries[i].Attempts++
		}
	}
	return out, nil
}

func (o *naiveOutbox) claimable(i int, now time.Time) bool {
	e := o.entries[i]
	switch {
	case e.Dead && o.defect != "dead entries are claimed":
		return false
	case e.notBefore.After(now) && o.defect != "due is ignored":
		return false
	case e.leased.After(now) && o.defect != "the lease is ignored":
		return false
	case !e.leased.IsZero() && o.defect == "a lease is for ever":
		return false
	case o.defect == "the first may be any":
		return true
	}
	for _, before := range o.entries[:i] {
		if !o.sameLine(before.Entry, e.Entry) || before.Dead && o.defect != "dead entries block their resource" {
			continue
		}
		if o.defect == "entries that are not due are skipped" && before.notBefore.After(now) {
			continue
		}
		if o.defect == "leased entries are skipped" && before.leased.After(now) {
			continue
		}
		return false
	}
	return true
}

// fenced reports whether a stored entry has the ID and the Due of the argument of
// Done or Fail.
func (o *naiveOutbox) fenced(stored naiveEntry, e store.Entry, ignored string) bool {
	switch {
	case stored.ID != e.ID:
		return false
	case o.defect == ignored:
		return true
	case o.defect == "an ended lease settles nothing" && !stored.leased.IsZero():
		return stored.leased.After(time.Now())
	case o.defect == "entries without a lease are not settled" && stored.leased.IsZero():
		return false
	}
	return stored.Due.Equal(e.Due)
}

func (o *naiveOutbox) Done(_ context.Context, e store.Entry) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, stored := range o.entries {
		if !o.fenced(stored, e, "Done has no fence") {
			continue
		}
		if o.defect == "done ends the leases of the line" {
			for j := range o.entries {
				o.entries[j].leased = time.Time{}
			}
		}
		o.entries = slices.Delete(slices.Clone(o.entries), i, i+1)
		return nil
	}
	if o.defect == "done is done once" {
		return store.ErrNotFound
	}
	return nil
}

func (o *naiveOutbox) Fail(_ context.Context, failed store.Entry, reason string, retry time.Time, dead bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.entries {
		e := &o.entries[i]
		if !o.fenced(*e, failed, "Fail has no fence") || e.Dead && o.defect != "dead entries fail again" {
			continue
		}
		if o.defect == "a reason is plain text" && (strings.Contains(reason, "\x00") || !utf8.ValidString(reason)) {
			return errors.New("invalid text")
		}
		if o.defect != "attempts are not counted" {
			e.Attempts++
		}
		if o.defect != "the lease outlives a failure" {
			e.leased = time.Time{}
		}
		e.Due = retry
		if o.defect != "retry is ignored" {
			e.notBefore = retry
		}
		e.Reason, e.Dead = reason, dead && o.defect != "no entry becomes dead"
		return nil
	}
	if o.defect == "Fail of a missing entry is an error" {
		return store.ErrNotFound
	}
	return nil
}

func (o *naiveOutbox) Dead(ctx context.Context, after string, n int) ([]store.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []store.Entry
	for _, e := range o.entries {
		if e.Dead && (e.Tenant == store.Tenant(ctx) || o.defect == "the dead of all tenants") {
			out = append(out, e.Entry)
		}
	}
	if o.defect != "the dead in order of append" {
		slices.SortFunc(out, func(a, b store.Entry) int { return strings.Compare(a.ID, b.ID) })
	}
	at := slices.IndexFunc(out, func(e store.Entry) bool { return e.ID > after })
	switch o.defect {
	case "after is ignored":
		at = 0
	case "after must be there":
		at = 1 + slices.IndexFunc(out, func(e store.Entry) bool { return e.ID == after })
	}
	if at < 0 {
		return nil, nil
	}
	if out = out[at:]; len(out) > n && o.defect != "any number of dead" {
		out = out[:n]
	}
	return out, nil
}

func (o *naiveOutbox) Replay(ctx context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.entries {
		e := &o.entries[i]
		if e.ID != id || !e.Dead && o.defect != "entries that are not dead are replayed" {
			continue
		}
		if e.Tenant != store.Tenant(ctx) && o.defect != "replay of any tenant" {
			continue
		}
		e.Dead, e.leased = false, time.Time{}
		e.Due = time.Time{}
		if o.defect != "replay keeps the due time" {
			e.notBefore = time.Time{}
		}
		if o.defect != "replay remembers the attempts" {
			e.Attempts = 0
		}
		if o.defect == "replay goes to the end" {
			again := *e
			o.entries = append(slices.Delete(slices.Clone(o.entries), i, i+1), again)
		}
		return nil
	}
	return store.ErrNotFound
}

func (o *naiveOutbox) Backlog(ctx context.Context) ([]store.Backlog, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []store.Backlog
	for _, e := range o.entries {
		if e.Tenant != store.Tenant(ctx) && o.defect == "the backlog of the tenant" || e.Dead && o.defect == "a backlog without the dead" {
			continue
		}
		if o.defect == "the backlog of both queues" {
			e.Queue = store.QueueEvent
		}
		i := slices.IndexFunc(out, func(b store.Backlog) bool { return b.Tenant == e.Tenant && b.Queue == e.Queue })
		if i < 0 {
			i = len(out)
			out = append(out, store.Backlog{Tenant: e.Tenant, Queue: e.Queue})
		}
		b := &out[i]
		switch {
		case e.Dead && o.defect == "dead entries count as backlog":
			b.Pending++
		case e.Dead:
			b.Dead++
		case o.defect == "a backlog without leases" && !e.leased.IsZero():
		default:
			if b.Pending == 0 || e.Created.Before(b.Oldest) || o.defect == "the newest of the backlog" {
				b.Oldest = e.Created
			}
			b.Pending++
		}
	}
	return out, nil
}

// naiveTokens is the simplest token store, with one defect.
type naiveTokens struct {
	defect string
	tokens []store.Token
}

func (n *naiveTokens) find(match func(store.Token) bool) *store.Token {
	for i := range n.tokens {
		if match(n.tokens[i]) {
			return &n.tokens[i]
		}
	}
	return nil
}

func (n *naiveTokens) FindToken(ctx context.Context, sum [sha256.Size]byte) (store.Token, error) {
	t := n.find(func(t store.Token) bool {
		if n.defect == "half of the digest is compared" {
			return bytes.Equal(t.SHA256[:16], sum[:16])
		}
		return t.SHA256 == sum
	})
	switch {
	case t == nil && n.defect == "an unknown token is no error":
		return store.Token{}, nil
	case t == nil,
		n.defect == "revoked ones are not found" && t.Revoked,
		n.defect == "expired ones are not found" && !t.Expires.IsZero() && t.Expires.Before(noon),
		n.defect == "found by the tenant alone" && t.Tenant != store.Tenant(ctx):
		return store.Token{}, store.ErrNotFound
	}
	return n.copy(*t), nil
}

func (n *naiveTokens) copy(t store.Token) store.Token {
	if n.defect != "types are shared" {
		t.Types = slices.Clone(t.Types)
	}
	if n.defect == "types are a list with commas" && len(t.Types) > 0 {
		t.Types = strings.Split(strings.Join(t.Types, ","), ",")
	}
	return t
}

func (n *naiveTokens) AddToken(ctx context.Context, t store.Token) error {
	if n.defect == "added for the context's tenant" {
		t.Tenant = store.Tenant(ctx)
	}
	taken := n.find(func(old store.Token) bool {
		switch n.defect {
		case "ids repeat":
			return old.SHA256 == t.SHA256
		case "digests repeat":
			return old.ID == t.ID
		case "ids repeat in other tenants":
			return old.ID == t.ID && old.Tenant == t.Tenant || old.SHA256 == t.SHA256
		}
		return old.ID == t.ID || old.SHA256 == t.SHA256
	})
	if taken != nil {
		return errors.New("taken")
	}
	n.tokens = append(n.tokens, n.copy(t))
	return nil
}

func (n *naiveTokens) TouchToken(ctx context.Context, id string, at time.Time) error {
	t := n.find(func(t store.Token) bool {
		return t.ID == id && (n.defect != "use of the tenant's" || t.Tenant == store.Tenant(ctx))
	})
	if t == nil {
		return nil
	}
	if t.LastUsed.Before(at) || n.defect == "use goes back" {
		t.LastUsed = at
	}
	return nil
}

func (n *naiveTokens) SetToken(ctx context.Context, id string, c store.TokenChange) error {
	t := n.find(func(t store.Token) bool {
		return t.ID == id && (t.Tenant == store.Tenant(ctx) || n.defect == "tokens of any tenant are changed")
	})
	if t == nil {
		return store.ErrNotFound
	}
	switch n.defect {
	case "every field changes":
		t.Label, t.Expires, t.Paused = orZero(c.Label), orZero(c.Expires), orZero(c.Paused)
	case "a change is a use":
		t.LastUsed = noon
	}
	if c.Label != nil {
		t.Label = *c.Label
	}
	if c.Expires != nil && (n.defect != "expiry stays" || t.Expires.IsZero()) {
		t.Expires = *c.Expires
	}
	if c.Paused != nil {
		t.Paused = *c.Paused
	}
	if c.Revoked != nil && (!t.Revoked || n.defect == "revocation is taken back") {
		t.Revoked = *c.Revoked
	}
	return nil
}

// orZero returns what p points to, or zero.
func orZero[T any](p *T) T {
	if p == nil {
		p = new(T)
	}
	return *p
}

func (n *naiveTokens) DropToken(ctx context.Context, id string) error {
	t := n.find(func(t store.Token) bool {
		return t.ID == id && (t.Tenant == store.Tenant(ctx) || n.defect == "tokens of any tenant are dropped")
	})
	switch {
	case t == nil && n.defect == "dropping nothing succeeds":
		return nil
	case t == nil:
		return store.ErrNotFound
	case n.defect == "a dropped token is revoked":
		t.Revoked = true
		return nil
	}
	n.tokens = slices.DeleteFunc(n.tokens, func(t store.Token) bool { return t.ID == id })
	return nil
}

func (n *naiveTokens) ListTokens(ctx context.Context) ([]store.Token, error) {
	var out []store.Token
	for _, t := range n.tokens {
		own := t.Tenant == store.Tenant(ctx)
		switch n.defect {
		case "lists of all tenants":
			own = true
		case "tenants without case":
			own = strings.EqualFold(t.Tenant, store.Tenant(ctx))
		case "revoked ones are not listed":
			own = own && !t.Revoked
		}
		if own {
			out = append(out, n.copy(t))
		}
	}
	if n.defect != "lists in order of adding" {
		slices.SortStableFunc(out, func(a, b store.Token) int { return a.Created.Compare(b.Created) })
	}
	return out, nil
}
