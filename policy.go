package scim

import (
	"context"
	"errors"
	"net/http"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// TwinPolicy says what a POST does when its unique value (userName) belongs to
// an inactive resource: somebody who left and comes back.
type TwinPolicy uint8

const (
	// RefuseTwin answers 409 uniqueness: the client finds the twin and
	// reactivates it.
	RefuseTwin TwinPolicy = iota
	// RestoreInactive replaces the inactive twin by what the client sent, as
	// PUT would, and answers 201 with the twin's id. It is active unless the
	// client says otherwise.
	RestoreInactive
)

// DeletePolicy says what DELETE does to a resource. Whether what a store
// deletes is gone or kept as a tombstone is the store's affair.
type DeletePolicy uint8

const (
	// DeleteResource deletes it: 404 afterwards, its unique values are free.
	DeleteResource DeletePolicy = iota
	// DeactivateOnDelete sets active to false and answers 204. The resource
	// stays visible and keeps its unique values, against RFC 7644 §3.6.
	DeactivateOnDelete
)

// createOrRestore creates a resource, or lets it take over its inactive twin.
// The twin is looked up in a transaction of its own, after the conflict has
// ended the first one, and only by the unique value that conflicted: nobody is
// ever adopted by an e-mail address.
func (h *Handler) createOrRestore(r *request, ep *endpoint, n *newcomer) (*schema.Resource, error) {
	created, err := h.insert(r, ep, n)
	var taken *store.UniquenessError
	if err == nil || ep.OnTwin != RestoreInactive || ep.active == nil || !errors.As(err, &taken) {
		return created, err
	}
	twin, lookup := h.twin(r.ctx, ep, taken.Path, n)
	if lookup != nil {
		return nil, lookup
	}
	if !ep.inactive(twin) {
		return nil, err
	}
	return h.restore(r, ep, twin.ID, n, err)
}

// twin finds the resource that has the value which was taken; nil if it has
// gone meanwhile.
func (h *Handler) twin(ctx context.Context, ep *endpoint, path string, n *newcomer) (*schema.Resource, error) {
	p, ok := ep.Type.Resolve(path)
	if !ok {
		return nil, nil
	}
	value := schema.SortValue(p, &schema.Resource{Type: ep.Type, Attributes: n.attributes})
	if !value.Assigned() {
		return nil, nil
	}
	s := &selection{ep: ep, filter: filter.New(filter.Compare{Path: p, Op: filter.EQ, Value: value})}
	found, _, err := h.findOne(ctx, &query{}, s, 0, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// restore replaces an inactive twin; conflict is the answer if it is inactive
// no more.
func (h *Handler) restore(r *request, ep *endpoint, id string, n *newcomer, conflict error) (*schema.Resource, error) {
	made := edit{attributes: n.attributes, secrets: n.decoded.Secrets, mentioned: n.decoded.Mentioned}
	if ep.members != nil {
		made.members = &schema.MemberDelta{Replace: true, Add: n.members}
	}
	if !made.attributes.Get(ep.active).Assigned() {
		made.attributes = made.attributes.With(ep.active, schema.Boolean(true))
	}
	restored, _, err := h.update(r, ep, id, store.CauseRestore, func(_ context.Context, before *schema.Resource) (edit, error) {
		if !ep.inactive(before) {
			return edit{}, conflict
		}
		e := made
		var err error
		e.attributes, err = ep.Type.Carry(before.Attributes, made.attributes)
		return e, err
	})
	return restored, err
}

// deactivate is DELETE under DeactivateOnDelete.
func (h *Handler) deactivate(r *request, ep *endpoint, id string) (*response, error) {
	_, _, err := h.update(r, ep, id, store.CauseDelete, func(_ context.Context, before *schema.Resource) (edit, error) {
		return edit{attributes: before.Attributes.With(ep.active, schema.Boolean(false))}, nil
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
