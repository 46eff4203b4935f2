package scim

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// setReviver finds what RestoreDeleted needs. A wrapper around the store is
// asked itself, so that nothing writes past it.
func (ep *endpoint) setReviver(tx store.Transactor) error {
	reviver, ok := ep.Store.(store.Reviver)
	switch name := ep.Type.Name; {
	case tx == nil:
		return fmt.Errorf("scim: RestoreDeleted of %s needs Config.Tx", name)
	case ep.Members != nil:
		return fmt.Errorf("scim: RestoreDeleted: %s has members, which do not come back", name)
	case !ok:
		return fmt.Errorf("scim: RestoreDeleted of %s needs a store.Reviver, which its store (%T) is not", name, ep.Store)
	case !ep.can.Revives:
		return fmt.Errorf("scim: RestoreDeleted of %s: its store keeps no names of what is deleted (Capabilities.Revives); in a sqlquery.Table a field tagged userName,former keeps them", name)
	}
	ep.Reviver = reviver
	return nil
}

// revive lets a newcomer come back as the resource of that name that was
// deleted last; lifecycle.ErrNoTombstone if there is none that may come back.
func (h *Handler) revive(r *request, ep *endpoint, n *lifecycle.Creation) (*schema.Resource, error) {
	for _, p := range ep.Type.Unique() {
		name := ep.identity(p.String())
		if name == nil || !n.Attributes.Get(name).Assigned() {
			continue
		}
		found, err := ep.Tombstone(r.ctx, name, n.Attributes.Get(name), store.GetOptions{})
		if errors.Is(err, lifecycle.ErrNoTombstone) {
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
		return lifecycle.ErrNoTombstone
	}
	return err
}
