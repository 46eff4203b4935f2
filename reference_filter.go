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
	switch n := e.(type) {
	case filter.And:
		left, l := h.canonicalRefs(ctx, n.Left)
		right, r := h.canonicalRefs(ctx, n.Right)
		if l || r {
			return filter.And{Left: left, Right: right}, true
		}
	case filter.Or:
		left, l := h.canonicalRefs(ctx, n.Left)
		right, r := h.canonicalRefs(ctx, n.Right)
		if l || r {
			return filter.Or{Left: left, Right: right}, true
		}
	case filter.Not:
		if inner, changed := h.canonicalRefs(ctx, n.Expr); changed {
			return filter.Not{Expr: inner}, true
		}
	case filter.ValuePath:
		if inner, changed := h.canonicalRefs(ctx, n.Expr); changed {
			return filter.ValuePath{Path: n.Path, Expr: inner}, true
		}
	case filter.Compare:
		if len(n.Path) == 0 || n.Path.Last().Name != "$ref" || n.Op != filter.EQ && n.Op != filter.NE {
			return e, false
		}
		if uri, ok := h.canonicalRef(ctx, n.Value.Text()); ok && uri != n.Value.Text() {
			n.Value = schema.Reference(uri)
			return n, true
		}
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
