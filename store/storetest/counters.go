package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// CountersFixture is what a case of [RunCounters] runs on: no counters, and the
// transactions that counting takes part in.
type CountersFixture struct {
	Counters store.Counters
	Tx       store.Transactor
}

// RunCounters is [Run] for a [store.Counters].
func RunCounters(t *testing.T, open func(t *testing.T) CountersFixture) { counterStores.all(t, open) }

var counterStores = suite[CountersFixture, counterKit]{
	cases: counterTests, missing: func(need, CountersFixture) string { return "" }, kit: newCounterKit, hang: hangTime,
}

// counterTest is one case of [RunCounters].
type counterTest = caseOf[counterKit]

type counterKit struct {
	CountersFixture
	*require.Assertions
	ctx context.Context
}

func newCounterKit(ctx context.Context, a *require.Assertions, f CountersFixture) *counterKit {
	return &counterKit{CountersFixture: f, Assertions: a, ctx: ctx}
}

// withContext returns a kit that counts within another context.
func (k *counterKit) withContext(ctx context.Context) *counterKit {
	c := *k
	c.ctx = ctx
	return &c
}

func (k *counterKit) as(tenant string) *counterKit {
	return k.withContext(store.WithTenant(k.ctx, tenant))
}

// count calls Count and compares the new value.
func (k *counterKit) count(c store.Count, want int64, what string) {
	got, err := k.Counters.Count(k.ctx, c)
	k.NoError(err, "Count %s", what)
	k.Equal(want, got, what)
}

// add adds 1 at noon to a counter without an end.
func (k *counterKit) add(name string, want int64, what string) {
	k.count(store.Count{Name: name, Add: 1, At: noon}, want, what)
}

// reads reads a counter at noon.
func (k *counterKit) reads(name string, want int64, what string) {
	k.count(store.Count{Name: name, At: noon}, want, what)
}

const (
	countContract   = "Count adds c.Add to the counter with that name of the tenant in the context and returns the new value."
	expiryContract  = "A counter that does not exist, or whose end is not after c.At, starts at 0. Expires is when a counter ends that this call starts; a counter that has started keeps its end."
	countTxContract = "Count is part of the transaction of the context, and is undone with it; outside a transaction it commits by itself."
	readContract    = "With Add 0 nothing is written and nothing is waited for."
	raceContract    = "Of two transactions that add to one counter the second waits for the first, so that no addition is lost and no two calls return the same value."
)

var counterTests = []counterTest{
	{
		name:     "counters/adding",
		contract: countContract,
		run: func(k *counterKit) {
			k.reads("a", 0, "a counter that does not exist")
			k.add("a", 1, "the first")
			k.count(store.Count{Name: "a", Add: 41, At: noon}, 42, "adding 41")
			k.count(store.Count{Name: "a", Add: -2, At: noon}, 40, "adding -2")
			k.count(store.Count{Name: "a", Add: 1 << 40, At: noon}, 40+1<<40, "adding much")
			k.reads("a", 40+1<<40, "reading")
			k.reads("b", 0, "another counter")
		},
	},
	{
		name:     "counters/names",
		contract: "Name is any text, compared byte by byte.",
		run: func(k *counterKit) {
			names := []string{"", "a", "A", "a ", "á", "a\u0301", "a\x00", "\xff", "%", strings.Repeat("a", 200), strings.Repeat("a", 201)}
			for i, name := range names {
				k.count(store.Count{Name: name, Add: int64(i + 1), At: noon}, int64(i+1), fmt.Sprintf("the first of %.20q", name))
			}
			for i, name := range names {
				k.reads(name, int64(i+1), fmt.Sprintf("reading %.20q", name))
			}
		},
	},
	{
		name:     "counters/of the tenant",
		contract: countContract,
		run: func(k *counterKit) {
			for i, tenant := range neighbours {
				k.as(tenant).count(store.Count{Name: "a", Add: int64(i + 1), At: noon}, int64(i+1), fmt.Sprintf("the first of tenant %q", tenant))
			}
			for i, tenant := range neighbours {
				k.as(tenant).reads("a", int64(i+1), fmt.Sprintf("reading of tenant %q", tenant))
			}
			k.as("globex").reads("a", 0, "reading of a tenant without counters")
		},
	},
	{
		name:     "counters/the end",
		contract: expiryContract,
		run: func(k *counterKit) {
			at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
			k.count(store.Count{Name: "a", Add: 1, At: at(0), Expires: at(10)}, 1, "the first")
			k.count(store.Count{Name: "a", Add: 1, At: at(1), Expires: at(20)}, 2, "before the end, with another end")
			k.count(store.Count{Name: "a", Add: 1, At: at(2)}, 3, "before the end, without an end")
			k.count(store.Count{Name: "a", At: at(10).Add(-time.Microsecond)}, 3, "reading just before the end")
			k.count(store.Count{Name: "a", At: at(10)}, 0, "reading at the end")
			k.count(store.Count{Name: "a", Add: 5, At: at(10), Expires: at(30)}, 5, "the first after the end")
			k.count(store.Count{Name: "a", Add: 1, At: at(29)}, 6, "before the second end")
			k.count(store.Count{Name: "a", Add: 1, At: at(31)}, 1, "after the second end")
			k.count(store.Count{Name: "a", At: at(1 << 20)}, 1, "reading a counter without an end")
		},
	},
	{
		name:     "counters/many that have ended",
		contract: "A counter whose end passed a day before c.At may be forgotten.",
		run: func(k *counterKit) {
			names := make([]string, 30)
			for i := range names {
				names[i] = fmt.Sprint("counter ", i)
				k.count(store.Count{Name: names[i], Add: 1, At: noon, Expires: noon.Add(time.Minute)}, 1, "the first")
			}
			k.add("stays", 1, "a counter without an end")
			later := noon.Add(48 * time.Hour)
			for _, name := range names {
				k.count(store.Count{Name: name, Add: 1, At: later, Expires: later.Add(time.Hour)}, 1, "the first after two days")
			}
			for _, name := range names {
				k.count(store.Count{Name: name, At: later}, 1, "reading after two days")
			}
			k.reads("stays", 1, "a counter without an end")
		},
	},
	{
		name:     "counters/reading starts nothing",
		contract: readContract,
		run: func(k *counterKit) {
			k.reads("a", 0, "a counter that does not exist")
			k.count(store.Count{Name: "a", Add: 1, At: noon, Expires: noon.Add(time.Minute)}, 1, "the first")
			k.count(store.Count{Name: "a", At: noon.Add(time.Minute)}, 0, "reading at the end")
		},
	},
	{
		name:     "counters/rollback",
		contract: countTxContract,
		run: func(k *counterKit) {
			k.add("a", 1, "before")
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.withContext(ctx).add("a", 2, "within the transaction")
				k.withContext(ctx).add("b", 1, "a counter that the transaction starts")
				return errVeto
			}), errVeto, "InTx")
			k.reads("a", 1, "after the rollback")
			k.reads("b", 0, "a counter that the transaction started")
			k.add("a", 2, "after the rollback")
		},
	},
	{
		name:     "counters/within a transaction",
		contract: countTxContract + " " + readContract,
		run: func(k *counterKit) {
			k.add("a", 1, "before")
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.withContext(ctx).add("a", 2, "within the transaction")
				k.withContext(ctx).add("a", 3, "within the transaction, again")
				k.withContext(ctx).reads("a", 3, "reading within the transaction")
				k.reads("a", 1, "reading from outside the transaction")
				return nil
			}), "InTx")
			k.reads("a", 3, "after the commit")
		},
	},
	{
		name:     "counters/one after the other",
		contract: raceContract,
		run: func(k *counterKit) {
			const many = 12
			var mu sync.Mutex
			var got, want []int64
			var wg sync.WaitGroup
			for i := range many {
				want = append(want, int64(i+1))
				wg.Add(1)
				go func() {
					defer wg.Done()
					n, err := k.countSlowly()
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						n = -1
					}
					got = append(got, n)
				}()
			}
			wg.Wait()
			slices.Sort(got)
			k.Equal(want, got, "values that transactions at once returned; -1 is an error")
		},
	},
}

// countSlowly adds 1 in a transaction that does not commit at once.
func (k *counterKit) countSlowly() (n int64, err error) {
	err = k.Tx.InTx(k.ctx, func(ctx context.Context) error {
		n, err = k.Counters.Count(ctx, store.Count{Name: "a", Add: 1, At: noon, Expires: noon.Add(time.Minute)})
		time.Sleep(2 * time.Millisecond)
		return err
	})
	return n, err
}
