package scim

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// path returns the escaped path below the base URL, without a version segment and
// without a trailing slash.
func (h *Handler) path(r *http.Request) (string, error) {
	path := r.URL.EscapedPath()
	rest, below := h.belowBase(path)
	mounted := chi.RouteContext(r.Context())
	switch {
	case h.prefix != "" && below:
		path = rest
	case mounted != nil && mounted.RoutePath != "":
		path = mounted.RoutePath
	}
	path = trimSlashes(unescapeUnreserved(path))
	// RFC 7644 §3.13: a version identifier stands before the endpoint.
	first, _, _ := strings.Cut(path[1:], "/")
	switch {
	case first == "v2":
		return cmp.Or(path[len("/v2"):], "/"), nil
	case isVersion(first):
		return "", &Error{http.StatusBadRequest, schema.ErrorInvalidVers, "only SCIM protocol version v2 is supported"}
	}
	return path, nil
}

// trimSlashes returns a path with one slash at its begin and none at its end.
func trimSlashes(path string) string {
	path = strings.TrimRight(path, "/")
	inner := strings.TrimLeft(path, "/")
	if len(inner) < len(path) {
		return path[len(path)-len(inner)-1:]
	}
	return "/" + inner
}

// belowBase returns the part of an escaped path below the path of BaseURL, and whether
// the path is there.
func (h *Handler) belowBase(path string) (rest string, below bool) {
	rest, below = strings.CutPrefix(path, h.prefix)
	return rest, below && (rest == "" || rest[0] == '/')
}

// unescapeUnreserved decodes escaped unreserved characters (RFC 3986 §6.2.2.2) in
// a well-formed path: /%55sers is /Users, %2F stays.
func unescapeUnreserved(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, err := url.PathUnescape(path[i : i+3]); err == nil && unreserved.MatchString(c) {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]$`)

// isVersion reports whether a path segment is a protocol version
// (RFC 7644 §3.13).
func isVersion(segment string) bool {
	digits, ok := strings.CutPrefix(segment, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789.") == ""
}

// pathID returns the {id} of the path. A text that is not valid UTF-8 or contains
// NUL is not an id: store.ErrNotFound.
func pathID(r *request) (string, error) {
	id, err := url.PathUnescape(r.id)
	if err != nil || !utf8.ValidString(id) || strings.IndexByte(id, 0) >= 0 {
		return "", store.ErrNotFound
	}
	return id, nil
}

// parseBaseURL parses an absolute URL without query or fragment (RFC 7644 §1.3)
// and removes trailing slashes.
func parseBaseURL(text string) (*url.URL, error) {
	base := strings.TrimRight(text, "/")
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%q is not an absolute http(s) URL", base)
	case strings.ContainsAny(base, "?#"):
		return nil, fmt.Errorf("%q has a query or fragment", base)
	}
	return u, nil
}

// uri returns the location of a resource (RFC 7644 §3.1), "" if the type is not
// served or the id is empty.
func (h *Handler) uri(ctx context.Context, typeName, id string) string {
	ep := h.byType(typeName)
	if ep == nil || id == "" {
		return ""
	}
	return h.location(ctx, ep, id)
}

// location returns the URL of a resource.
func (h *Handler) location(ctx context.Context, ep *endpoint, id string) string {
	return h.baseURL(ctx) + ep.Type.Endpoint + "/" + url.PathEscape(id)
}

type baseKey struct{}

// baseURL returns the URL under which the client reaches the handler.
func (h *Handler) baseURL(ctx context.Context) string {
	if base, ok := ctx.Value(baseKey{}).(*string); ok && *base != "" {
		return *base
	}
	return h.base
}

// canonicalURI returns the location of the resource that a URI names. The URI may
// have no version segment or another one, or be relative to the service root
// (RFC 7643 §2.3.7, §2.4).
func (h *Handler) canonicalURI(ctx context.Context, uri string) (string, bool) {
	ep, id := h.resourceNamed(ctx, uri)
	if ep == nil {
		return "", false
	}
	return h.location(ctx, ep, id), true
}

// typeNamed returns the name of the type of the resource that a URI names, "" if it
// names none of this service provider.
func (h *Handler) typeNamed(ctx context.Context, uri string) string {
	if ep, _ := h.resourceNamed(ctx, uri); ep != nil {
		return ep.Type.Name
	}
	return ""
}

// resourceNamed returns the endpoint and the id of the resource that a URI names,
// nil if it names none.
func (h *Handler) resourceNamed(ctx context.Context, uri string) (*endpoint, string) {
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
			return ep, id
		}
	}
	return nil, ""
}

// unversioned returns the base URL without its version segment.
func (h *Handler) unversioned(ctx context.Context) string {
	base := h.baseURL(ctx)
	i := strings.LastIndexByte(base, '/')
	if isVersion(base[i+1:]) && base[i-1] != '/' {
		return base[:i]
	}
	return base
}
