package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/store"
)

// routes registers the endpoints of RFC 7644 §3.2, Table 2.
func (h *Handler) routes() {
	h.mux = chi.NewMux()
	h.mux.NotFound(h.serve(nil))
	// chi answers an unknown method before it looks at the path: 501
	// (RFC 9110 §15.6.2).
	h.mux.MethodNotAllowed(h.serve(methods{}))
	for _, ep := range h.endpoints {
		h.mux.Handle(ep.Type.Endpoint, h.serve(methods{
			http.MethodGet:  func(r *request) (*response, error) { return h.handleQuery(r, ep) },
			http.MethodPost: func(r *request) (*response, error) { return h.handleCreate(r, ep) },
		}))
		h.mux.Handle(ep.Type.Endpoint+"/.search", h.serve(methods{
			http.MethodPost: func(r *request) (*response, error) { return h.handleSearch(r, ep) },
		}))
		h.mux.Handle(ep.Type.Endpoint+"/{id}", h.serve(h.resourceMethods(ep)))
	}
	h.mux.Handle("/", h.serve(methods{
		http.MethodGet: func(r *request) (*response, error) { return h.handleQuery(r, h.endpoints...) },
	}))
	h.mux.Handle("/.search", h.serve(methods{
		http.MethodPost: func(r *request) (*response, error) { return h.handleSearch(r, h.endpoints...) },
	}))
	h.mux.Handle("/Me", h.serve(h.meMethods()))
	h.mux.Handle("/Bulk", h.serve(methods{http.MethodPost: handleNotImplemented("Bulk is not supported")}))
	h.mux.Handle("/ServiceProviderConfig", h.serve(methods{http.MethodGet: h.handleServiceProviderConfig}))
	h.mux.Handle("/ResourceTypes", h.serve(methods{http.MethodGet: h.handleResourceTypes}))
	h.mux.Handle("/ResourceTypes/{id}", h.serve(methods{http.MethodGet: h.handleResourceType}))
	h.mux.Handle("/Schemas", h.serve(methods{http.MethodGet: h.handleSchemas}))
	h.mux.Handle("/Schemas/{id}", h.serve(methods{http.MethodGet: h.handleSchema}))
}

// resourceMethods are the methods of a single resource (RFC 7644 §3.2).
func (h *Handler) resourceMethods(ep *endpoint) methods {
	withID := func(f func(*request, *endpoint, string) (*response, error)) handlerFunc {
		return func(r *request) (*response, error) {
			id, err := pathID(r)
			if err != nil {
				return nil, err
			}
			return f(r, ep, id)
		}
	}
	return methods{
		http.MethodGet:    withID(h.handleRetrieve),
		http.MethodPut:    withID(h.handleReplace),
		http.MethodPatch:  withID(h.handlePatch),
		http.MethodDelete: withID(h.handleDelete),
	}
}

// ServeHTTP answers one request. It does not retain r or w.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &writer{ResponseWriter: w, json: wantsJSON(r)}
	x := &exchange{start: h.cfg.Now(), reference: newUUID(), audit: auditing{on: h.cfg.Audit != nil}}
	defer h.finish(out, r, x)

	path, err := h.path(r)
	if err != nil {
		h.fail(out, r, x, err)
		return
	}
	inner := r.Clone(context.WithValue(context.WithValue(r.Context(), chi.RouteCtxKey, chi.NewRouteContext()), exchangeKey{}, x))
	inner.URL.Path, inner.URL.RawPath = path, path // chi matches the escaped path
	h.mux.ServeHTTP(out, inner)
}

// serve returns the http.HandlerFunc of one path: it answers the request and
// writes the response or the error.
func (h *Handler) serve(m methods) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		w := out.(*writer)
		x := r.Context().Value(exchangeKey{}).(*exchange)
		resp, err := h.answer(m, r, x)
		if err == nil {
			err = w.respond(resp)
		}
		if err != nil {
			h.fail(w, r, x, err)
		}
	}
}

// answer authenticates the request, selects the function of its method and calls
// it.
func (h *Handler) answer(m methods, r *http.Request, x *exchange) (*response, error) {
	public := r.URL.Path == "/ServiceProviderConfig" && !h.cfg.PrivateServiceProviderConfig && r.Header.Get("Authorization") == ""
	p := &Principal{}
	if !public {
		var err error
		if p, err = h.cfg.Auth.Authenticate(r); err != nil {
			return nil, err
		}
		if p == nil {
			return nil, errors.New("scim: the Authenticator returned neither a principal nor an error")
		}
	}
	x.principal = p
	if err := h.checkPolicy(p.Policy); err != nil {
		return nil, err
	}
	if p.Paused {
		return nil, errorf(http.StatusServiceUnavailable, "provisioning is paused")
	}
	if m == nil {
		return nil, errorf(http.StatusNotFound, "no such endpoint")
	}
	f, ok := m[r.Method]
	if r.Method == http.MethodHead {
		f, ok = m[http.MethodGet]
	}
	if !ok {
		return nil, notAllowed(m)
	}
	if _, ok := profiles[p.Client]; !ok {
		return nil, errors.New("scim: the principal's Client is unknown")
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	ctx := store.WithTenant(r.Context(), p.Tenant)
	ctx = filter.WithBudget(ctx, filter.NewBudget(h.cfg.Limits.Work, r.Context().Err))
	if p.BaseURL != "" {
		base, err := parseBaseURL(p.BaseURL)
		if err != nil {
			return nil, fmt.Errorf("scim: Principal.BaseURL: %w", err)
		}
		ctx = context.WithValue(ctx, baseKey{}, base.String())
	}
	if !public {
		access, err := h.access(p)
		if err != nil {
			return nil, err
		}
		ctx = context.WithValue(ctx, accessKey{}, access)
	}
	return f(&request{Request: r, ctx: ctx, principal: p, query: query, audit: &x.audit})
}

// checkPolicy rejects the name of a policy that no endpoint has. It is a mistake
// of the embedder, and the default policy in its place could delete resources.
func (h *Handler) checkPolicy(name string) error {
	if name == "" {
		return nil
	}
	var known []string
	for _, ep := range h.endpoints {
		if _, ok := ep.Policies[name]; ok {
			return nil
		}
		known = slices.AppendSeq(known, maps.Keys(ep.Policies))
	}
	slices.Sort(known)
	return fmt.Errorf("scim: the Authenticator named a policy %q, and the endpoints have %q", name, slices.Compact(known))
}

// parseQuery reads the query string. A parameter that does not parse is an error
// and is not dropped, since it may be a filter. Names are compared without case
// (Entra ID sends startindex).
func parseQuery(raw string) (url.Values, error) {
	// ";" is data (RFC 3986 §3.4). net/url refuses it; encodeURI of JavaScript
	// does not escape it.
	values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil {
		return nil, invalidValue("", "the query string is malformed")
	}
	folded := make(url.Values, len(values))
	for name, vs := range values {
		name = strings.ToLower(name)
		folded[name] = append(folded[name], vs...)
	}
	return folded, nil
}

// notAllowed returns the error for a method that a path does not have: 405 with
// Allow (RFC 9110 §15.5.6), or 501 for a method that no path has (§15.6.2).
func notAllowed(m methods) error {
	if len(m) == 0 {
		return errorf(http.StatusNotImplemented, "the method is not implemented")
	}
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	allow := strings.Join(names, ", ")
	return &headerError{errorf(http.StatusMethodNotAllowed, "this endpoint allows only %s", allow), "Allow", allow}
}

// fail writes an error response, or closes the connection if a response has
// already begun.
func (h *Handler) fail(w *writer, r *http.Request, x *exchange, err error) {
	x.err = err
	e, known := toError(err)
	if !known {
		level := slog.LevelError
		var gone *sendError
		if errors.As(err, &gone) || r.Context().Err() != nil {
			level = slog.LevelInfo // the client closed the connection
		}
		h.cfg.Logger.LogAttrs(r.Context(), level, "scim: request failed",
			slog.String("reference", x.reference), slog.Int("status", e.Status), slog.String("error", err.Error()))
		e = &Error{e.Status, e.Type, e.Detail + " (reference " + x.reference + ")"}
	}
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	var field *headerError
	if errors.As(err, &field) {
		w.Header().Set(field.name, field.value)
	}
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", h.challenge())
	}
	if e.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if e.Status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close")
	}
	w.writeError(e)
}

// challenge returns the value of WWW-Authenticate (RFC 7644 §2).
func (h *Handler) challenge() string {
	if c, ok := h.cfg.Auth.(interface{ Challenge() string }); ok {
		return c.Challenge()
	}
	return `Bearer realm="scim"`
}

// finish recovers from a panic in code of the embedder, then logs the request and
// passes on its audit record, also if the response was aborted.
func (h *Handler) finish(w *writer, r *http.Request, x *exchange) {
	p := recover()
	defer func() {
		h.log(w, r, x)
		h.report(w, r, x)
	}()
	switch p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		h.fail(w, r, x, panicError(p))
	}
}
