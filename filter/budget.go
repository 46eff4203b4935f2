package filter

import (
	"context"
	"math/bits"

	"github.com/seed5f3efb56/scim/internal/ascii"
	"github.com/seed5f3efb56/scim/internal/contextkey"
	"github.com/seed5f3efb56/scim/schema"
)

// Budget bounds the work of one request. All that its filters, PATCH operations,
// scans and sorting cost is spent from one budget: comparisons with values, the
// bytes of the values that are looked at, and filters that have to be parsed. A
// unit is about a nanosecond. A nil budget has no bound. Not safe for concurrent
// use.
type Budget struct {
	left    int
	ask     int     // the request is asked when less is left
	request request // nil: it never ends
	err     error   // what Spend returned first, and returns from then on
}

// request is the part of the context of a request that a budget reads: Err tells why the
// request has ended.
type request interface{ Err() error }

// requestFunc is the function Err of a request.
type requestFunc func() error

func (f requestFunc) Err() error { return f() }

// DefaultWork is about 0.25 s of CPU.
const DefaultWork = 250_000_000

// askEvery is how much work is done between two looks at the context.
const askEvery = 1_000_000

// NewBudget returns a budget of that many units. ended tells why the request has
// ended, as Err of its context does; nil if it never does.
func NewBudget(work int, ended func() error) *Budget {
	b := &Budget{left: work, ask: work - askEvery}
	if ended != nil {
		b.request = requestFunc(ended)
	}
	return b
}

// Init makes b what NewBudget returns, for a budget within a larger value. ctx is the
// context of the request.
func (b *Budget) Init(ctx context.Context, work int) {
	*b = Budget{left: work, ask: work - askEvery, request: ctx}
}

// Spend takes units from the budget. Once they are used up it returns an
// [*schema.Error] of tooMany, and when the request has ended the reason of that.
func (b *Budget) Spend(units int) error {
	if b == nil || b.take(units) {
		return nil
	}
	return b.err
}

// take is Spend for callers that read the error later.
func (b *Budget) take(units int) bool {
	if b == nil {
		return true
	}
	if b.err != nil {
		return false
	}
	b.left -= units
	switch {
	case b.left < 0:
		b.err = &schema.Error{Type: schema.ErrorTooMany, Detail: "the request compares too many values; narrow the filter or send fewer operations"}
	case b.left < b.ask && b.request != nil:
		b.ask = b.left - askEvery
		b.err = b.request.Err()
	}
	return b.err == nil
}

// Left returns how many units are left.
func (b *Budget) Left() int {
	if b == nil {
		return int(^uint(0) >> 1)
	}
	return max(0, b.left)
}

// Copy returns a budget with as much left, for what may have to be done again
// from the start.
func (b *Budget) Copy() *Budget {
	if b == nil {
		return nil
	}
	c := *b
	return &c
}

// Measured costs.
const (
	comparisonCost = 50    // of one comparison with one value, beside its bytes
	compareCost    = 20    // of one comparison while sorting, beside its bytes
	elementCost    = 10    // of going past one value
	valueCost      = 100   // of all that is done to one value, beside its bytes
	foldCost       = 100   // of one byte of text that is not ASCII and is folded
	shapeCost      = 50000 // of a filter that has not been seen before …
	shapeByteCost  = 2500  // … and of each of its bytes
)

// TextCost returns what looking at a text costs, folded or as it is.
func TextCost(s string, folds bool) int {
	if folds && !ascii.Only(s) {
		return len(s) * foldCost
	}
	return len(s)
}

// SortCost returns what sorting keys costs, which are that many bytes in all.
func SortCost(keys, size int) int { return bits.Len(uint(keys)) * (keys*compareCost + size/16) }

// ValueCost returns what reading a value with all of its parts and comparing it
// with another one costs.
func ValueCost(a *schema.Attribute, v schema.Value) int {
	n := 0
	for _, one := range v.All() {
		n += valueCost + TextCost(one.Text(), a.FoldsCase())
		for sub, v := range one.Object().All() {
			n += ValueCost(sub, v)
		}
	}
	return n
}

// WithBudget returns a context whose store calls take part in the work of one
// request. Package scim calls it for every request.
func WithBudget(ctx context.Context, b *Budget) context.Context {
	return context.WithValue(ctx, contextkey.Budget{}, b)
}

// BudgetFrom returns what the request of the context may still spend; nil, which has
// no bound, outside of requests. A store that matches or sorts resources itself
// spends the work of it, and returns the error of [Budget.Spend] as it is
// (400 tooMany).
func BudgetFrom(ctx context.Context) *Budget {
	b, _ := ctx.Value(contextkey.Budget{}).(*Budget)
	return b
}
