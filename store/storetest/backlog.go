package storetest

import (
	"fmt"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

const backlogContract = "Backlog returns the backlogs of all tenants, in any order. A queue of a tenant without entries is left out."

// backlogs compares what Backlog returns, in any order.
func (k *outboxKit) backlogs(what string, want ...store.Backlog) {
	found, err := k.Outbox.(store.Backlogs).Backlog(k.ctx)
	k.NoError(err, "Backlog")
	for i := range found {
		if !found[i].Oldest.IsZero() {
			found[i].Oldest = found[i].Oldest.UTC()
		}
	}
	k.ElementsMatch(want, found, what)
}

var backlogTests = []outboxTest{
	{
		name:     "backlog/of the queues",
		contract: backlogContract,
		needs:    needBacklogs,
		run: func(k *outboxKit) {
			k.backlogs("of an empty outbox")
			var ids []string
			for i, queue := range []store.Queue{store.QueueEvent, store.QueueEvent, store.QueueEvent, store.QueueRevoke} {
				e := k.entry(fmt.Sprint("u", i%2))
				e.Queue, e.Created = queue, noon.Add(time.Duration(i)*time.Second)
				k.append(e)
				ids = append(ids, e.ID)
			}
			revocations := store.Backlog{Queue: store.QueueRevoke, Pending: 1, Oldest: noon.Add(3 * time.Second)}
			k.backlogs("of two queues", store.Backlog{Queue: store.QueueEvent, Pending: 3, Oldest: noon}, revocations)
			k.claims(noon, "of the event queue", ids[0], ids[1])
			k.backlogs("with leases", store.Backlog{Queue: store.QueueEvent, Pending: 3, Oldest: noon}, revocations)
			k.fail(ids[0], noon, true)
			k.fail(ids[1], noon.Add(time.Hour), false)
			k.deads("of the tenant", 10, ids[0])
			k.pending("failed", "u1", ids[1])
			k.backlogs("with a dead entry", store.Backlog{Queue: store.QueueEvent, Pending: 2, Dead: 1, Oldest: noon.Add(time.Second)}, revocations)
			k.done(ids[1])
			k.done(ids[2])
			k.done(ids[3])
			k.backlogs("of one dead entry", store.Backlog{Queue: store.QueueEvent, Dead: 1})
			k.done(ids[0])
			k.backlogs("when all is done")
		},
	},
	{
		name:     "backlog/of all tenants",
		contract: backlogContract,
		needs:    needBacklogs,
		run: func(k *outboxKit) {
			var want []store.Backlog
			for i, tenant := range neighbours {
				for range i + 1 {
					k.as(tenant).add("u")
				}
				want = append(want, store.Backlog{Tenant: tenant, Queue: store.QueueEvent, Pending: i + 1, Oldest: noon})
			}
			k.as("globex").backlogs("of all tenants", want...)
		},
	},
}
