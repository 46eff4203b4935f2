package store

import (
	"context"

	"github.com/seed5f3efb56/scim/internal/contextkey"
)

// WithTenant returns a context whose store calls concern that tenant alone.
// Package scim calls it with the principal's tenant, and nothing else does.
func WithTenant(ctx context.Context, tenant string) context.Context {
	if Tenant(ctx) == tenant {
		return ctx
	}
	return context.WithValue(ctx, contextkey.Tenant{}, &tenant)
}

// Tenant returns the context's tenant; "" is the single tenant of an
// application without tenancy.
func Tenant(ctx context.Context) string {
	if t, ok := ctx.Value(contextkey.Tenant{}).(*string); ok {
		return *t
	}
	return ""
}
