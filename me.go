package scim

import (
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// meMethods are the methods of /Me, the alias of the caller's own User
// (RFC 7644 §3.11). Responses have the Location of the User. POST is not
// supported.
func (h *Handler) meMethods() methods {
	off := handleNotImplemented("/Me is not supported")
	if h.cfg.Me == nil {
		return methods{http.MethodGet: off, http.MethodPost: off, http.MethodPut: off, http.MethodPatch: off, http.MethodDelete: off}
	}
	ep := h.byType(schema.UserType.Name)
	self := func(f func(*request, *endpoint, string) (*response, error)) handlerFunc {
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
			resp, err := f(r, ep, id)
			if err != nil {
				return nil, locatedError(err, location)
			}
			resp.location = location
			return resp, nil
		}
	}
	return methods{
		http.MethodGet:    self(h.handleRetrieve),
		http.MethodPut:    self(h.handleReplace),
		http.MethodPatch:  self(h.handlePatch),
		http.MethodDelete: self(h.handleDelete),
		http.MethodPost:   handleNotImplemented("creating a resource through /Me is not supported"),
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
