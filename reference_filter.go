package scim

import (
	"context"
	"net/url"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// withCanonicalRefs returns the filter with the URIs it compares with $ref
// spelled as $ref is: URIs of SCIM resources are the same with, without or
// with another version, and relative to the service root (RFC 7643 §2.3.7,
// §2.4).
func (h *Handler) withCanonicalRefs(ctx context.Context, f *filter.Filter) *filter.Filter {
	if e, changed := h.canonicalRefs(ctx, f.Expr()); changed {
		return filter.New(e)
	}
	return f
}

func (h *Handler) canonicalRefs(ctx context.Context, e filter.Expr) (_ filter.Expr, changed bool) {
	switch e := e.(type) {
	case filter.And:
		left, l := h.canonicalRefs(ctx, e.Left)
		right, r := h.canonicalRefs(ctx, e.Right)
		return filter.And{Left: left, Right: right}, l || r
	case filter.Or:
		left, l := h.canonicalRefs(ctx, e.Left)
		right, r := h.canonicalRefs(ctx, e.Right)
		return filter.Or{Left: left, Right: right}, l || r
	case filter.Not:
		inner, changed := h.canonicalRefs(ctx, e.Expr)
		return filter.Not{Expr: inner}, changed
	case filter.ValuePath:
		inner, changed := h.canonicalRefs(ctx, e.Expr)
		return filter.ValuePath{Path: e.Path, Expr: inner}, changed
	case filter.Compare:
		if len(e.Path) == 0 || e.Path.Last().Name != "$ref" || e.Op != filter.EQ && e.Op != filter.NE {
			return e, false
		}
		uri, ok := h.canonicalRef(ctx, e.Value.Text())
		if !ok || uri == e.Value.Text() {
			return e, false
		}
		e.Value = schema.Reference(uri)
		return e, true
	}
	return e, false
}

// canonicalRef returns the location of the resource that a URI names.
func (h *Handler) canonicalRef(ctx context.Context, uri string) (string, bool) {
	rest, ok := strings.CutPrefix(uri, h.unversioned(ctx)+"/")
	if version, after, found := strings.Cut(rest, "/"); ok && found && isVersion(version) {
		rest = after
	}
	if !ok {
		// Relative to the service root; RFC 7643 §8.3 writes "../Users/…".
		rest = strings.TrimPrefix(strings.TrimPrefix(uri, ".."), "/")
	}
	for _, ep := range h.endpoints {
		escaped, ok := strings.CutPrefix("/"+rest, ep.Type.Endpoint+"/")
		id, err := url.PathUnescape(escaped)
		if ok && err == nil && !strings.Contains(escaped, "/") {
			return h.location(ctx, ep, id), true
		}
	}
	return "", false
}

// unversioned is the base URL without its version segment.
func (h *Handler) unversioned(ctx context.Context) string {
	base := h.baseURL(ctx)
	i := strings.LastIndexByte(base, '/')
	if isVersion(base[i+1:]) && base[i-1] != '/' {
		return base[:i]
	}
	return base
}
