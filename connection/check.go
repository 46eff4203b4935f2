package connection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/store"
)

// Check returns an error for each connection that does not exist although a credential
// names it, whose requests are answered 401: tokens in Config.Tokens and
// Config.Credentials of the tenants that have connections and of those that are given,
// and the fixed tokens of the Handler. Programs call it at their start.
func (m *Manager) Check(ctx context.Context, tenants ...string) error {
	known, err := m.Tenants(ctx)
	if err != nil {
		return err
	}
	fixed := map[string][]Credential{}
	for _, t := range m.host.Tokens {
		fixed[t.Tenant] = append(fixed[t.Tenant], credentialOf(t))
		known = append(known, t.Tenant)
	}
	known = append(known, tenants...)
	slices.Sort(known)
	var errs []error
	for _, tenant := range slices.Compact(known) {
		errs = append(errs, m.checkTenant(store.WithTenant(ctx, tenant), fixed[tenant]))
	}
	return errors.Join(errs...)
}

func (m *Manager) checkTenant(ctx context.Context, fixed []Credential) error {
	connections, err := m.cfg.Store.ListConnections(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{"": true}
	for _, c := range connections {
		known[c.Name] = true
	}
	stored, err := m.credentials(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range append(fixed, stored...) {
		if !known[c.Connection] {
			known[c.Connection] = true // one error for each
			errs = append(errs, fmt.Errorf("connection: %q of tenant %q does not exist, which the %s %q names, so that its requests are answered 401: create it by Ensure, or revoke the credential", c.Connection, store.Tenant(ctx), c.Kind, c.ID))
		}
	}
	return errors.Join(errs...)
}

// Drop forgets a connection that is off and owns nothing, and revokes its tokens.
// ErrState if it is not off. If it owns resources: HandOver, MakeLocal or Purge first.
// Other credentials that name it are answered 401 from then on.
func (m *Manager) Drop(ctx context.Context, tenant, name string, by By) error {
	if err := by.check(); err != nil {
		return err
	}
	if err := m.ownsNothing(store.WithTenant(ctx, tenant), name); err != nil {
		return err
	}
	return m.change(ctx, event{tenant: tenant, connection: name, operation: OpDrop, by: by}, func(ctx context.Context) error {
		if _, err := m.cfg.Store.SetConnection(ctx, name, Change{If: []State{Off}, At: m.now(), By: by.Actor, Reason: by.Reason}); err != nil {
			return err
		}
		if err := m.revokeTokens(ctx, name); err != nil {
			return err
		}
		return m.cfg.Store.DropConnection(ctx, name)
	})
}

// ownsNothing rejects a connection that owns a resource, as far as a Handler knows.
func (m *Manager) ownsNothing(ctx context.Context, name string) error {
	for i := range m.host.Types {
		var first *Owned
		if err := m.host.Types[i].each(ctx, name, func(o Owned) { first = &o }); err != nil {
			return err
		}
		if first != nil {
			return mistake("connection: %q still owns resources, for example %s %s (%s): HandOver, MakeLocal or Purge first", name, first.Type, first.ID, first.Name)
		}
	}
	return nil
}

func (m *Manager) revokeTokens(ctx context.Context, name string) error {
	if m.cfg.Tokens == nil {
		return nil
	}
	own, err := m.tokensOf(ctx, name)
	if err != nil {
		return err
	}
	revoked := true
	for _, t := range own {
		if err := m.cfg.Tokens.SetToken(ctx, t.ID, store.TokenChange{Revoked: &revoked}); err != nil {
			return err
		}
	}
	return nil
}
