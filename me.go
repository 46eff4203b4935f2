package scim

import (
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// meMethods are those of /Me, the alias of the caller's own User
// (RFC 7644 §3.11); any response names where that lives. Creating oneself
// (POST) is not supported.
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
				return nil, &meError{err, location}
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

// meError is an error about the resource at location, addressed as /Me.
type meError struct {
	error
	location string
}

func (e *meError) Unwrap() error { return e.error }
