package store

import (
	"context"

	"github.com/seed5f3efb56/scim/filter"
)

type budgetKey struct{}

// WithBudget returns a context whose store calls take part in the work of one
// request. Package scim calls it for every request.
func WithBudget(ctx context.Context, b *filter.Budget) context.Context {
	return context.WithValue(ctx, budgetKey{}, b)
}

// Budget returns what the request of the context may still spend; nil, which has
// no bound, outside of requests. A store that matches or sorts resources itself
// spends the work of it, and returns the error of [filter.Budget.Spend] as it is
// (400 tooMany).
func Budget(ctx context.Context) *filter.Budget {
	b, _ := ctx.Value(budgetKey{}).(*filter.Budget)
	return b
}
