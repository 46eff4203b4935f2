package scim

import (
	"net/http"

	"github.com/seed5f3efb56/scim/internal/etag"
)

// handleRetrieve answers GET of one resource (RFC 7644 §3.4.1). Query parameters
// other than attributes and excludedAttributes have no effect (Z-18).
func (h *Handler) handleRetrieve(r *request, ep *endpoint, id string) (*response, error) {
	p, err := h.projection(r, ep)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(r, OperationRetrieve, ep, id); err != nil {
		return nil, err
	}
	found, err := ep.get(r.ctx, id, ep.reads(p))
	if err != nil {
		return nil, err
	}
	resp, err := h.resource(r, ep, http.StatusOK, p, found)
	if err != nil {
		return nil, err
	}
	same := etag.Shown
	if groups := ep.Type.Groups(); groups != nil && !p.Includes(groups) {
		// The ETag may come from a response with groups; compare only the stored
		// version.
		same = etag.Stored
	}
	unmodified, err := etag.CheckRead(r.Header, etag.Version(resp.etag), same)
	if err != nil {
		return nil, err
	}
	if unmodified && displaysOf(r.ctx) == nil { // a display changes without the group
		return &response{status: http.StatusNotModified, etag: resp.etag, location: resp.location, contentLocation: resp.contentLocation}, nil
	}
	return resp, nil
}
