package connection

import (
	"context"
	"fmt"

	"github.com/seed5f3efb56/scim/store"
)

// PreviewPurge returns which resources Purge would end, and how far the brake lets it.
func (m *Manager) PreviewPurge(ctx context.Context, tenant, name string, how End) (Preview, error) {
	types, c, err := m.purge(ctx, tenant, name, how)
	if err != nil {
		return Preview{}, err
	}
	p, err := m.preview(store.WithTenant(ctx, tenant), types, name, nil, how.concerns)
	if err != nil {
		return Preview{}, err
	}
	p.Brake, err = m.host.Brake(ctx, tenant, c)
	return p, err
}

// Purge ends what a connection provisioned, each resource as by a DELETE of its client:
// hooks may veto it, sessions end, access is revoked before the next one. The
// connection is paused or off.
//
// The brake counts each (scim.Config.Brake), for the connection: if there are more than
// its bound, the error is a *brake.Stop after that many, and an operator releases it and
// calls Purge again, which goes on with those that are left. So does a call that was
// interrupted. Each is a transaction of its own, with an audit record (OpPurge).
func (m *Manager) Purge(ctx context.Context, tenant, name string, how End, by By) (Result, error) {
	if err := by.check(); err != nil {
		return Result{}, err
	}
	types, c, err := m.purge(ctx, tenant, name, how)
	if err != nil {
		return Result{}, err
	}
	ctx = store.WithTenant(ctx, tenant)
	w := Work{Tenant: tenant, Connection: c, Operation: OpPurge, By: by}
	result, err := m.every(ctx, types, name, how.concerns, func(r *Resources, o Owned) error { return r.End(ctx, w, o.ID, how) })
	if err != nil {
		err = fmt.Errorf("connection: %s of %q: %w", OpPurge, name, err)
	}
	return result, err
}

func (m *Manager) purge(ctx context.Context, tenant, name string, how End) ([]Resources, Connection, error) {
	if how != Delete && how != Deactivate {
		return nil, Connection{}, mistake("connection: Purge has the unknown End %q: Delete or Deactivate", how)
	}
	return m.ended(ctx, tenant, name, OpPurge)
}

// concerns reports whether a resource is ended in that way, and is not yet.
func (e End) concerns(r *Resources, o Owned) bool {
	return e == Delete || r.Active != nil && !o.Inactive
}
