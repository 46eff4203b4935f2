package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
)

// naiveOptional is the simplest store of counters and of audit records, with one
// defect.
type naiveOptional struct {
	defect    string
	lock      chan struct{}
	committed naiveOptionalState
}

type naiveOptionalState struct {
	counters map[naiveCounterKey]naiveCounter
	records  []store.Record
}

type (
	naiveCounterKey struct{ tenant, name string }
	naiveCounter    struct {
		n    int64
		ends time.Time
	}
	naiveOptionalTx struct{}
)

func newNaiveOptional(defect string) *naiveOptional {
	return &naiveOptional{defect: defect, lock: make(chan struct{}, 1), committed: naiveOptionalState{counters: map[naiveCounterKey]naiveCounter{}}}
}

func (n *naiveOptional) acquire(ctx context.Context) error {
	select {
	case n.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *naiveOptional) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(naiveOptionalTx{}) != nil {
		return fn(ctx)
	}
	if err := n.acquire(ctx); err != nil {
		return err
	}
	defer func() { <-n.lock }()
	tx := &naiveOptionalState{maps.Clone(n.committed.counters), slices.Clone(n.committed.records)}
	if n.defect == "a panic commits" {
		defer func() { n.committed = *tx }()
	}
	if n.defect == "there is no transaction" {
		tx = &n.committed
	}
	if n.defect == "transactions run at the same time" {
		<-n.lock
	}
	err := fn(context.WithValue(ctx, naiveOptionalTx{}, tx))
	if n.defect == "transactions run at the same time" {
		n.lock <- struct{}{}
	}
	if err != nil {
		return err
	}
	n.committed = *tx
	return nil
}

// write runs fn on the state of the context's transaction, or of a new one.
func (n *naiveOptional) write(ctx context.Context, fn func(*naiveOptionalState) error) error {
	if ctx.Value(naiveOptionalTx{}) == nil && n.defect == "only transactions write" {
		return nil
	}
	return n.InTx(ctx, func(ctx context.Context) error {
		return fn(ctx.Value(naiveOptionalTx{}).(*naiveOptionalState))
	})
}

func (n *naiveOptional) key(ctx context.Context, name string) naiveCounterKey {
	key := naiveCounterKey{store.Tenant(ctx), name}
	switch n.defect {
	case "counters of all tenants":
		key.tenant = ""
	case "names without case":
		key.name = strings.ToLower(name)
	case "names end at 200 bytes":
		key.name = name[:min(len(name), 200)]
	}
	return key
}

func (n *naiveOptional) Count(ctx context.Context, c store.Count) (int64, error) {
	tx, _ := ctx.Value(naiveOptionalTx{}).(*naiveOptionalState)
	if c.Add == 0 && tx == nil && n.defect == "reading waits" {
		if err := n.acquire(ctx); err != nil {
			return 0, err
		}
		<-n.lock
	}
	if c.Add == 0 && n.defect != "reading starts" {
		if tx == nil || n.defect == "reading is as committed" {
			tx = &n.committed
		}
		return n.live(tx.counters[n.key(ctx, c.Name)], c).n, nil
	}
	var value int64
	err := n.write(ctx, func(s *naiveOptionalState) error {
		key := n.key(ctx, c.Name)
		old, started := s.counters[key]
		now := n.live(old, c)
		if !started || n.defect == "the end moves" {
			now.ends = c.Expires
		}
		value = now.n
		if now.n += c.Add; n.defect != "the old value is returned" {
			value = now.n
		}
		s.counters[key] = now
		if n.defect == "all that have ended are forgotten, and one more" && len(s.counters) > 30 {
			delete(s.counters, naiveCounterKey{key.tenant, "stays"})
		}
		return nil
	})
	return value, err
}

// live returns a counter as it is at the time of a call.
func (n *naiveOptional) live(old naiveCounter, c store.Count) naiveCounter {
	ended := !old.ends.IsZero() && !old.ends.After(c.At)
	switch n.defect {
	case "counters have no end":
		ended = false
	case "a counter ends after its end":
		ended = ended && !old.ends.Equal(c.At)
	}
	if ended {
		return naiveCounter{ends: c.Expires}
	}
	return old
}

func (n *naiveOptional) Record(ctx context.Context, r store.Record) error {
	return n.write(ctx, func(s *naiveOptionalState) error {
		i := slices.IndexFunc(s.records, func(old store.Record) bool { return old.ID == r.ID })
		switch {
		case i >= 0 && n.defect == "a taken id is replaced":
			s.records[i] = r
			return nil
		case i >= 0 && n.defect == "a taken id is left out":
			return nil
		case i >= 0:
			return errors.New("taken")
		case n.defect == "texts are plain" && !utf8.ValidString(r.Outcome):
			return errors.New("invalid text")
		}
		if n.defect != "the payload is kept" {
			r.Payload = bytes.Clone(r.Payload)
		}
		switch n.defect {
		case "payloads end at 64 KiB":
			r.Payload = r.Payload[:min(len(r.Payload), 65535)]
		case "times in milliseconds":
			r.Time = r.Time.Truncate(time.Millisecond)
		case "records are the context's tenant's":
			r.Tenant = store.Tenant(ctx)
		}
		s.records = append(s.records, r)
		return nil
	})
}

func (n *naiveOptional) counters() CountersFixture { return CountersFixture{Counters: n, Tx: n} }

func (n *naiveOptional) trail() AuditFixture {
	return AuditFixture{Trail: n, Tx: n, Reader: n, Records: func(context.Context) ([]store.Record, error) { return n.committed.records, nil }}
}

// state returns the state of the context's transaction, or the committed one.
func (n *naiveOptional) state(ctx context.Context) *naiveOptionalState {
	if tx, ok := ctx.Value(naiveOptionalTx{}).(*naiveOptionalState); ok && n.defect != "reading is as committed" {
		return tx
	}
	return &n.committed
}

// Records reads by the number of the record that was returned last.
func (n *naiveOptional) Records(ctx context.Context, q audit.Query) ([]store.Record, string, error) {
	all := slices.Clone(n.state(ctx).records)
	number := map[string]int{}
	for i, r := range all {
		number[r.ID] = i
	}
	slices.SortStableFunc(all, func(a, b store.Record) int {
		if c := b.Time.Compare(a.Time); c != 0 || n.defect == "of one time the first is first" {
			return c
		}
		return number[b.ID] - number[a.ID]
	})
	start := 0
	if q.After != "" {
		at := slices.IndexFunc(all, func(r store.Record) bool { return "after "+r.ID == q.After })
		switch {
		case n.defect == "pages by offset":
			start, _ = strconv.Atoi(q.After)
		case at < 0 && n.defect != "any position":
			return nil, "", store.ErrPosition
		default:
			start = at + 1
		}
	}
	count := q.Count
	if count <= 0 {
		count = audit.DefaultCount
	}
	var page []store.Record
	for i, r := range all[start:] {
		if !n.selects(ctx, q, r) {
			continue
		}
		if len(page) == count {
			next := "after " + page[count-1].ID
			switch n.defect {
			case "pages by offset":
				next = strconv.Itoa(start + i)
			case "a page begins with the end of the last":
				next = "after " + page[max(0, count-2)].ID
			case "the first page is all":
				next = ""
			}
			return page, next, nil
		}
		page = append(page, r)
	}
	return page, "", nil
}

func (n *naiveOptional) selects(ctx context.Context, q audit.Query, r store.Record) bool {
	same := func(want, got string) bool {
		if n.defect == "texts are compared by their begin" {
			want, got = want[:min(len(want), 128)], got[:min(len(got), 128)]
		}
		return want == "" || want == got
	}
	to := q.To.IsZero() || r.Time.Before(q.To) || n.defect == "To is included" && r.Time.Equal(q.To)
	return (r.Tenant == store.Tenant(ctx) || n.defect == "records of all tenants") &&
		same(q.ResourceID, r.ResourceID) && same(q.Actor, r.Actor) && same(q.Connection, r.Connection) && same(string(q.Operation), r.Operation) &&
		same(string(q.Outcome), r.Outcome) && (same(q.Type, r.Type) || n.defect == "the type does not count") && !r.Time.Before(q.From) && to
}

func (n *naiveOptional) PruneRecords(ctx context.Context, before time.Time, most int) (int, error) {
	removed := 0
	err := n.write(ctx, func(s *naiveOptionalState) error {
		s.records = slices.DeleteFunc(slices.Clone(s.records), func(r store.Record) bool {
			old := r.Time.Before(before) && (removed < most || n.defect == "all are pruned at once") && (r.Tenant == store.Tenant(ctx) || n.defect != "the context's tenant is pruned")
			if old {
				removed++
			}
			return old
		})
		return nil
	})
	return removed, err
}

var caughtCounters = []breach{
	{"the old value is returned", "counters/adding"},
	{"names without case", "counters/names"},
	{"names end at 200 bytes", "counters/names"},
	{"counters of all tenants", "counters/of the tenant"},
	{"counters have no end", "counters/the end"},
	{"a counter ends after its end", "counters/the end"},
	{"the end moves", "counters/the end"},
	{"counters have no end", "counters/many that have ended"},
	{"all that have ended are forgotten, and one more", "counters/many that have ended"},
	{"reading starts", "counters/reading starts nothing"},
	{"there is no transaction", "counters/rollback"},
	{"only transactions write", "counters/rollback"},
	{"there is no transaction", "counters/within a transaction"},
	{"reading waits", "counters/within a transaction"},
	{"reading is as committed", "counters/within a transaction"},
	{"transactions run at the same time", "counters/one after the other"},
}

func TestBrokenCountersAreCaught(t *testing.T) {
	t.Parallel()
	counterStores.prove(t, caughtCounters, func(defect string) CountersFixture { return newNaiveOptional(defect).counters() })
}

func TestSimplestCountersPass(t *testing.T) {
	t.Parallel()
	RunCounters(t, func(*testing.T) CountersFixture { return newNaiveOptional("").counters() })
}

var caughtTrails = []breach{
	{"texts are plain", "audit/as recorded"},
	{"times in milliseconds", "audit/as recorded"},
	{"only transactions write", "audit/outside a transaction"},
	{"there is no transaction", "audit/commit"},
	{"there is no transaction", "audit/rollback"},
	{"a panic commits", "audit/rollback"},
	{"records are the context's tenant's", "audit/the tenant of the record"},
	{"a taken id is replaced", "audit/a taken id"},
	{"a taken id is left out", "audit/a taken id"},
	{"payloads end at 64 KiB", "audit/the largest payload"},
	{"the payload is kept", "audit/the caller keeps its slices"},
	{"texts are compared by their begin", "reading/as recorded"},
	{"of one time the first is first", "reading/order"},
	{"records of all tenants", "reading/of the tenant"},
	{"the type does not count", "reading/conditions"},
	{"To is included", "reading/times"},
	{"the first page is all", "reading/pages"},
	{"a page begins with the end of the last", "reading/pages"},
	{"pages by offset", "reading/records that come meanwhile"},
	{"any position", "reading/positions"},
	{"reading is as committed", "reading/within a transaction"},
	{"the context's tenant is pruned", "pruning/by age"},
	{"all are pruned at once", "pruning/bounded"},
}

func TestBrokenAuditTrailsAreCaught(t *testing.T) {
	t.Parallel()
	auditTrails.prove(t, caughtTrails, func(defect string) AuditFixture { return newNaiveOptional(defect).trail() })
}

func TestSimplestAuditTrailPasses(t *testing.T) {
	t.Parallel()
	RunAudit(t, func(*testing.T) AuditFixture { return newNaiveOptional("").trail() })
}
