package scim

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/schema"
)

// drainLimit bounds the part of a refused body that is read and discarded, as a
// multiple of Limits.Body. A client that sends the whole body before it reads
// needs this to receive the response.
const drainLimit = 16

// body reads and parses the body of a request as a JSON object. The caller releases
// it.
func (h *Handler) body(r *request) (schema.Body, error) {
	if r.inBulk {
		return schema.NewBody(r.parsed), nil
	}
	if err := checkContentType(r.Header); err != nil {
		return schema.Body{}, err
	}
	pooled := bodies.Get().(*[]byte)
	defer bodies.Put(pooled)
	text, err := h.readBody(r, (*pooled)[:0])
	if cap(text) <= maxPooled {
		*pooled = text
	}
	if err != nil {
		return schema.Body{}, err
	}
	return schema.ReadBody(text, h.cfg.Limits.elements()) // a copy of what it keeps
}

// bodies keeps memory for the text of the next body.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxPooled is how large a text may be for its memory to be kept.
const maxPooled = 64 << 10

// message returns the body of a request that is a message and not a resource.
func (h *Handler) message(r *request) (schema.JSONObject, error) {
	if r.inBulk {
		return r.parsed, nil
	}
	body, err := h.body(r)
	if err != nil {
		return nil, err
	}
	defer body.Release()
	return body.Object(), nil
}

// readBody reads the body into text, which is empty, and returns it, also with an error.
func (h *Handler) readBody(r *request, text []byte) ([]byte, error) {
	limit := h.cfg.Limits.Body
	if r.ContentLength > limit {
		return text, h.refuseBody(r)
	}
	text, err := readAll(io.LimitReader(r.Body, limit+1), text)
	var tooLarge *http.MaxBytesError
	switch {
	case int64(len(text)) > limit || errors.As(err, &tooLarge):
		return text, h.refuseBody(r)
	case err != nil:
		return text, invalidSyntax("the body could not be read")
	}
	if h.cfg.Observe != nil {
		r.audit.observe().read(slices.Clone(text))
	}
	return text, nil
}

// readAll is io.ReadAll into text.
func readAll(r io.Reader, text []byte) ([]byte, error) {
	for {
		text = slices.Grow(text, 1)
		n, err := r.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case err == io.EOF:
			return text, nil
		case err != nil:
			return text, err
		}
	}
}

// refuseBody returns the error of a body that is too large.
func (h *Handler) refuseBody(r *request) error {
	limit := h.cfg.Limits.Body
	discard(r, limit)
	return errorf(http.StatusRequestEntityTooLarge, "the body is larger than the maximum of %d bytes", limit)
}

// discard reads and discards the rest of a body beyond the limit, unless the client
// waits with it for a 100 (RFC 9110 §10.1.1), which the first read would send.
func discard(r *request, limit int64) {
	waits := r.ContentLength > limit && strings.EqualFold(r.Header.Get("Expect"), "100-continue")
	if !waits {
		io.CopyN(io.Discard, r.Body, drainLimit*limit)
	}
}

// checkContentType accepts application/scim+json and application/json in UTF-8
// (RFC 7644 §3.8, §8.1), and a body without Content-Type.
func checkContentType(header http.Header) error {
	if enc := header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return errorf(http.StatusUnsupportedMediaType, "Content-Encoding is not supported")
	}
	value := header.Get("Content-Type")
	switch strings.ToLower(value) {
	case "", "application/scim+json", "application/json", "application/scim+json; charset=utf-8", "application/json; charset=utf-8":
		return nil // what most clients send needs no parsing
	}
	media, params, err := mime.ParseMediaType(value)
	if err != nil || media != "application/scim+json" && media != "application/json" {
		return errorf(http.StatusUnsupportedMediaType, "the body must be application/scim+json or application/json")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errorf(http.StatusUnsupportedMediaType, "the body must be UTF-8")
	}
	return nil
}

// decode decodes the body of a POST or PUT, after checkType.
func (h *Handler) decode(r *request, ep *endpoint, body schema.Body) (schema.Decoded, error) {
	profile := r.dialect(ep).profile
	uris, err := body.SchemaURIs(profile)
	if err != nil {
		return schema.Decoded{}, err
	}
	if err := h.checkType(ep, uris); err != nil {
		return schema.Decoded{}, err
	}
	return ep.Type.DecodeBody(body, profile)
}

// checkType refuses a body whose schemas have the URI of another type that is
// served and not that of this type: it was sent to the wrong endpoint.
func (h *Handler) checkType(ep *endpoint, uris []string) error {
	other := ""
	for _, uri := range uris {
		if own, _ := ep.Type.CutURI(uri); own == uri {
			return nil
		}
		for _, e := range h.endpoints {
			if strings.EqualFold(e.Type.Schema.ID, uri) {
				other = e.Type.Name
			}
		}
	}
	if other == "" {
		return nil
	}
	return invalidSyntax("schemas names resource type %s; this endpoint serves %s", other, ep.Type.Name)
}

// takeMembers returns the attributes of a request body without members, and the
// members, each once.
func (h *Handler) takeMembers(r *request, ep *endpoint, o *schema.Object) (*schema.Object, []schema.Member, error) {
	a := ep.Type.Members()
	if a == nil {
		return o, nil, nil
	}
	value, typ := a.Sub("value"), a.Sub("type")
	v := o.Get(a)
	if err := h.checkMembers(r, v.Len()); err != nil {
		return nil, nil, err
	}
	members := make([]schema.Member, 0, v.Len())
	seen := make(map[string]bool, v.Len())
	for _, one := range v.All() {
		m := schema.Member{Value: one.Object().Get(value).Text()}
		if typ != nil {
			m.Type = one.Object().Get(typ).Text()
		}
		if m.Value == "" {
			return nil, nil, invalidValue(a.Name, "a member needs a value")
		}
		if !seen[m.Value] {
			seen[m.Value] = true
			members = append(members, m)
		}
	}
	return o.With(a, schema.Value{}), members, nil
}

// checkMembers refuses a request that names too many members, those of the
// operations before in a bulk request included.
func (h *Handler) checkMembers(r *request, named int) error {
	r.members = max(r.members, named)
	if limit := h.cfg.Limits.Members; r.membersBefore+named > limit {
		return errorf(http.StatusRequestEntityTooLarge, "the request names more than the maximum of %d members; change a large group by several PATCH requests", limit)
	}
	return nil
}
