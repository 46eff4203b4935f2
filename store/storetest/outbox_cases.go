package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

const (
	appendContract  = "Append adds entries in the transaction of the context: they are there if and only if it commits."
	aloneContract   = "Append: Outside a transaction it commits by itself, all of them or none."
	claimContract   = "Claim leases those due at now, not leased (or whose lease has run out), not dead, and first in order of their resource."
	onceContract    = "A claimed entry is not claimed again before its lease runs out."
	failContract    = "Fail counts a failed attempt of the entry with e.ID, ends the lease, and makes the entry due again at retry, or dead, if its Due is e.Due."
	fenceContract   = "Done and Fail settle an entry only while its Due is the one of the argument. Claim moves Due, so a worker whose lease ran out cannot end the lease of the worker that has the entry now."
	deadContract    = "Dead returns up to n dead entries of the tenant in the context whose ID is greater than after, in the order of their IDs, both byte by byte."
	replayContract  = "Replay makes a dead entry of the tenant in the context due at once, in its old place, with no failed attempt; ErrNotFound (404) if there is none."
	pendingContract = "Pending returns the entries of a queue for one resource that are neither done nor dead, in order, claimed or not."
	tenancyContract = "Append, Claim, Done and Fail concern all tenants, whatever the context's: Entry.Tenant says whose an entry is. Pending, Dead and Replay concern the tenant in the context."
)

var appendTests = []outboxTest{
	{
		name:     "append/commit",
		contract: appendContract,
		run: func(k *outboxKit) {
			k = k.as("acme")
			a, b := k.entry("u"), k.entry("u")
			a.Created, a.Due = noon.Add(1234*time.Microsecond), noon.Add(-1234*time.Microsecond)
			k.append(a, b)
			found := k.pending("after the commit", "u", a.ID, b.ID)
			k.same(a, found[0], "as appended")
			k.True(a.Due.Equal(found[0].Due), "Due: want %v, got %v", a.Due, found[0].Due)
			claimed := k.claim(store.QueueEvent, noon, 1)
			k.Len(claimed, 1, "claimed")
			k.same(a, claimed[0], "as claimed")
			k.append()
		},
	},
	{
		name:     "append/rollback",
		contract: appendContract,
		run: func(k *outboxKit) {
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.NoError(k.Outbox.Append(ctx, []store.Entry{k.entry("u")}), "Append")
				return errVeto
			}), errVeto, "InTx")
			k.PanicsWithError(errVeto.Error(), func() {
				_ = k.Tx.InTx(k.ctx, func(ctx context.Context) error {
					k.NoError(k.Outbox.Append(ctx, []store.Entry{k.entry("u")}), "Append")
					panic(errVeto)
				})
			}, "InTx")
			k.pending("after the rollback", "u")
			k.claims(noon, "after the rollback")
		},
	},
	{
		name:     "append/unseen before the commit",
		contract: appendContract,
		run: func(k *outboxKit) {
			e := k.entry("u")
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.NoError(k.Outbox.Append(ctx, []store.Entry{e}), "Append")
				inside, err := k.Outbox.Pending(ctx, e.Queue, e.Type, "u")
				k.NoError(err, "Pending within the transaction")
				k.Equal([]string{e.ID}, entryIDs(inside), "pending within the transaction")
				k.pending("from outside the transaction", "u")
				return nil
			}), "InTx")
			k.claims(noon, "after the commit", e.ID)
		},
	},
	{
		name:     "append/a taken id",
		contract: "Append: An ID that is there already is an error.",
		run: func(k *outboxKit) {
			e := k.entry("u")
			k.append(e)
			again := k.entry("v")
			again.ID = e.ID
			k.Error(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				return k.Outbox.Append(ctx, []store.Entry{k.entry("v"), again})
			}), "Append")
			k.pending("of the first", "u", e.ID)
			k.pending("of the second", "v")
		},
	},
	{
		name:     "append/outside a transaction",
		contract: aloneContract,
		run: func(k *outboxKit) {
			e, again := k.entry("u"), k.entry("v")
			k.NoError(k.Outbox.Append(k.ctx, []store.Entry{e, k.entry("w")}), "Append")
			k.pending("after Append", "u", e.ID)
			again.ID = e.ID
			first := k.entry("x")
			k.Error(k.Outbox.Append(k.ctx, []store.Entry{first, again}), "Append with a taken ID")
			k.pending("beside a taken ID", "x")
			k.Len(k.claim(store.QueueEvent, noon, 100), 2, "claimed")
		},
	},
	{
		name:     "append/the tenant of the entry",
		contract: tenancyContract,
		run: func(k *outboxKit) {
			a, b := k.as("acme").entry("u"), k.as("").entry("u")
			k.as("globex").append(a, b)
			k.as("globex").pending("of the context's tenant", "u")
			k.as("acme").pending("of the tenant of the first", "u", a.ID)
			k.as("").pending("of the tenant of the second", "u", b.ID)
			k.claims(noon, "of both tenants", a.ID, b.ID)
		},
	},
	{
		name:     "append/the largest payload",
		contract: "MaxPayload is the largest Entry.Payload, in bytes, that an outbox must keep.",
		run: func(k *outboxKit) {
			payload := func(letter string) []byte { return []byte(`"` + strings.Repeat(letter, store.MaxPayload-2) + `"`) }
			var entries []store.Entry
			for i := range 20 { // together more than some databases take in one statement
				e := k.entry(fmt.Sprint("u", i))
				e.Payload = payload(string(rune('a' + i)))
				entries = append(entries, e)
			}
			k.append(entries...)
			for i, e := range k.claim(store.QueueEvent, noon, 3) {
				k.True(bytes.Equal(k.last(e.ID).Payload, e.Payload), "the payload of claimed entry %d differs", i)
			}
			for _, e := range entries {
				got := k.pending("appended", e.ResourceID, e.ID)[0].Payload
				k.True(bytes.Equal(e.Payload, got), "the payload of %s differs: want %d bytes, got %d", e.ID, len(e.Payload), len(got))
			}
		},
	},
	{
		name:     "append/the caller keeps its slices",
		contract: "Arguments and results belong to the caller.",
		run: func(k *outboxKit) {
			e := k.entry("u")
			want := bytes.Clone(e.Payload)
			k.append(e)
			clear(e.Payload)
			clear(k.pending("appended", "u", e.ID)[0].Payload)
			clear(k.claim(store.QueueEvent, noon, 1)[0].Payload)
			k.JSONEq(string(want), string(k.pending("again", "u", e.ID)[0].Payload), "payload")
		},
	},
}

var claimTests = []outboxTest{
	{
		name:     "claim/when due",
		contract: claimContract,
		run: func(k *outboxKit) {
			e := k.entry("u")
			e.Due = noon.Add(time.Millisecond)
			k.append(e)
			k.claims(noon, "before")
			k.claims(e.Due, "at the time", e.ID)
		},
	},
	{
		name:     "claim/the first of each resource",
		contract: claimContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "v", "u", "v", "u")
			k.claims(noon, "the first", ids[0], ids[1])
			k.claims(noon, "while those are leased")
			k.done(ids[1])
			k.claims(noon, "the second of one", ids[3])
			k.done(ids[0])
			k.claims(noon, "the second of the other", ids[2])
			k.done(ids[2])
			k.claims(noon, "the third", ids[4])
		},
	},
	{
		name:     "claim/in order of Append, whatever is due",
		contract: "In the order of Append for each queue and resource.",
		run: func(k *outboxKit) {
			late, early := k.entry("u"), k.entry("u")
			late.ID, early.ID = "z", "a"
			late.Due, late.Created = noon.Add(time.Hour), noon.Add(time.Hour)
			k.append(late, early)
			k.claims(noon, "the second is due, the first is not")
			k.claims(noon.Add(time.Hour), "both are due", "z")
			k.done("z")
			k.claims(noon, "when the first is done", "a")
		},
	},
	{
		name:     "claim/resources are apart",
		contract: claimContract,
		run: func(k *outboxKit) {
			var want []string
			for _, tenant := range neighbours {
				k := k.as(tenant)
				want = append(want, k.add("u", "U", "u ", "ü", "u\u0308", strings.Repeat("u", 200), strings.Repeat("u", 201))...)
				other, revocation := k.entry("u"), k.entry("u")
				other.Type, revocation.Queue = "Group", store.QueueRevoke
				k.append(other, revocation)
				want = append(want, other.ID)
			}
			k.claims(noon, "events", want...)
			k.Len(k.claim(store.QueueRevoke, noon, 100), len(neighbours), "revocations")
		},
	},
	{
		name:     "claim/of all tenants",
		contract: tenancyContract,
		run: func(k *outboxKit) {
			k.as("acme").add("u")
			claimed := k.as("globex").claim(store.QueueEvent, noon, 1)
			k.Len(claimed, 1, "claimed from another tenant")
			k.Equal("acme", claimed[0].Tenant, "tenant")
			k.as("globex").done(claimed[0].ID)
			k.claims(noon.Add(time.Hour), "when done")
		},
	},
	{
		name:     "claim/up to n",
		contract: "Claim leases up to n entries.",
		run: func(k *outboxKit) {
			want := k.add("a", "b", "c", "d", "e")
			var got []string
			for _, n := range []int{0, 2, 2, 2, 2} {
				got = append(got, entryIDs(k.claim(store.QueueEvent, noon, n))...)
			}
			k.ElementsMatch(want, got, "in small portions")
		},
	},
	{
		name:     "claim/not before the lease runs out",
		contract: onceContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "u")
			k.claims(noon, "at first", ids[0])
			k.claims(noon.Add(lease-time.Millisecond), "before the lease runs out")
			k.claims(noon.Add(lease), "when it has run out", ids[0])
			k.claims(noon.Add(lease), "when it is leased again")
			k.Equal(0, k.pending("after two leases", "u", ids...)[0].Attempts, "attempts")
		},
	},
	{
		name:     "claim/by one of many",
		contract: onceContract,
		run: func(k *outboxKit) {
			var want []string
			for i := range 40 {
				want = append(want, k.add(fmt.Sprint("u", i))...)
			}
			got := k.race(8, func() (all []store.Entry, err error) {
				for {
					found, err := k.Outbox.Claim(k.ctx, store.QueueEvent, noon, noon.Add(lease), 3)
					if err != nil || len(found) == 0 {
						return all, err
					}
					all = append(all, found...)
				}
			})
			// Entries that were locked by another worker for a moment are left.
			got = append(got, k.claim(store.QueueEvent, noon, 100)...)
			k.ElementsMatch(want, entryIDs(got), "claimed by all")
		},
	},
	{
		name:     "claim/in order by many",
		contract: "In the order of Append for each queue and resource. Methods are safe for concurrent use.",
		run: func(k *outboxKit) {
			want, got := map[string][]string{}, map[string][]string{}
			for i := range 24 {
				r := []string{"a", "b", "c"}[i%3]
				want[r] = append(want[r], k.add(r)...)
			}
			var mu sync.Mutex
			claimed := 0
			note := func(found []store.Entry) (finished bool) {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range found {
					got[e.ResourceID] = append(got[e.ResourceID], e.ID)
				}
				claimed += len(found)
				return claimed >= 24
			}
			k.race(4, func() ([]store.Entry, error) {
				for {
					found, err := k.Outbox.Claim(k.ctx, store.QueueEvent, noon, noon.Add(lease), 2)
					if err != nil || note(found) {
						return nil, err
					}
					for _, e := range found {
						if err := k.Outbox.Done(k.ctx, e); err != nil {
							return nil, err
						}
					}
				}
			})
			k.Equal(want, got, "claimed by all, in order")
		},
	},
}

var settleTests = []outboxTest{
	{
		name:     "settle/again at retry",
		contract: failContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "u")
			for attempt := 1; attempt <= 3; attempt++ {
				k.claims(noon, "due", ids[0])
				k.fail(ids[0], noon.Add(time.Second), false)
				k.claims(noon.Add(time.Second-time.Microsecond), "before retry")
				k.claims(noon.Add(time.Second), "at retry", ids[0])
				k.fail(ids[0], noon, false)
				e := k.pending("after failures", "u", ids...)[0]
				k.Equal(2*attempt, e.Attempts, "attempts")
				k.Equal("because", e.Reason, "reason")
			}
		},
	},
	{
		name:     "settle/any reason",
		contract: "Fail: reason is any text.",
		run: func(k *outboxKit) {
			id := k.add("u")[0]
			for i, reason := range []string{"", "a\x00b\x01", "\xff\xfe", "𝄞 é", strings.Repeat("long ", 50_000)} {
				k.NoError(k.Outbox.Fail(k.ctx, k.last(id), reason, noon, false), "Fail with reason %.20q", reason)
				e := k.pending("failed", "u", id)[0]
				k.Equal(i+1, e.Attempts, "attempts with reason %.20q", reason)
				k.Equal(reason == "", e.Reason == "", "there is a reason")
			}
		},
	},
	{
		name:     "settle/the dead",
		contract: failContract,
		run: func(k *outboxKit) {
			k = k.as("acme")
			ids := k.add("u", "v", "u", "w")
			k.claims(noon, "at first", ids[0], ids[1], ids[3])
			k.fail(ids[1], noon, true)
			k.fail(ids[0], noon, true)
			k.claims(noon, "the next of the resource, and no dead one", ids[2])
			k.claims(noon.Add(lease), "no dead one ever", ids[2], ids[3])
			k.pending("but the dead", "u", ids[2])
			dead := k.deads("all", 10, ids[0], ids[1])
			k.True(dead[0].Dead, "the entry is not marked as Dead")
			k.Equal(1, dead[0].Attempts, "attempts")
			k.Equal("because", dead[0].Reason, "reason")
			k.Equal("acme", dead[0].Tenant, "tenant")
		},
	},
	{
		name:     "settle/entries that are gone",
		contract: "Done: If there is no such entry, it has no effect and returns nil. Fail: If there is no such entry or it is dead, it has no effect and returns nil.",
		run: func(k *outboxKit) {
			ids := k.add("u", "u", "v")
			k.done(ids[0])
			k.done(ids[0])
			k.fail(ids[0], noon, false)
			k.done("nothing")
			k.pending("of the resource", "u", ids[1])
			k.fail(ids[2], noon, true)
			k.deads("dead", 10, ids[2])
			k.fail(ids[2], noon, false)
			k.claims(noon, "what is left", ids[1])
			k.Equal(1, k.deads("dead", 10, ids[2])[0].Attempts, "attempts of a dead one")
			k.done(ids[2])
			k.deads("done", 10)
		},
	},
	{
		name:     "settle/another's lease stays",
		contract: onceContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "u", "u")
			k.claims(noon, "at first", ids[0])
			k.done(ids[1])
			k.claims(noon, "after Done of the second")
			k.fail(ids[2], noon, false)
			k.claims(noon, "after Fail of the third")
			k.add("u")
			k.claims(noon, "after Append of a fourth")
			k.done(ids[0])
			k.claims(noon, "when the first is done", ids[2])
		},
	},
}

var fenceTests = []outboxTest{
	{
		name:     "fence/Claim returns it",
		contract: "Claim: The result has until as Due.",
		run: func(k *outboxKit) {
			k.add("u")
			e := k.claim(store.QueueEvent, noon, 1)[0]
			k.True(noon.Add(lease).Equal(e.Due), "Due: want %v, got %v", noon.Add(lease), e.Due)
		},
	},
	{
		name:     "fence/a late Done",
		contract: fenceContract,
		run: func(k *outboxKit) {
			ids, late, current := k.claimedTwice()
			k.NoError(k.Outbox.Done(k.ctx, late), "Done of the first worker")
			k.pending("after Done of the first worker", "u", ids...)
			k.claims(noon.Add(lease), "while the second worker has the entry")
			k.NoError(k.Outbox.Done(k.ctx, current), "Done of the second worker")
			k.claims(noon.Add(lease), "after Done of the second worker", ids[1])
		},
	},
	{
		name:     "fence/a late Fail",
		contract: fenceContract,
		run: func(k *outboxKit) {
			ids, late, current := k.claimedTwice()
			for _, dead := range []bool{false, true} {
				k.NoError(k.Outbox.Fail(k.ctx, late, "late", noon, dead), "Fail of the first worker")
				k.claims(noon.Add(lease), "while the second worker has the entry")
				e := k.pending("after Fail of the first worker", "u", ids...)[0]
				k.Zero(e.Attempts, "attempts")
				k.Empty(e.Reason, "reason")
			}
			k.deads("after Fail of the first worker", 10)
			k.NoError(k.Outbox.Fail(k.ctx, current, "in time", noon, false), "Fail of the second worker")
			k.claims(noon.Add(lease), "after Fail of the second worker", ids[0])
			k.Equal("in time", k.last(ids[0]).Reason, "reason")
		},
	},
	{
		name:     "fence/late, before another claim",
		contract: fenceContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "v")
			k.claims(noon, "both", ids...)
			// The leases ran out long ago, and the entries were not claimed again.
			k.done(ids[0])
			k.fail(ids[1], noon.Add(time.Hour), false)
			k.claims(noon.Add(time.Hour-time.Microsecond), "before retry")
			k.claims(noon.Add(time.Hour), "at retry", ids[1])
			k.Equal(1, k.last(ids[1]).Attempts, "attempts")
		},
	},
	{
		name:     "fence/after Replay",
		contract: fenceContract,
		run: func(k *outboxKit) {
			id := k.add("u")[0]
			k.fail(id, noon, true)
			dead := k.deads("dead", 10, id)[0]
			k.NoError(k.Outbox.Replay(k.ctx, id), "Replay")
			k.claims(noon.Add(time.Hour), "after Replay", id)
			k.NoError(k.Outbox.Done(k.ctx, dead), "Done of the dead entry")
			k.pending("while a worker has the entry again", "u", id)
			k.done(id)
			k.pending("after Done of the worker", "u")
		},
	},
	{
		name:     "fence/without a claim",
		contract: "Done removes the entry with e.ID, dead or not, if its Due is e.Due.",
		run: func(k *outboxKit) {
			a, b := k.entry("u"), k.entry("u")
			k.append(a, b)
			k.NoError(k.Outbox.Done(k.ctx, a), "Done of an entry as appended")
			found := k.pending("the second", "u", b.ID)[0]
			k.NoError(k.Outbox.Fail(k.ctx, found, "because", noon.Add(time.Hour), false), "Fail of an entry as Pending returned it")
			k.Equal(1, k.pending("the second", "u", b.ID)[0].Attempts, "attempts")
		},
	},
}

// claimedTwice returns the IDs of two entries of one resource. late is the first
// entry as claimed by a worker with an expired lease, the last result is the same
// entry as claimed by another worker.
func (k *outboxKit) claimedTwice() (ids []string, late, current store.Entry) {
	ids = k.add("u", "u")
	late = k.claim(store.QueueEvent, noon, 1)[0]
	again := k.claim(store.QueueEvent, noon.Add(lease), 1)
	k.Equal(ids[:1], entryIDs(again), "claimed when the lease has run out")
	return ids, late, again[0]
}

var deadTests = []outboxTest{
	{
		name:     "dead/of the tenant",
		contract: deadContract,
		run: func(k *outboxKit) {
			for _, tenant := range neighbours {
				k.as(tenant).add("u", "v")
			}
			all := k.claim(store.QueueEvent, noon, 100)
			want := map[string][]string{}
			for _, e := range all {
				k.as("globex").fail(e.ID, noon, true)
				want[e.Tenant] = append(want[e.Tenant], e.ID)
			}
			for _, tenant := range neighbours {
				slices.Sort(want[tenant])
				dead := k.as(tenant).deads(fmt.Sprintf("of tenant %q", tenant), 100, want[tenant]...)
				k.Equal(tenant, dead[0].Tenant, "tenant")
			}
			k.as("globex").deads("of a tenant without any", 100)
		},
	},
	{
		name:     "dead/pages",
		contract: deadContract + " No entry needs to have the ID after.",
		run: func(k *outboxKit) {
			for _, id := range []string{"b", "B", "ab", "a", "é", "z"} {
				e := k.entry(id)
				e.ID = id
				k.append(e)
				k.fail(id, noon, true)
			}
			k.deads("all", 10, "B", "a", "ab", "b", "z", "é")
			k.deads("none", 0)
			k.deads("the first two", 2, "B", "a")
			k.NoError(k.Outbox.Replay(k.ctx, "a"), "Replay")
			k.deadsAfter("a", "after one that lives again", 2, "ab", "b")
			k.done("b")
			k.deadsAfter("b", "after one that is gone", 10, "z", "é")
			k.deadsAfter("c", "after an ID that never was", 10, "z", "é")
			k.deadsAfter("é", "after the last", 10)
		},
	},
	{
		name:     "dead/replay",
		contract: replayContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "u")
			k.fail(ids[0], noon.Add(time.Hour), true)
			k.ErrorIs(k.Outbox.Replay(k.ctx, ids[1]), store.ErrNotFound, "Replay of one that is not dead")
			k.ErrorIs(k.Outbox.Replay(k.ctx, "nothing"), store.ErrNotFound, "Replay of nothing")
			k.NoError(k.Outbox.Replay(k.ctx, ids[0]), "Replay")
			k.deads("after Replay", 10)
			e := k.pending("after Replay", "u", ids...)[0]
			k.False(e.Dead, "the entry is still marked as Dead")
			k.Zero(e.Attempts, "attempts")
			k.claims(noon, "at once", ids[0])
			k.done(ids[0])
			k.claims(noon, "the next", ids[1])
		},
	},
	{
		name:     "dead/replay of another tenant",
		contract: replayContract,
		run: func(k *outboxKit) {
			for _, tenant := range neighbours {
				k := k.as(tenant)
				id := k.add("u")[0]
				k.fail(id, noon, true)
				for _, other := range neighbours {
					if other != tenant {
						k.ErrorIs(k.Outbox.Replay(k.as(other).ctx, id), store.ErrNotFound, "Replay of an entry of tenant %q from %q", tenant, other)
					}
				}
				k.deads("after Replay of other tenants", 10, id)
			}
		},
	},
}

var pendingTests = []outboxTest{
	{
		name:     "pending/claimed or not",
		contract: pendingContract,
		run: func(k *outboxKit) {
			ids := k.add("u", "u", "u", "v")
			k.claims(noon, "the first", ids[0], ids[3])
			k.pending("claimed or not", "u", ids[:3]...)
			k.fail(ids[0], noon.Add(time.Hour), false)
			k.pending("failed or not", "u", ids[:3]...)
			k.done(ids[1])
			k.pending("not done", "u", ids[0], ids[2])
		},
	},
	{
		name:     "pending/of the tenant",
		contract: tenancyContract,
		run: func(k *outboxKit) {
			want := map[string]string{}
			for _, tenant := range neighbours {
				want[tenant] = k.as(tenant).add("u")[0]
			}
			for _, tenant := range neighbours {
				got := k.as(tenant).pending(fmt.Sprintf("of tenant %q", tenant), "u", want[tenant])
				k.Equal(tenant, got[0].Tenant, "tenant")
			}
			k.as("globex").pending("of a tenant without any", "u")
		},
	},
	{
		name:     "pending/of the queue and the type",
		contract: pendingContract,
		run: func(k *outboxKit) {
			revocation := k.entry("u")
			revocation.Queue = store.QueueRevoke
			group := k.entry("u")
			group.Type = "Group"
			k.append(revocation, group)
			k.pending("events of the user", "u")
			found, err := k.Outbox.Pending(k.ctx, store.QueueRevoke, "User", "u")
			k.NoError(err, "Pending")
			k.Equal([]string{revocation.ID}, entryIDs(found), "revocations of the user")
		},
	},
	{
		name:     "pending/of an id that cannot exist",
		contract: "Pending: An id that cannot exist has none.",
		run: func(k *outboxKit) {
			for _, id := range []string{"", "\x00", "\xff", "'", strings.Repeat("x", 5000)} {
				k.pending("of "+id, id)
			}
		},
	},
}
