package scim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// access returns which resources exist for a principal. The policies of a
// principal without a connection must not limit them; its access is nil.
func (h *Handler) access(p *Principal) (*lifecycle.Access, error) {
	var a *lifecycle.Access
	if p.Connection != "" {
		a = &lifecycle.Access{Connection: p.Connection}
	}
	for _, ep := range h.endpoints {
		if ep.policy(p).Ownership != OwnResources {
			continue
		}
		if p.Connection == "" {
			return nil, fmt.Errorf("scim: the principal (token %q) has no Connection, which the ownership policy of %s needs", p.TokenID, ep.Type.Name)
		}
		if a.Own == nil {
			a.Own = map[*lifecycle.Endpoint]bool{}
		}
		a.Own[ep.Endpoint] = true
	}
	return a, nil
}

// get reads attributes of a resource that exists for the connection; the owner is one
// of them, or they are nil, which is all.
func (ep *endpoint) get(ctx context.Context, id string, attributes []*schema.Attribute) (*schema.Resource, error) {
	r, err := ep.Store.Get(ctx, id, store.GetOptions{Attributes: attributes})
	if err != nil {
		return nil, err
	}
	if !accessOf(ctx).Sees(ep.Endpoint, r) {
		return nil, store.ErrNotFound
	}
	return r, nil
}

// hides reports whether a resource does not exist for the connection. If all exist
// for it, no resource is read.
func (ep *endpoint) hides(ctx context.Context, id string) (bool, error) {
	if !accessOf(ctx).LimitedIn(ep.Endpoint) {
		return false, nil
	}
	_, err := ep.get(ctx, id, lifecycle.OnlyOwner)
	if isNotFound(err) {
		return true, nil
	}
	return false, err
}

// limit restricts a selection to the resources that exist for the connection.
func (s *selection) limit(a *lifecycle.Access) {
	s.limited = a.Limited()
	if !a.LimitedIn(s.ep.Endpoint) {
		return
	}
	expr := a.Owned()
	if s.filter != nil {
		expr = filter.And{Left: expr, Right: s.filter.Expr()}
	}
	s.filter = filter.New(expr)
}

// canFilter reports whether the store evaluates an expression of the selection.
// Memberships of resources that do not exist for the connection must not count, and
// the store does not know which those are.
func (s *selection) canFilter(e filter.Expr) bool {
	if !s.ep.canFilter(e) {
		return false
	}
	if !s.indirect && !s.limited {
		return true
	}
	f := filter.New(e)
	if g := s.ep.Type.Groups(); s.indirect && g != nil && f.Uses(g) {
		return false
	}
	return !s.limited || !slices.ContainsFunc(s.ep.memberships(), f.Uses)
}

// canSort reports whether the store sorts the selection.
func (s *selection) canSort() bool { return s.sortBy == nil || s.ep.canSort(s.sortBy) }

// memberships returns the attributes of the type that have members or groups.
func (ep *endpoint) memberships() []*schema.Attribute {
	var out []*schema.Attribute
	for _, a := range []*schema.Attribute{ep.Type.Members(), ep.Type.Groups()} {
		if a != nil {
			out = append(out, a)
		}
	}
	return out
}

// ConnectionHost is what package connection needs of the handler; connection.New calls
// it.
func (h *Handler) ConnectionHost() connection.Host {
	host := connection.Host{
		States: h.states, Check: h.checkConnection, Brake: h.brakeOf, Now: h.cfg.Now, Logger: h.cfg.Logger,
		Audit: func(ctx context.Context, rec audit.Record) { h.recordOperator(ctx, rec, true, nil) },
	}
	if h.cfg.AuditTrail != nil {
		host.Record = h.append
	}
	host.Tokens, _ = fixedTokens(h.cfg.Auth)
	for _, ep := range h.endpoints {
		if !ep.Type.Owned {
			continue
		}
		host.Types = append(host.Types, connection.Resources{
			Type: ep.Type, List: ep.Store.List, Name: namingAttribute(ep.Type), Active: ep.Active,
			Filter: ep.canFilter,
			SetOwner: func(ctx context.Context, c connection.Work, id, to string) error {
				return h.setOwner(ctx, c, ep, id, to)
			},
			End: func(ctx context.Context, c connection.Work, id string, how connection.End) error {
				return h.end(ctx, c, ep, id, how)
			},
		})
	}
	return host
}

// brakeOf returns how far a connection of a tenant is towards the bounds of the brake.
func (h *Handler) brakeOf(ctx context.Context, tenant string, c connection.Connection) ([]brake.State, error) {
	return h.BrakeState(ctx, &Principal{Tenant: tenant, Connection: c.Name, Policy: c.Policy})
}

// checkConnection rejects a connection whose tokens every request of which would be
// answered 500.
func (h *Handler) checkConnection(c connection.Connection) error {
	client, err := ParseClient(c.Client)
	if err != nil {
		return err
	}
	p := &Principal{TokenID: "of " + c.Name, Client: client, Policy: c.Policy, Connection: c.Name, BaseURL: c.BaseURL}
	errs := []error{h.checkPolicy(p.Policy), h.checkClient(p)}
	if p.BaseURL != "" {
		if _, err := parseBaseURL(p.BaseURL); err != nil {
			errs = append(errs, fmt.Errorf("scim: the BaseURL of connection %q: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}

// operate runs a write to a resource of a connection that an operator asked for, and
// passes on its audit record.
func (h *Handler) operate(ctx context.Context, w connection.Work, ep *endpoint, id string, write func(context.Context, *lifecycle.Request) error) error {
	start := h.cfg.Now()
	access, err := h.access(&Principal{Connection: w.Connection.Name, Policy: w.Connection.Policy})
	if err != nil {
		return err
	}
	ctx = context.WithValue(store.WithTenant(ctx, w.Tenant), accessKey{}, access)
	r := operatorRequest()
	r.Actor, r.Connection = w.By.Actor, w.Connection.Name
	// Whatever the policy: what belongs to another connection by now is left alone.
	r.Access = &lifecycle.Access{Connection: w.Connection.Name, Own: map[*lifecycle.Endpoint]bool{ep.Endpoint: true}}
	rec := AuditRecord{
		Time: start, Tenant: w.Tenant, Actor: w.By.Actor, Connection: w.Connection.Name, Operation: OperationKind(w.Operation),
		Type: ep.Type.Name, ID: id, Reason: w.By.Reason, Reference: newUUID(),
	}
	return h.recorded(ctx, ep, rec, r, func() error { return write(ctx, r) })
}

// recorded runs a write that no client asked for, with its audit record. A resource that
// is not there has none.
func (h *Handler) recorded(ctx context.Context, ep *endpoint, rec AuditRecord, r *lifecycle.Request, write func() error) error {
	r.Principal = rec.Connection
	if h.cfg.AuditTrail != nil {
		rec.Record = newUUID()
		r.Record, r.RecordID = h.recorder(rec), rec.Record
	}
	committed := false
	r.Committed = func(c lifecycle.Written) {
		committed = true
		ep.describe(&rec, &c)
	}
	err := write()
	if !isNotFound(err) {
		h.recordOperator(ctx, rec, committed, err)
	}
	return err
}

// setOwner gives a resource of a connection to another one; "" is none.
func (h *Handler) setOwner(ctx context.Context, w connection.Work, ep *endpoint, id, to string) error {
	return h.operate(ctx, w, ep, id, func(ctx context.Context, r *lifecycle.Request) error {
		return h.lifecycle.SetOwner(ctx, r, ep.Endpoint, id, to)
	})
}

// end deactivates or deletes a resource of a connection, as a DELETE of its client does.
func (h *Handler) end(ctx context.Context, w connection.Work, ep *endpoint, id string, how connection.End) error {
	end := h.lifecycle.Delete
	if how == connection.Deactivate {
		end = h.lifecycle.Deactivate
	}
	return h.operate(ctx, w, ep, id, func(ctx context.Context, r *lifecycle.Request) error { return end(ctx, r, ep.Endpoint, id) })
}

// visibleGroups removes the groups that do not exist for the connection.
func (h *Handler) visibleGroups(ctx context.Context, ep *endpoint, found map[string][]store.GroupRef) error {
	a := accessOf(ctx)
	if !a.LimitedIn(ep.Endpoint) {
		return nil
	}
	ids := map[string]bool{}
	for _, refs := range found {
		for _, g := range refs {
			ids[g.ID] = true
		}
	}
	groups := make([]schema.Member, 0, len(ids))
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		groups = append(groups, schema.Member{Value: id, Type: ep.Type.Name})
	}
	visible, err := h.lifecycle.Visible(ctx, a, groups)
	if err != nil {
		return err
	}
	for _, g := range visible {
		delete(ids, g.Value)
	}
	for member, refs := range found {
		found[member] = slices.DeleteFunc(slices.Clone(refs), func(g store.GroupRef) bool { return ids[g.ID] })
	}
	return nil
}

// adopt makes the resource with the unique value of a creation one of the
// connection, if Policy.Adopt agrees; otherwise the error is conflict.
func (h *Handler) adopt(r *request, ep *endpoint, name *schema.Attribute, id string, n *lifecycle.Creation, conflict error) (*schema.Resource, error) {
	decide := ep.policy(r.principal).Adopt
	if decide == nil || !h.mayReplace(r, ep, id) {
		return nil, conflict
	}
	sent := &schema.Resource{Type: ep.Type, Attributes: n.Attributes}
	return h.lifecycle.Adopt(r.ctx, h.writeRequest(r), ep.Endpoint, name, id, n, conflict, func(ctx context.Context, existing *schema.Resource) (bool, error) {
		return decide(ctx, Adoption{Principal: r.principal, Owner: existing.Owner(), Existing: existing, Sent: sent})
	})
}

// checkOwnership rejects an ownership policy that the type cannot serve.
func (ep *endpoint) checkOwnership(p Policy) error {
	switch name := ep.Type.Name; {
	case p.Ownership > OwnResources:
		return fmt.Errorf("scim: %s has an unknown ownership policy", name)
	case p.Ownership != OwnResources && p.Adopt != nil:
		return fmt.Errorf("scim: Adopt of %s has no effect without Ownership: OwnResources", name)
	case p.Ownership == OwnResources && !ep.Type.Owned:
		return fmt.Errorf("scim: OwnResources of %s needs a store that keeps the owner: make the store and the endpoint with "+
			"schema.WithOwner(type), or give the struct of the sqlquery table a field with the tag `scim:\",owner\"`", name)
	case p.Adopt != nil && ep.identity(ep.firstUnique()) == nil:
		return fmt.Errorf("scim: Adopt of %s needs a unique attribute, by which accounts are found", name)
	}
	return nil
}

// firstUnique returns the path of the first attribute that identifies a resource.
func (ep *endpoint) firstUnique() string {
	for _, p := range ep.Type.Unique() {
		if identifying(p) != nil {
			return p.String()
		}
	}
	return ""
}

// checkConnections rejects fixed tokens without a connection whose policies need
// one.
func (h *Handler) checkFixedTokens() error {
	fixed, _ := fixedTokens(h.cfg.Auth)
	var errs []error
	for _, t := range fixed {
		p, err := principalOf(&t)
		if err != nil {
			continue // reported by checkTokens
		}
		if err := h.checkClient(p); err != nil {
			errs = append(errs, err)
		}
		if _, err := h.access(p); err != nil {
			errs = append(errs, fmt.Errorf("%w: set Token.Connection, the same for the tokens that replace one another", err))
		}
	}
	return errors.Join(errs...)
}
