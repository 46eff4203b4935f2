package scim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// TwinPolicy says what a POST does when its unique value (userName) belongs to
// an inactive resource, or belonged to a deleted one: somebody who left and
// comes back.
type TwinPolicy uint8

const (
	// RefuseTwin answers 409 uniqueness: the client finds the twin and
	// reactivates it.
	RefuseTwin TwinPolicy = iota
	// RestoreInactive replaces the inactive twin by what the client sent, as
	// PUT would, and answers 201 with the twin's id. It is active unless the
	// client says otherwise. Config.Authorize is asked whether the client may
	// replace the twin; if not, it is a conflict as any other.
	RestoreInactive
	// RestoreDeleted is RestoreInactive, and a resource that was deleted comes
	// back under its old id if its unique value is free and the store still has
	// it; of several, the one deleted last. It answers 201. New wants Config.Tx,
	// a store.Reviver that declares Capabilities.Revives, and a type without
	// members.
	//
	// The id and meta.created stay, the version moves on. All else is what the
	// client sent, as PUT would make it: externalId, extensions, roles and
	// entitlements are not taken over, readOnly and omitted immutable values
	// are. It is active unless the client says otherwise. Memberships ended with
	// the deletion and stay ended, and with them what they granted (package
	// roles). The library has no password to bring back; what becomes of the application's
	// own columns is the store's affair (see sqlquery.Options.New).
	//
	// Events are EventRestored, EventReactivated unless it comes back inactive,
	// and EventUpdated if anything else differs, all with CauseRestore; Before
	// is what was deleted, as inactive. The audit record has the old id.
	//
	// Revocations still pending from before come first. If Config.Authorize does
	// not let the client replace the old resource, or an immutable value the
	// client sent is another, the client gets a new resource with a new id.
	RestoreDeleted
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

// Policy is what becomes of a resource when somebody comes back or leaves.
type Policy struct {
	// OnTwin says what a POST does whose unique value belongs to a resource
	// that is inactive, or belonged to one that was deleted. A live twin is
	// always 409 uniqueness.
	OnTwin TwinPolicy
	// OnDelete says what DELETE does.
	OnDelete DeletePolicy
}

// setPolicies checks that the type and the store can do what the policies of
// the endpoint want.
func (ep *endpoint) setPolicies(tx store.Transactor) error {
	for _, p := range append(slices.Collect(maps.Values(ep.Policies)), ep.Policy) {
		if ep.Active == nil && p != (Policy{}) {
			return fmt.Errorf("scim: %s has no attribute active, which its OnTwin or OnDelete needs", ep.Type.Name)
		}
		if p.OnTwin != RestoreDeleted {
			continue
		}
		if err := ep.setReviver(tx); err != nil {
			return err
		}
	}
	return nil
}

// policy is the policy for a client.
func (ep *endpoint) policy(p *Principal) Policy {
	if named, ok := ep.Policies[p.Policy]; ok && p.Policy != "" {
		return named
	}
	return ep.Policy
}

// checkPolicy: a name that no endpoint knows is a mistake of the embedder, and
// deleting for good must not be what comes of it.
func (h *Handler) checkPolicy(name string) error {
	if name == "" {
		return nil
	}
	var known []string
	for _, ep := range h.endpoints {
		if _, ok := ep.Policies[name]; ok {
			return nil
		}
		known = slices.AppendSeq(known, maps.Keys(ep.Policies))
	}
	slices.Sort(known)
	return fmt.Errorf("scim: the Authenticator named a policy %q, and the endpoints have %q", name, slices.Compact(known))
}

// createOrRestore creates a resource, or lets it take over its deleted or
// inactive twin. The inactive one is looked up after the conflict has ended the
// first transaction.
func (h *Handler) createOrRestore(r *request, ep *endpoint, n *lifecycle.Creation) (*schema.Resource, error) {
	onTwin := ep.policy(r.principal).OnTwin
	if onTwin == RestoreDeleted {
		if revived, err := h.revive(r, ep, n); !errors.Is(err, lifecycle.ErrNoTombstone) {
			return revived, err
		}
	}
	created, conflict := h.lifecycle.Create(r.ctx, h.writeRequest(r), ep.Endpoint, n)
	var taken *store.UniquenessError
	if conflict == nil || onTwin == RefuseTwin || private(conflict) || !errors.As(conflict, &taken) {
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
	// The operation that the client asked for is the creation, which was
	// authorized; the twin is one that it may replace, or unknown to it.
	if !ep.Inactive(twin) || !h.mayReplace(r, ep, twin.ID) {
		return nil, conflict
	}
	return h.lifecycle.Restore(r.ctx, h.writeRequest(r), ep.Endpoint, name, twin.ID, n, conflict)
}

// identity returns the attribute by which a twin is known: single-valued and
// declared unique by the schema, as userName is. nil for any other path:
// nobody is ever adopted by an e-mail address or an externalId, also if a
// store keeps those unique.
func (ep *endpoint) identity(path string) *schema.Attribute {
	for _, p := range ep.Type.Unique() {
		if len(p) == 1 && !p[0].MultiValued && p.String() == path {
			return p[0]
		}
	}
	return nil
}

// mayReplace reports whether the embedder lets the client replace a resource.
func (h *Handler) mayReplace(r *request, ep *endpoint, id string) bool {
	return h.cfg.Authorize == nil ||
		h.cfg.Authorize(r.ctx, Operation{Kind: OperationReplace, Principal: r.principal, Type: ep.Type, ID: id}) == nil
}

// twin finds the resource that has the name which was taken; nil if it has
// gone meanwhile.
func (h *Handler) twin(ctx context.Context, ep *endpoint, name *schema.Attribute, n *lifecycle.Creation) (*schema.Resource, error) {
	same := filter.Compare{Path: schema.AttrPath{name}, Op: filter.EQ, Value: n.Attributes.Get(name)}
	s := &selection{ep: ep, filter: filter.New(same)}
	found, _, err := h.findOne(ctx, &query{}, s, 0, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// deactivate is DELETE under DeactivateOnDelete.
func (h *Handler) deactivate(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.lifecycle.Deactivate(r.ctx, h.writeRequest(r), ep.Endpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
