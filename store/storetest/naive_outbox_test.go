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

// naiveOutbox is the simplest outbox, broken in the one way that it is told.
type naiveOutbox struct {
	defect  string
	writer  chan struct{}
	mu      sync.Mutex
	entries []naiveEntry
}

type naiveEntry struct {
	store.Entry
	leased time.Time
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
	for _, e := range entries {
		taken := slices.ContainsFunc(o.entries, func(old naiveEntry) bool { return old.ID == e.ID })
		if taken && o.defect != "ids repeat" {
			return errors.New("taken")
		}
		if o.defect != "the payload is kept" {
			e.Payload = bytes.Clone(e.Payload)
		}
		if o.defect == "times in seconds" {
			e.Created, e.Due = e.Created.Truncate(time.Second), e.Due.Truncate(time.Second)
		}
		if o.defect == "an append ends leases" {
			for i := range o.entries {
				o.entries[i].leased = time.Time{}
			}
		}
		if tx := o.tx(ctx); tx != nil {
			tx.entries = append(tx.entries, naiveEntry{Entry: e})
			continue
		}
		o.entries = append(o.entries, naiveEntry{Entry: e})
	}
	return nil
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
	if tx := o.tx(ctx); tx != nil && o.defect != "pending is what is committed" {
		all = append(all, tx.entries...)
	}
	if o.defect == "strange ids are refused" && (strings.Contains(id, "\x00") || !utf8.ValidString(id)) {
		return nil, errors.New("no such id")
	}
	var out []store.Entry
	for _, e := range all {
		switch {
		case e.Tenant != store.Tenant(ctx) && o.defect != "pending of all tenants":
		case e.Queue != q && o.defect != "pending of both queues", e.Type != typ && o.defect != "pending of all types", e.ResourceID != id:
		case e.Dead && o.defect != "the dead are pending":
		case o.defect == "pending is what nobody has" && !e.leased.IsZero():
		case o.defect == "pending is what never failed" && e.Attempts > 0:
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
		if o.defect == "a claim is an attempt" {
			o.entries[i].Attempts++
		}
	}
	return out, nil
}

func (o *naiveOutbox) claimable(i int, now time.Time) bool {
	e := o.entries[i]
	switch {
	case e.Dead && o.defect != "the dead are claimed":
		return false
	case e.Due.After(now) && o.defect != "due is ignored":
		return false
	case e.leased.After(now) && o.defect != "the lease is ignored":
		return false
	case !e.leased.IsZero() && o.defect == "a lease is for ever":
		return false
	case o.defect == "the first may be any":
		return true
	}
	for _, before := range o.entries[:i] {
		if !o.sameLine(before.Entry, e.Entry) || before.Dead && o.defect != "the dead are in the way" {
			continue
		}
		if o.defect == "what is not due is passed by" && before.Due.After(now) {
			continue
		}
		if o.defect == "what is leased is passed by" && before.leased.After(now) {
			continue
		}
		return false
	}
	return true
}

func (o *naiveOutbox) Done(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, e := range o.entries {
		if e.ID == id {
			if o.defect == "done ends the leases of the line" {
				for j := range o.entries {
					o.entries[j].leased = time.Time{}
				}
			}
			o.entries = slices.Delete(slices.Clone(o.entries), i, i+1)
			return nil
		}
	}
	if o.defect == "done is done once" {
		return store.ErrNotFound
	}
	return nil
}

func (o *naiveOutbox) Fail(_ context.Context, id, reason string, retry time.Time, dead bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.entries {
		e := &o.entries[i]
		if e.ID != id || e.Dead && o.defect != "the dead fail" {
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
		if o.defect != "retry is ignored" {
			e.Due = retry
		}
		e.Reason, e.Dead = reason, dead && o.defect != "nothing dies"
		return nil
	}
	if o.defect == "only what is there can fail" {
		return store.ErrNotFound
	}
	return nil
}

func (o *naiveOutbox) Dead(ctx context.Context, n int) ([]store.Entry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []store.Entry
	for _, e := range o.entries {
		if e.Dead && len(out) < n && (e.Tenant == store.Tenant(ctx) || o.defect != "the dead of the tenant") {
			out = append(out, e.Entry)
		}
	}
	if o.defect == "the newest dead first" {
		slices.Reverse(out)
	}
	return out, nil
}

func (o *naiveOutbox) Replay(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.entries {
		e := &o.entries[i]
		if e.ID != id || !e.Dead && o.defect != "the living are replayed" {
			continue
		}
		e.Dead, e.leased = false, time.Time{}
		if o.defect != "replay waits" {
			e.Due = time.Time{}
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

// naiveTokens is the simplest token store, broken in the one way that it is
// told.
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
	case t == nil && n.defect == "unknown is nothing":
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

func (n *naiveTokens) AddToken(_ context.Context, t store.Token) error {
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

func (n *naiveTokens) SetToken(ctx context.Context, c store.Token) error {
	t := n.find(func(t store.Token) bool {
		return t.ID == c.ID && (t.Tenant == store.Tenant(ctx) || n.defect == "anybody's is changed")
	})
	if t == nil {
		return store.ErrNotFound
	}
	revoked := t.Revoked && n.defect != "revocation is taken back"
	if n.defect == "everything changes" {
		*t = c
	}
	t.Label, t.Paused, t.Revoked = c.Label, c.Paused, c.Revoked || revoked
	if n.defect != "expiry stays" || t.Expires.IsZero() {
		t.Expires = c.Expires
	}
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
