package scim

import (
	"context"
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// meMethods are the methods of /Me, the alias of the caller's own User
// (RFC 7644 §3.11), and those that are left out: POST without Config.BindMe, what the
// endpoint of users leaves out, and all without Config.Me. Responses have the Location
// of the User.
func (h *Handler) meMethods() (on methods, off []string) {
	on = methods{}
	if h.cfg.Me == nil {
		return on, append([]string{http.MethodPost}, methodsOfResource...)
	}
	ep := h.byType(schema.UserType.Name)
	if h.cfg.BindMe != nil {
		on[http.MethodPost] = h.createMe(ep)
	} else {
		off = append(off, http.MethodPost)
	}
	for _, method := range methodsOfResource {
		if answer := ep.operation(method); answer != nil {
			on[method] = h.onMe(ep, answer)
		} else {
			off = append(off, method)
		}
	}
	return on, off
}

// onMe carries out an operation on the caller's own User.
func (h *Handler) onMe(ep *endpoint, answer operationFunc) handlerFunc {
	return func(r *request) (*response, error) {
		id, err := h.cfg.Me(r.ctx, r.principal)
		if err != nil {
			return nil, err
		}
		if id == "" {
			return nil, store.ErrNotFound
		}
		r.me = true
		location := h.location(r.ctx, ep, id)
		resp, err := answer(h, r, ep, id)
		if err != nil {
			return nil, locatedError(err, location)
		}
		resp.location = location
		return resp, nil
	}
}

// createMe creates the caller's own User, unless it has one or had one.
func (h *Handler) createMe(ep *endpoint) handlerFunc {
	return func(r *request) (*response, error) {
		id, err := h.cfg.Me(r.ctx, r.principal)
		if err != nil {
			return nil, err
		}
		r.me = true
		if id != "" {
			if err := h.authorize(r, OperationCreate, ep, ""); err != nil {
				return nil, err
			}
			r.audit.id = id
			taken := errorf(http.StatusConflict, "the authenticated subject has a resource; it cannot create another one")
			return nil, locatedError(taken, h.location(r.ctx, ep, id))
		}
		return h.handleCreate(r, ep)
	}
}

// bindMe returns what records that a User is the caller's, nil if the request does
// not address /Me.
func (h *Handler) bindMe(r *request) func(ctx context.Context, user *schema.Resource) error {
	if !r.me {
		return nil
	}
	return func(ctx context.Context, user *schema.Resource) error { return h.cfg.BindMe(ctx, r.principal, user) }
}

// locatedError adds Location to an error about the resource at location, unless
// the error is that it does not exist, or that the client may not know of it.
func locatedError(err error, location string) error {
	if e, _ := toError(err); e.Status == http.StatusNotFound || e.Status == http.StatusForbidden {
		return err
	}
	return &headerError{err, "Location", location}
}
