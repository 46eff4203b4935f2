package scim

import (
	"context"
	"net/http"

	"github.com/seed5f3efb56/scim/retention"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// handleDelete answers DELETE (RFC 7644 §3.6), by DeactivateOnDelete where that is
// the policy of the client.
func (h *Handler) handleDelete(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.authorize(r, OperationDelete, ep, id); err != nil {
		return nil, err
	}
	end := h.lifecycle.Delete
	if ep.policy(r.principal).OnDelete == DeactivateOnDelete {
		end = h.lifecycle.Deactivate
	}
	if err := end(r.ctx, h.writeRequest(r), ep.Endpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// retentionConnection is the connection that the brake counts the deletions of package
// retention for.
const retentionConnection = "retention"

// RetentionHost is what package retention needs of the handler; retention.New calls it.
func (h *Handler) RetentionHost() retention.Host {
	host := retention.Host{Now: h.cfg.Now, Logger: h.cfg.Logger, Tx: h.cfg.Tx}
	if host.Counters = h.cfg.Counters; isNil(host.Counters) {
		host.Counters, _ = h.cfg.Tx.(store.Counters)
	}
	ep := h.byType(schema.UserType.Name)
	if ep == nil || ep.Active == nil {
		return host
	}
	host.Type, host.Active, host.List, host.Filter = ep.Type, ep.Active, ep.Store.List, ep.canFilter
	host.Get = func(ctx context.Context, id string) (*schema.Resource, error) {
		return ep.Store.Get(ctx, id, store.GetOptions{})
	}
	host.Delete = func(ctx context.Context, id, reason string, still func(*schema.Resource) error) error {
		return h.expire(ctx, ep, id, reason, still)
	}
	return host
}

// expire deletes a user as handleDelete does, whatever the policies of clients are, if
// still has no error for the user once it is locked.
func (h *Handler) expire(ctx context.Context, ep *endpoint, id, reason string, still func(*schema.Resource) error) error {
	r := operatorRequest()
	r.Actor, r.Connection = retentionConnection, retentionConnection
	var found *schema.Resource
	r.Locked = func(before *schema.Resource) { found = before }
	r.Preconditions = func(string) error { return still(found) }
	rec := AuditRecord{
		Time: h.cfg.Now(), Tenant: store.Tenant(ctx), Actor: r.Actor, Operation: OperationRetention,
		Type: ep.Type.Name, ID: id, Reason: reason, Reference: newUUID(),
	}
	return h.recorded(ctx, ep, rec, r, func() error { return h.lifecycle.Delete(ctx, r, ep.Endpoint, id) })
}
