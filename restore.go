package scim

import (
	"context"
	"errors"
	"net/http"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// createOrRestore creates a resource, or restores its deleted or inactive twin, or
// adopts it, by the policy of the client (TwinPolicy, Policy.Adopt). The inactive twin is looked up after the
// uniqueness conflict has ended the first transaction. A caller that creates its own
// User is given no other account, which may belong to another person.
func (h *Handler) createOrRestore(r *request, ep *endpoint, n *lifecycle.Creation) (*schema.Resource, error) {
	if r.me {
		return h.lifecycle.Create(r.ctx, h.writeRequest(r), ep.Endpoint, n)
	}
	onTwin := ep.policy(r.principal).OnTwin
	if onTwin == RestoreDeleted {
		if revived, err := h.revive(r, ep, n); !errors.Is(err, lifecycle.ErrNoTombstone) {
			return revived, err
		}
	}
	created, conflict := h.lifecycle.Create(r.ctx, h.writeRequest(r), ep.Endpoint, n)
	var taken *store.UniquenessError
	seeks := onTwin != RefuseTwin || ep.policy(r.principal).Adopt != nil
	if conflict == nil || !seeks || private(conflict) || !errors.As(conflict, &taken) {
		return created, conflict
	}
	name := ep.identity(taken.Path)
	if name == nil || !n.Attributes.Get(name).Assigned() {
		return nil, conflict
	}
	twin, err := h.twin(r.ctx, ep, name, n)
	if err != nil {
		return nil, err
	}
	if twin != nil && !accessOf(r.ctx).Sees(ep.Endpoint, twin) {
		return h.adopt(r, ep, name, twin.ID, n, conflict)
	}
	// The creation was authorized. If the client may not replace the twin, the
	// answer must not depend on it.
	if onTwin == RefuseTwin || !ep.Inactive(twin) || !h.mayReplace(r, ep, twin.ID) {
		return nil, conflict
	}
	return h.lifecycle.Restore(r.ctx, h.writeRequest(r), ep.Endpoint, name, twin.ID, n, conflict)
}

// revive restores the resource that was deleted last of those with a unique value
// of the creation; lifecycle.ErrNoTombstone if none may be restored.
func (h *Handler) revive(r *request, ep *endpoint, n *lifecycle.Creation) (*schema.Resource, error) {
	for _, p := range ep.Type.Unique() {
		name := identifying(p)
		if name == nil || !n.Attributes.Get(name).Assigned() {
			continue
		}
		found, err := ep.Tombstone(r.ctx, name, n.Attributes.Get(name), store.GetOptions{})
		if errors.Is(err, lifecycle.ErrNoTombstone) || err == nil && !accessOf(r.ctx).Sees(ep.Endpoint, found) {
			continue
		}
		if err == nil {
			err = h.mayRevive(r, ep, found.ID)
		}
		if err != nil {
			return nil, err
		}
		return h.lifecycle.Revive(r.ctx, h.writeRequest(r), ep.Endpoint, name, found.ID, n)
	}
	return nil, lifecycle.ErrNoTombstone
}

// mayRevive calls Config.Authorize for the replacement of a deleted resource. A
// refusal is lifecycle.ErrNoTombstone, and a new resource is created. Any other
// error ends the request: two ids for one user could not be joined later.
func (h *Handler) mayRevive(r *request, ep *endpoint, id string) error {
	if h.cfg.Authorize == nil {
		return nil
	}
	err := h.cfg.Authorize(r.ctx, Operation{Kind: OperationReplace, Principal: r.principal, Type: ep.Type, ID: id})
	var own *Error
	if errors.Is(err, ErrForbidden) || isNotFound(err) || errors.As(err, &own) && own.Status < http.StatusInternalServerError {
		return lifecycle.ErrNoTombstone
	}
	return err
}

// identity returns the attribute that identifies a twin: single-valued and declared
// unique by the schema, as userName is; nil for any other path. A twin is never
// found by an e-mail address or externalId, even if a store keeps them unique.
func (ep *endpoint) identity(path string) *schema.Attribute {
	for _, p := range ep.Type.Unique() {
		if p.String() == path {
			return identifying(p)
		}
	}
	return nil
}

// identifying is identity for the path of a unique attribute.
func identifying(p schema.AttrPath) *schema.Attribute {
	if len(p) != 1 || p[0].MultiValued {
		return nil
	}
	return p[0]
}

// mayReplace reports whether Config.Authorize allows the client to replace a
// resource.
func (h *Handler) mayReplace(r *request, ep *endpoint, id string) bool {
	return h.cfg.Authorize == nil ||
		h.cfg.Authorize(r.ctx, Operation{Kind: OperationReplace, Principal: r.principal, Type: ep.Type, ID: id}) == nil
}

// twin returns the resource with the unique value that was in use, whether or not
// it exists for the connection; nil if there is none any more.
func (h *Handler) twin(ctx context.Context, ep *endpoint, name *schema.Attribute, n *lifecycle.Creation) (*schema.Resource, error) {
	same := filter.Compare{Path: schema.AttrPath{name}, Op: filter.EQ, Value: n.Attributes.Get(name)}
	return h.findFirst(ctx, &selection{ep: ep, filter: filter.New(same)})
}
