package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// errNobody: there is no tombstone to revive, and the newcomer is somebody new.
var errNobody = errors.New("scim: nobody comes back")

// setReviver finds what RestoreDeleted needs. A wrapper around the store is
// asked itself, so that nothing writes past it.
func (ep *endpoint) setReviver(tx store.Transactor) error {
	reviver, ok := ep.Store.(store.Reviver)
	switch name := ep.Type.Name; {
	case tx == nil:
		return fmt.Errorf("scim: RestoreDeleted of %s needs Config.Tx", name)
	case ep.members != nil:
		return fmt.Errorf("scim: RestoreDeleted: %s has members, which do not come back", name)
	case !ok:
		return fmt.Errorf("scim: RestoreDeleted of %s needs a store.Reviver, which its store (%T) is not", name, ep.Store)
	case !ep.can.Revives:
		return fmt.Errorf("scim: RestoreDeleted of %s: its store keeps no names of what is deleted (Capabilities.Revives); in a sqlquery.Table a field tagged userName,former keeps them", name)
	}
	ep.reviver = reviver
	return nil
}

// revive lets a newcomer come back as the resource of that name that was
// deleted last; errNobody if there is none that may come back.
func (h *Handler) revive(r *request, ep *endpoint, n *newcomer) (*schema.Resource, error) {
	for _, p := range ep.Type.Unique() {
		name := ep.identity(p.String())
		if name == nil || !n.attributes.Get(name).Assigned() {
			continue
		}
		found, err := ep.tombstone(r.ctx, name, n.attributes.Get(name), store.GetOptions{})
		if errors.Is(err, errNobody) {
			continue
		}
		if err == nil {
			err = h.mayRevive(r, ep, found.ID)
		}
		if err != nil {
			return nil, err
		}
		return h.lifecycle.reviveAs(r.ctx, h.writeRequest(r), ep.writeEndpoint, name, found.ID, n)
	}
	return nil, errNobody
}

// tombstone asks the store for what was deleted under the newcomer's name.
func (ep *writeEndpoint) tombstone(ctx context.Context, name *schema.Attribute, value schema.Value, o store.GetOptions) (*schema.Resource, error) {
	found, err := ep.reviver.Tombstone(ctx, schema.AttrPath{name}, value, o)
	if isNotFound(err) {
		return nil, errNobody
	}
	return found, err
}

// mayRevive asks the embedder whether the client may replace the resource.
// A refusal makes the newcomer somebody new. A failure to tell does not: two
// ids for one person stay two.
func (h *Handler) mayRevive(r *request, ep *endpoint, id string) error {
	if h.cfg.Authorize == nil {
		return nil
	}
	err := h.cfg.Authorize(r.ctx, Operation{Kind: OperationReplace, Principal: r.principal, Type: ep.Type, ID: id})
	var own *Error
	if errors.Is(err, ErrForbidden) || isNotFound(err) || errors.As(err, &own) && own.Status < http.StatusInternalServerError {
		return errNobody
	}
	return err
}

// reviveAs makes a tombstone what the newcomer is, in one transaction with all
// that a write is. Who lost against another POST finds nobody any more, and
// then the name taken.
func (w *writePath) reviveAs(ctx context.Context, r *writeRequest, ep *writeEndpoint, name *schema.Attribute, id string, n *newcomer) (*schema.Resource, error) {
	var revived *schema.Resource
	err := w.write(ctx, r, ep, store.CauseRestore, func(ctx context.Context, u *unit) error {
		found, err := ep.tombstone(ctx, name, n.attributes.Get(name), store.GetOptions{ForUpdate: true})
		if err != nil {
			return err
		}
		if found.ID != id {
			return fmt.Errorf("%w: another resource of that name was deleted meanwhile", store.ErrUnavailable)
		}
		if err := u.nothingPending(ctx, id); err != nil {
			return err
		}
		revived, err = u.revive(ctx, found, n)
		return err
	})
	return revived, err
}

// revive brings a tombstone back, which is locked. It was inactive, whatever it
// says: its access ended when it was deleted. Memberships that outlived it, or
// that it was given as a reference to nobody, end first.
func (u *unit) revive(ctx context.Context, found *schema.Resource, n *newcomer) (*schema.Resource, error) {
	before := found.With(u.ep.active, schema.Boolean(false))
	made := n.edit(u.ep)
	made.revives = true
	var err error
	if made.attributes, err = u.ep.Type.Carry(before.Attributes, made.attributes); err != nil {
		return nil, errNobody // an immutable value is another: not the same person
	}
	left, err := u.leaveGroups(ctx, before.ID)
	if err != nil {
		return nil, err
	}
	revived, err := u.apply(ctx, before, made)
	if err != nil {
		return nil, err
	}
	return revived, u.membersLeft(ctx, left, before.ID)
}

// nobodyIfTaken: a live resource has a unique value of the newcomer's. What
// conflict that is, and whether with an inactive twin, the creation finds out.
func nobodyIfTaken(err error) error {
	var taken *store.UniquenessError
	if errors.As(err, &taken) {
		return errNobody
	}
	return err
}
