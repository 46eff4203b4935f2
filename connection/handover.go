package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// HandOver gives what one connection provisioned to another one of the same tenant.
type HandOver struct {
	// From need not exist any more; To has to.
	From, To string
	// Types are the names of the resource types that are handed over; empty: all that
	// have an owner.
	Types []string
	// Names, unless nil, are the only resources that are handed over, by userName or
	// displayName: those that the other provider has. Others stay with From.
	Names []string
}

// PreviewHandOver returns which resources HandOver would give to the other connection.
func (m *Manager) PreviewHandOver(ctx context.Context, tenant string, h HandOver) (Preview, error) {
	types, _, err := m.handOver(ctx, tenant, h)
	if err != nil {
		return Preview{}, err
	}
	return m.preview(store.WithTenant(ctx, tenant), types, h.From, h.Names, h.matcher(types))
}

// HandOver makes To the owner of what From provisioned: with OwnResources the resources
// exist for To from then on, and for From no longer. Nothing else of them changes: no
// hook is called, and who is inactive stays so. A resource gets a new version and
// lastModified, as with every write.
//
// Each resource is a transaction of its own, with an audit record (OpHandOver, the
// change of "$owner"). A call that failed or was interrupted is repeated: it goes on
// with those that are left. Resources that From creates meanwhile may stay with it:
// pause it before.
func (m *Manager) HandOver(ctx context.Context, tenant string, h HandOver, by By) (Result, error) {
	if err := by.check(); err != nil {
		return Result{}, err
	}
	types, from, err := m.handOver(ctx, tenant, h)
	if err != nil {
		return Result{}, err
	}
	w := Work{Tenant: tenant, Connection: from, Operation: OpHandOver, By: by}
	return m.setOwner(store.WithTenant(ctx, tenant), types, w, h.To, h.matcher(types))
}

// handOver returns the types of a hand-over and the connection that it comes from.
func (m *Manager) handOver(ctx context.Context, tenant string, h HandOver) ([]Resources, Connection, error) {
	if h.From == "" || h.To == "" || h.From == h.To {
		return nil, Connection{}, mistake("connection: HandOver needs the names of two connections, From and To; MakeLocal takes people from a connection")
	}
	types, err := m.types(h.Types)
	if err != nil {
		return nil, Connection{}, err
	}
	if _, err := m.Get(ctx, tenant, h.To); err != nil {
		return nil, Connection{}, fmt.Errorf("connection: HandOver to %q: %w", h.To, err)
	}
	from, err := m.Get(ctx, tenant, h.From)
	if errors.Is(err, store.ErrNotFound) {
		from, err = Connection{Name: h.From}, nil
	}
	return types, from, err
}

// matcher reports which resources are handed over.
func (h HandOver) matcher(types []Resources) func(*Resources, Owned) bool {
	if h.Names == nil {
		return func(*Resources, Owned) bool { return true }
	}
	wanted := map[string]map[string]bool{}
	for _, r := range types {
		wanted[r.Type.Name] = map[string]bool{}
		for _, name := range h.Names {
			wanted[r.Type.Name][r.key(name)] = true
		}
	}
	return func(r *Resources, o Owned) bool { return wanted[r.Type.Name][r.key(o.Name)] }
}

// key is a name as the type compares it.
func (r *Resources) key(name string) string {
	if r.Name == nil || r.Name.CaseExact {
		return name
	}
	return schema.FoldKey(name)
}

// preview lists the resources of a connection that match and those that do not.
func (m *Manager) preview(ctx context.Context, types []Resources, connection string, names []string, matches func(*Resources, Owned) bool) (Preview, error) {
	var p Preview
	found := map[string]bool{}
	for i := range types {
		r := &types[i]
		err := r.each(ctx, connection, func(o Owned) {
			if !matches(r, o) {
				p.Stay = append(p.Stay, o)
				return
			}
			p.Match = append(p.Match, o)
			found[r.Type.Name+" "+r.key(o.Name)] = true
		})
		if err != nil {
			return Preview{}, err
		}
	}
	for _, name := range names {
		known := false
		for i := range types {
			known = known || found[types[i].Type.Name+" "+types[i].key(name)]
		}
		if !known {
			p.Unknown = append(p.Unknown, name)
		}
	}
	return p, nil
}

func (m *Manager) setOwner(ctx context.Context, types []Resources, w Work, to string, matches func(*Resources, Owned) bool) (Result, error) {
	result, err := m.every(ctx, types, w.Connection.Name, matches, func(r *Resources, o Owned) error { return r.SetOwner(ctx, w, o.ID, to) })
	if err != nil {
		err = fmt.Errorf("connection: %s of %q: %w", w.Operation, w.Connection.Name, err)
	}
	return result, err
}

// PreviewMakeLocal returns which resources MakeLocal would take from the connection.
func (m *Manager) PreviewMakeLocal(ctx context.Context, tenant, name string) (Preview, error) {
	types, _, err := m.ended(ctx, tenant, name, OpMakeLocal)
	if err != nil {
		return Preview{}, err
	}
	return m.preview(store.WithTenant(ctx, tenant), types, name, nil, all)
}

// MakeLocal makes what a connection provisioned accounts and groups of the application
// itself, which have no owner. Nothing else of them changes. The connection is paused
// or off, or its provider would be answered 409 for its own people. It is as HandOver in
// all else; the audit records have OpMakeLocal.
func (m *Manager) MakeLocal(ctx context.Context, tenant, name string, by By) (Result, error) {
	if err := by.check(); err != nil {
		return Result{}, err
	}
	types, c, err := m.ended(ctx, tenant, name, OpMakeLocal)
	if err != nil {
		return Result{}, err
	}
	return m.setOwner(store.WithTenant(ctx, tenant), types, Work{Tenant: tenant, Connection: c, Operation: OpMakeLocal, By: by}, "", all)
}

func all(*Resources, Owned) bool { return true }

// ended returns the types with an owner and a connection that is not active.
func (m *Manager) ended(ctx context.Context, tenant, name, operation string) ([]Resources, Connection, error) {
	types, err := m.types(nil)
	if err != nil {
		return nil, Connection{}, err
	}
	c, err := m.Get(ctx, tenant, name)
	if err != nil {
		return nil, c, fmt.Errorf("connection: %s of %q: %w", operation, name, err)
	}
	if c.State == Active {
		return nil, c, fmt.Errorf("connection: %s of %q: %w: it is active, so that its provider goes on; Pause or SwitchOff first", operation, name, ErrState)
	}
	return types, c, nil
}
