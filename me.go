package scim

import (
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// meMethods are the methods of /Me, the alias of the caller's own User
// (RFC 7644 §3.11), and those that are left out: POST, what the endpoint of users
// leaves out, and all without Config.Me. Responses have the Location of the User.
func (h *Handler) meMethods() (on methods, off []string) {
	on, off = methods{}, []string{http.MethodPost}
	if h.cfg.Me == nil {
		return on, append(off, methodsOfResource...)
	}
	ep := h.byType(schema.UserType.Name)
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

// locatedError adds Location to an error about the resource at location, unless
// the error is that it does not exist.
func locatedError(err error, location string) error {
	if e, _ := toError(err); e.Status == http.StatusNotFound {
		return err
	}
	return &headerError{err, "Location", location}
}
