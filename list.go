package scim

import (
	"context"
	"net/http"
	"strconv"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/reference"
	"github.com/seed5f3efb56/scim/internal/typefilter"
	"github.com/seed5f3efb56/scim/schema"
)

// ListURI and SearchURI identify the messages of a query (RFC 7644 §3.4.2,
// §3.4.3).
const (
	ListURI   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchURI = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
)

// handleQuery answers GET on a resource type or, over all types, on the root
// (RFC 7644 §3.4.2).
func (h *Handler) handleQuery(r *request, eps ...*endpoint) (*response, error) {
	q, err := h.parseURL(r.query, r.dialect(eps[0]).profile)
	if err != nil {
		return nil, err
	}
	return h.list(r, q, eps, true)
}

// handleSearch answers POST .search (RFC 7644 §3.4.3): the same query as GET, in a
// body.
func (h *Handler) handleSearch(r *request, eps ...*endpoint) (*response, error) {
	body, err := h.message(r)
	if err != nil {
		return nil, err
	}
	profile := r.dialect(eps[0]).profile
	if err := schema.CheckMessage(body, SearchURI, profile); err != nil {
		return nil, err
	}
	q, err := h.parseSearch(body, profile)
	if err != nil {
		return nil, err
	}
	return h.list(r, q, eps, false)
}

// list answers a query over one or several types. inURL is false for .search.
func (h *Handler) list(r *request, q *query, eps []*endpoint, inURL bool) (*response, error) {
	sels, err := h.selections(r, q, eps, inURL)
	if err != nil {
		return nil, err
	}
	var found *results
	if q.byCursor && q.count > 0 { // count 0 returns the total alone (RFC 9865 §2)
		found, err = h.findByCursor(r, q, sels)
	} else {
		found, err = h.find(r, q, sels)
	}
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusOK, body: func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
		return h.appendList(r.ctx, dst, q, found, flush)
	}}, nil
}

// selections compiles the query for each type. On an endpoint of several types, an
// attribute that a type does not have has no value (RFC 7644 §3.4.2.1).
func (h *Handler) selections(r *request, q *query, eps []*endpoint, inURL bool) ([]*selection, error) {
	var sels []*selection
	budget := filter.BudgetFrom(r.ctx)
	for _, ep := range eps {
		if len(eps) > 1 && !r.principal.permits(OperationQuery, ep.Type.Name) {
			continue // outside the scope of the credential: no results of this type
		}
		if err := h.authorize(r, OperationQuery, ep, ""); err != nil {
			return nil, err
		}
		s := &selection{ep: ep, indirect: h.cfg.IndirectGroups > 0}
		profile := r.dialect(ep).profile
		names := profile
		names.UnknownAttributes = names.UnknownAttributes || len(eps) > 1 // another type may have it
		var err error
		if s.projection, err = ep.projection(q.attributes, q.excluded, names); err != nil {
			return nil, err
		}
		h.askDisplays(r, ep, s.projection)
		h.withGroups(r, ep, s.projection)
		if q.filtered {
			resolver := r.dialect(ep).one
			if len(eps) > 1 {
				resolver = r.dialect(ep).any
			}
			if s.filter, err = resolver.Filter(q.filter, budget); err != nil {
				return nil, err
			}
			s.filter = reference.Canonical(s.filter, func(uri string) (string, bool) { return h.canonicalURI(r.ctx, uri) })
			if inURL && ep.isSensitive(s.filter) {
				return nil, &schema.Error{Type: schema.ErrorSensitive, Detail: "this filter must be sent to .search"}
			}
		}
		if s.sortBy, err = sortPath(ep.Type, q.sortBy, profile, len(eps) > 1); err != nil {
			return nil, err
		}
		if s.selectsNone() {
			continue
		}
		s.limit(accessOf(r.ctx))
		sels = append(sels, s)
	}
	return sels, nil
}

// selectsNone reports whether the filter selects no resource of the type, which is then
// not read, and takes out what holds for all of them: a query at the root for
// meta.resourceType or userName concerns one store (RFC 7644 §3.4.2.1).
func (s *selection) selectsNone() (none bool) {
	if s.filter != nil {
		s.filter, none = typefilter.Reduce(s.filter, s.ep.Type)
	}
	return none
}

// isSensitive reports whether the filter compares a sensitive attribute, which must
// not appear in a URL (RFC 7644 §7.5.2).
func (ep *endpoint) isSensitive(f *filter.Filter) bool {
	for _, p := range ep.sensitive {
		if f.UsesPath(p) {
			return true
		}
	}
	return false
}

// sortPath resolves sortBy (RFC 7644 §3.4.2.3). A complex attribute is sorted by its
// sub-attribute value. A complex attribute without one and an unknown attribute
// are invalidValue; on an endpoint of several types they have no value (Z-33).
func sortPath(t *schema.ResourceType, text string, p schema.Profile, anyType bool) (schema.AttrPath, error) {
	if text == "" {
		return nil, nil
	}
	path, ok := t.ResolveFor(text, p)
	if ok && path.Last().Type == schema.TypeComplex {
		value := path.Last().Public("value")
		path, ok = append(path, value), value != nil
	}
	if ok && !path.Last().Secret() {
		return path, nil
	}
	if anyType {
		return nil, nil
	}
	return nil, invalidValue("", "sortBy must name a simple attribute of this resource type")
}

// appendList encodes a ListResponse (RFC 7644 §3.4.2, RFC 9865 §2). itemsPerPage and
// nextCursor come last: they are known when the resources have been read.
func (h *Handler) appendList(ctx context.Context, dst []byte, q *query, found *results, flush func([]byte) ([]byte, error)) ([]byte, error) {
	dst = append(dst, `{"schemas":["`+ListURI+`"]`...)
	if found.total >= 0 {
		dst = append(dst, `,"totalResults":`...)
		dst = strconv.AppendInt(dst, int64(found.total), 10)
	}
	if !q.byCursor {
		dst = append(dst, `,"startIndex":`...)
		dst = strconv.AppendInt(dst, int64(q.startIndex), 10)
	}
	l := &listText{h: h, ctx: ctx, flush: flush, text: append(dst, `,"Resources":[`...)}
	for _, parts := range found.parts {
		if parts(l.add); l.err != nil {
			return l.text, l.err
		}
	}
	dst = append(l.text, `],"itemsPerPage":`...)
	dst = strconv.AppendInt(dst, int64(l.items), 10)
	if found.nextCursor != nil {
		if next := found.nextCursor(); next != "" {
			dst = append(dst, `,"nextCursor":"`...)
			dst = append(append(dst, next...), '"')
		}
	}
	return append(dst, '}'), nil
}

// listText is the text of a ListResponse while it is made.
type listText struct {
	h     *Handler
	ctx   context.Context
	flush func([]byte) ([]byte, error)
	text  []byte
	items int
	err   error
}

// add encodes a part. It returns false to end the loop, with err set.
func (l *listText) add(p part, err error) bool {
	if l.err = err; err == nil {
		l.err = l.addPart(p)
	}
	return l.err == nil
}

func (l *listText) addPart(p part) error {
	out, err := l.h.outgoing(l.ctx, p.ep, p.projection, p.resources...)
	if err != nil {
		return err
	}
	for i := range out {
		res := &out[i]
		if l.items > 0 {
			l.text = append(l.text, ',')
		}
		l.items++
		if l.text, err = p.projection.Append(l.text, &res.Resource, l.h.members(l.ctx, p.ep, p.projection, res.ID), res.groups, l.flush); err != nil {
			return err
		}
		if len(l.text) < listChunk {
			continue
		}
		if l.text, err = l.flush(l.text); err != nil {
			return err
		}
	}
	return nil
}

// listChunk is how many bytes of a list are collected before they are flushed.
// Members are flushed in smaller steps, within a resource.
const listChunk = 256 << 10
