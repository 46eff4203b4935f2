package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// OutboxFixture is what a case of [RunOutbox] runs on: an empty outbox and the
// transactions that it takes part in.
type OutboxFixture struct {
	Outbox store.Outbox
	Tx     store.Transactor
}

// RunOutbox is [Run] for a [store.Outbox], and for a [store.Backlogs] if the
// outbox is one.
func RunOutbox(t *testing.T, open func(t *testing.T) OutboxFixture) { outboxes.all(t, open) }

var outboxes = suite[OutboxFixture, outboxKit]{
	cases:   slices.Concat(appendTests, claimTests, settleTests, fenceTests, deadTests, pendingTests, backlogTests),
	missing: missingOfOutbox, kit: newOutboxKit, hang: hangTime,
}

// outboxTest is one case of [RunOutbox].
type outboxTest = caseOf[outboxKit]

func missingOfOutbox(needs need, f OutboxFixture) string {
	if _, ok := f.Outbox.(store.Backlogs); needs&needBacklogs != 0 && !ok {
		return "the outbox is not a store.Backlogs"
	}
	return ""
}

func newOutboxKit(ctx context.Context, a *require.Assertions, f OutboxFixture) *outboxKit {
	return &outboxKit{OutboxFixture: f, Assertions: a, ctx: ctx, made: new(int), seen: map[string]store.Entry{}}
}

// outboxKit is a fixture with the helpers of the cases.
type outboxKit struct {
	OutboxFixture
	*require.Assertions
	ctx  context.Context
	made *int                   // entries
	seen map[string]store.Entry // entries as the outbox returned them last, by ID
}

func (k *outboxKit) as(tenant string) *outboxKit {
	c := *k
	c.ctx = store.WithTenant(k.ctx, tenant)
	return &c
}

// noon is the time of most cases; entries are due then.
var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

const lease = time.Minute

// entry makes an entry of the kit's tenant that is due at noon.
func (k *outboxKit) entry(resource string) store.Entry {
	*k.made++
	return store.Entry{
		ID: fmt.Sprintf("entry-%d", *k.made), Queue: store.QueueEvent, Tenant: store.Tenant(k.ctx),
		Type: "User", ResourceID: resource, Payload: []byte(`{"é":"a\u0000b"}`), Created: noon, Due: noon,
	}
}

// note records the entries that done and fail pass to the outbox.
func (k *outboxKit) note(entries []store.Entry) []store.Entry {
	for _, e := range entries {
		k.seen[e.ID] = e
	}
	return entries
}

// last returns the entry with an ID as the outbox returned it last.
func (k *outboxKit) last(id string) store.Entry {
	if e, ok := k.seen[id]; ok {
		return e
	}
	return store.Entry{ID: id}
}

// append appends the entries in one transaction.
func (k *outboxKit) append(entries ...store.Entry) {
	k.note(entries)
	k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error { return k.Outbox.Append(ctx, entries) }), "Append")
}

// add appends an entry for each of the resources and returns their ids.
func (k *outboxKit) add(resources ...string) []string {
	var ids []string
	for _, r := range resources {
		e := k.entry(r)
		k.append(e)
		ids = append(ids, e.ID)
	}
	return ids
}

func (k *outboxKit) claim(q store.Queue, now time.Time, n int) []store.Entry {
	found, err := k.Outbox.Claim(k.ctx, q, now, now.Add(lease), n)
	k.NoError(err, "Claim")
	k.LessOrEqual(len(found), n, "Claim returned more than n")
	return k.note(found)
}

// claims claims all that it can from the event queue and compares the ids.
func (k *outboxKit) claims(now time.Time, what string, want ...string) {
	k.ElementsMatch(want, entryIDs(k.claim(store.QueueEvent, now, 100)), what)
}

func (k *outboxKit) pending(what, resource string, want ...string) []store.Entry {
	found, err := k.Outbox.Pending(k.ctx, store.QueueEvent, "User", resource)
	k.NoError(err, "Pending")
	k.Equal(want, entryIDs(found), what)
	return k.note(found)
}

func (k *outboxKit) deads(what string, n int, want ...string) []store.Entry {
	return k.deadsAfter("", what, n, want...)
}

func (k *outboxKit) deadsAfter(after, what string, n int, want ...string) []store.Entry {
	found, err := k.Outbox.Dead(k.ctx, after, n)
	k.NoError(err, "Dead")
	k.Equal(want, entryIDs(found), what)
	return k.note(found)
}

// done settles an entry as the outbox returned it last.
func (k *outboxKit) done(id string) { k.NoError(k.Outbox.Done(k.ctx, k.last(id)), "Done") }

// fail is done for Fail.
func (k *outboxKit) fail(id string, retry time.Time, dead bool) {
	k.NoError(k.Outbox.Fail(k.ctx, k.last(id), "because", retry, dead), "Fail")
}

func entryIDs(entries []store.Entry) []string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// same compares the appended with the returned entries; a lease moves Due.
func (k *outboxKit) same(want, got store.Entry, what string) {
	got.Due = got.Due.UTC()
	want.Due = got.Due
	got.Created = got.Created.UTC()
	k.JSONEq(string(want.Payload), string(got.Payload), what)
	want.Payload, got.Payload = nil, nil
	k.Equal(want, got, what)
}

// race runs fn in many goroutines at once and returns what they claimed.
func (k *outboxKit) race(n int, fn func() ([]store.Entry, error)) []store.Entry {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []store.Entry
	var failure error
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			found, err := fn()
			mu.Lock()
			defer mu.Unlock()
			all = append(all, found...)
			if err != nil {
				failure = err
			}
		}()
	}
	wg.Wait()
	k.NoError(failure, "in one of many goroutines")
	return all
}
