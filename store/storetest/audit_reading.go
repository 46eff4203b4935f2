package storetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
)

const (
	recordsContract = "Records returns records of the tenant in the context, the newest first: by Time, and of the same time those that were recorded later first."
	pagesContract   = "Records: A record that stays is on exactly one page of a walk. next is the position after the page, \"\" at the end."
	pruneContract   = "PruneRecords removes up to n records of a time before before, of all tenants, and returns how many it removed."
)

// at records a record of a time.
func (k *auditKit) at(id, tenant string, minutes int, change func(r *store.Record)) {
	r := auditRecord(id, tenant)
	r.Time = noon.Add(time.Duration(minutes) * time.Minute)
	if change != nil {
		change(&r)
	}
	k.record(k.ctx, r)
}

// walk returns the ids of the records of a query, from all pages.
func (k *auditKit) walk(tenant string, q audit.Query) []string {
	ids := []string{}
	for range 1000 {
		page, next, err := k.Reader.Records(store.WithTenant(k.ctx, tenant), q)
		k.NoError(err, "Records")
		if q.Count > 0 {
			k.LessOrEqual(len(page), q.Count, "records on a page")
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		if q.After = next; next == "" {
			return ids
		}
	}
	k.Fail("a walk does not end")
	return nil
}

var auditReading = []auditTest{
	{
		name: "reading/as recorded", needs: needReader,
		contract: "Records returns records of the tenant in the context.",
		run: func(k *auditKit) {
			odd := auditRecord("odd", "a\x00b\xff")
			odd.Actor, odd.Operation, odd.Type = "\x01é𝄞", strings.Repeat("long ", 100), "ü "
			odd.ResourceID, odd.Outcome, odd.Connection = strings.Repeat("x", 5000), "\xfe", "\x00"
			k.record(k.ctx, odd)
			for _, q := range []audit.Query{
				{}, {ResourceID: odd.ResourceID}, {Actor: odd.Actor}, {Operation: audit.Operation(odd.Operation)},
				{Type: odd.Type}, {Outcome: audit.Outcome(odd.Outcome)}, {Connection: odd.Connection},
			} {
				page, next, err := k.Reader.Records(store.WithTenant(k.ctx, odd.Tenant), q)
				k.NoError(err, "Records")
				k.Empty(next)
				k.Len(page, 1, "records of the query %+v", q)
				k.True(page[0].Time.Equal(odd.Time), "Time: want %v, got %v", odd.Time, page[0].Time)
				page[0].Time = odd.Time
				k.Equal(odd, page[0])
			}
			k.Empty(k.walk(odd.Tenant, audit.Query{ResourceID: odd.ResourceID[1:]}), "of another resource")
			k.Empty(k.walk(odd.Tenant, audit.Query{ResourceID: odd.ResourceID[1:] + "y"}), "of another resource")
		},
	},
	{
		name: "reading/order", needs: needReader,
		contract: recordsContract,
		run: func(k *auditKit) {
			for i, minutes := range []int{3, 1, 2, 2, 2} {
				k.at(fmt.Sprint(i), "", minutes, nil)
			}
			k.Equal([]string{"0", "4", "3", "2", "1"}, k.walk("", audit.Query{}), "order")
		},
	},
	{
		name: "reading/of the tenant", needs: needReader,
		contract: recordsContract,
		run: func(k *auditKit) {
			for i, tenant := range neighbours {
				k.at(fmt.Sprint(i), tenant, i, nil)
			}
			for i, tenant := range neighbours {
				k.Equal([]string{fmt.Sprint(i)}, k.walk(tenant, audit.Query{}), "records of tenant %q", tenant)
				k.Equal([]string{fmt.Sprint(i)}, k.walk(tenant, audit.Query{ResourceID: "u"}), "records of a resource of tenant %q", tenant)
			}
		},
	},
	{
		name: "reading/conditions", needs: needReader,
		contract: "Query: A field that is \"\" or zero selects all.",
		run: func(k *auditKit) {
			k.at("plain", "", 0, nil)
			k.at("resource", "", 1, func(r *store.Record) { r.ResourceID = "v" })
			k.at("actor", "", 2, func(r *store.Record) { r.Actor = "token-2" })
			k.at("connection", "", 3, func(r *store.Record) { r.Connection = "entra" })
			k.at("operation", "", 4, func(r *store.Record) { r.Operation = "delete" })
			k.at("outcome", "", 5, func(r *store.Record) { r.Outcome = "refused" })
			k.at("type", "", 6, func(r *store.Record) { r.Type = "Group" })
			k.at("two", "", 7, func(r *store.Record) { r.Type, r.Actor = "Group", "token-2" })
			for _, c := range []struct {
				q    audit.Query
				want []string
			}{
				{audit.Query{ResourceID: "v"}, []string{"resource"}},
				{audit.Query{Actor: "token-2"}, []string{"two", "actor"}},
				{audit.Query{Connection: "entra"}, []string{"connection"}},
				{audit.Query{Operation: "delete"}, []string{"operation"}},
				{audit.Query{Outcome: "refused"}, []string{"outcome"}},
				{audit.Query{Type: "Group"}, []string{"two", "type"}},
				{audit.Query{Type: "Group", Actor: "token-2"}, []string{"two"}},
				{audit.Query{Type: "Group", Actor: "token-2", Connection: "okta", Operation: "patch", ResourceID: "u"}, []string{"two"}},
				{audit.Query{Type: "User", Outcome: "ok", From: noon.Add(3 * time.Minute)}, []string{"operation", "connection"}},
				{audit.Query{Type: "user"}, []string{}},
				{audit.Query{Actor: "token"}, []string{}},
			} {
				k.Equal(c.want, k.walk("", c.q), "records of %+v", c.q)
			}
		},
	},
	{
		name: "reading/times", needs: needReader,
		contract: "Query: From is the earliest time, To that before which records are.",
		run: func(k *auditKit) {
			for i := range 5 {
				k.at(fmt.Sprint(i), "", i, nil)
			}
			minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
			k.Equal([]string{"4", "3"}, k.walk("", audit.Query{From: minute(3)}), "From")
			k.Equal([]string{"1", "0"}, k.walk("", audit.Query{To: minute(2)}), "To")
			k.Equal([]string{"2", "1"}, k.walk("", audit.Query{From: minute(1), To: minute(3), Count: 1}), "From and To")
			k.Empty(k.walk("", audit.Query{From: minute(3), To: minute(3)}), "From and To")
		},
	},
	{
		name: "reading/pages", needs: needReader,
		contract: pagesContract,
		run: func(k *auditKit) {
			var want []string
			for i := range 23 {
				k.at(fmt.Sprint(i), "", i/4, func(r *store.Record) { r.Outcome = [...]string{"ok", "refused"}[i%2] })
				want = append([]string{fmt.Sprint(i)}, want...)
			}
			for _, count := range []int{1, 2, 5, 22, 23, 24} {
				k.Equal(want, k.walk("", audit.Query{Count: count}), "pages of %d", count)
				k.Len(k.walk("", audit.Query{Count: count, Outcome: "ok", Actor: "token-1"}), 12, "pages of %d with conditions", count)
			}
		},
	},
	{
		name: "reading/records that come meanwhile", needs: needReader,
		contract: pagesContract,
		run: func(k *auditKit) {
			for i := range 4 {
				k.at(fmt.Sprint(i), "", i, nil)
			}
			page, next, err := k.Reader.Records(k.ctx, audit.Query{Count: 2})
			k.NoError(err, "Records")
			k.Len(page, 2)
			k.at("new", "", 9, nil)
			k.Equal([]string{"1", "0"}, k.walk("", audit.Query{Count: 2, After: next}), "the second page")
		},
	},
	{
		name: "reading/positions", needs: needReader,
		contract: "Records: A q.After that is no position of such a query is store.ErrPosition.",
		run: func(k *auditKit) {
			k.at("a", "", 0, nil)
			for _, after := range []string{"x", "1", "5:audit", "5:audit1:x", "5:audit1:x1:y1:z", "2:id1:1"} {
				_, _, err := k.Reader.Records(k.ctx, audit.Query{After: after})
				k.ErrorIs(err, store.ErrPosition, "Records with the position %q", after)
			}
		},
	},
	{
		name: "reading/within a transaction", needs: needReader,
		contract: recordContract,
		run: func(k *auditKit) {
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.record(ctx, auditRecord("a", ""))
				page, _, err := k.Reader.Records(ctx, audit.Query{})
				k.NoError(err, "Records")
				k.Len(page, 1, "records in the transaction")
				return errVeto
			}), errVeto)
			k.Empty(k.walk("", audit.Query{}), "records after the rollback")
		},
	},
	{
		name: "pruning/by age", needs: needReader,
		contract: pruneContract,
		run: func(k *auditKit) {
			for i := range 6 {
				k.at(fmt.Sprint(i), [...]string{"", "acme"}[i%2], i, nil)
			}
			n, err := k.Reader.PruneRecords(k.ctx, noon.Add(3*time.Minute), 100)
			k.NoError(err, "PruneRecords")
			k.Equal(3, n, "removed")
			k.Equal([]string{"4"}, k.walk("", audit.Query{}))
			k.Equal([]string{"5", "3"}, k.walk("acme", audit.Query{}))
			n, err = k.Reader.PruneRecords(k.ctx, noon.Add(3*time.Minute), 100)
			k.NoError(err, "PruneRecords")
			k.Zero(n, "removed by the second call")
		},
	},
	{
		name: "pruning/bounded", needs: needReader,
		contract: pruneContract,
		run: func(k *auditKit) {
			for i := range 7 {
				k.at(fmt.Sprint(i), [...]string{"", "acme"}[i%2], i, nil)
			}
			for _, want := range []int{3, 3, 1, 0} {
				n, err := k.Reader.PruneRecords(k.ctx, noon.Add(time.Hour), 3)
				k.NoError(err, "PruneRecords")
				k.Equal(want, n, "removed")
			}
			k.holds("after all were removed")
		},
	},
}
