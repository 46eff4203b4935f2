package store

import (
	"context"

	"github.com/seed5f3efb56/scim/filter"
)

type tenantKey struct{}

// WithTenant returns a context whose store calls concern that tenant alone.
// Package scim calls it with the principal's tenant, and nothing else does.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// Tenant returns the context's tenant; "" is the single tenant of an
// application without tenancy.
func Tenant(ctx context.Context) string {
	t, _ := ctx.Value(tenantKey{}).(string)
	return t
}

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
