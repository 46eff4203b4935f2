package scim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// newRoutes returns the routes of the endpoints and of discovery.
func (h *Handler) newRoutes() routes {
	rs := routes{}
	whole := func(path string, m methods, off ...string) {
		rs[path] = &route{pattern: path, methods: m, off: off}
	}
	byID := func(path string, m methods, off ...string) {
		rs[path].byID = &route{pattern: path + "/{id}", methods: m, off: off}
	}
	for _, ep := range h.endpoints {
		m, off := h.typeMethods(ep)
		whole(ep.Type.Endpoint, m, off...)
		whole(ep.Type.Endpoint+"/.search", methods{
			http.MethodPost: func(r *request) (*response, error) { return h.handleSearch(r, ep) },
		})
		m, off = h.resourceMethods(ep)
		byID(ep.Type.Endpoint, m, off...)
	}
	whole("/", methods{
		http.MethodGet: func(r *request) (*response, error) { return h.handleQuery(r, h.endpoints...) },
	})
	whole("/.search", methods{
		http.MethodPost: func(r *request) (*response, error) { return h.handleSearch(r, h.endpoints...) },
	})
	m, off := h.meMethods()
	whole("/Me", m, off...)
	if h.bulk() {
		whole(bulkPath, methods{http.MethodPost: h.handleBulk})
	} else {
		whole(bulkPath, methods{}, http.MethodPost)
	}
	whole(configPath, methods{http.MethodGet: h.handleServiceProviderConfig})
	whole("/ResourceTypes", methods{http.MethodGet: h.handleResourceTypes})
	byID("/ResourceTypes", methods{http.MethodGet: h.handleResourceType})
	whole("/Schemas", methods{http.MethodGet: h.handleSchemas})
	byID("/Schemas", methods{http.MethodGet: h.handleSchema})
	return rs
}

const bulkPath = "/Bulk"

// configPath may be read without credentials (RFC 7644 §4).
const configPath = "/ServiceProviderConfig"

// typeMethods are the methods of the endpoint of a resource type (RFC 7644 §3.2),
// and those that it leaves out.
func (h *Handler) typeMethods(ep *endpoint) (on methods, off []string) {
	on = methods{http.MethodGet: func(r *request) (*response, error) { return h.handleQuery(r, ep) }}
	create := ep.operation(http.MethodPost)
	if create == nil {
		return on, []string{http.MethodPost}
	}
	on[http.MethodPost] = func(r *request) (*response, error) { return create(h, r, ep, "") }
	return on, nil
}

// methodsOfResource are the methods of a single resource (RFC 7644 §3.2).
var methodsOfResource = []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete}

// resourceMethods are the methods of a single resource, and those that its type
// leaves out.
func (h *Handler) resourceMethods(ep *endpoint) (on methods, off []string) {
	on = methods{}
	for _, method := range methodsOfResource {
		answer := ep.operation(method)
		if answer == nil {
			off = append(off, method)
			continue
		}
		on[method] = func(r *request) (*response, error) {
			id, err := pathID(r)
			if err != nil {
				return nil, err
			}
			return answer(h, r, ep, id)
		}
	}
	return on, off
}

// ServeHTTP answers one request. It does not retain r or w.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{
		start: h.cfg.Now(), route: noRoute, audit: auditing{on: h.audits()},
		writer: writer{ResponseWriter: w, json: wantsJSON(r), head: r.Method == http.MethodHead},
	}
	defer h.finish(r, x)
	resp, err := h.answer(r, x)
	if err == nil {
		err = x.writer.respond(resp)
	}
	if err != nil {
		h.fail(r, x, err)
	}
}

// answer finds the route of the request, authenticates it, selects the function
// of its method and calls it.
func (h *Handler) answer(r *http.Request, x *exchange) (*response, error) {
	path, err := h.path(r)
	if err != nil {
		return nil, err
	}
	rt, id := h.routes.find(path)
	if rt != nil {
		x.route = rt
	}
	public := path == configPath && !h.cfg.PrivateServiceProviderConfig && r.Header.Get("Authorization") == ""
	var p *Principal
	if public {
		p = &Principal{}
	} else {
		if p, err = h.cfg.Auth.Authenticate(r); err != nil {
			return nil, err
		}
		if p == nil {
			return nil, errors.New("scim: the Authenticator returned neither a principal nor an error")
		}
	}
	x.principal, x.authenticated = p, !public
	if !public {
		if p, err = h.admit(r.Context(), p); err != nil {
			return nil, err
		}
		if err := h.checkRate(p); err != nil {
			return nil, err
		}
	}
	if err := h.checkPolicy(p.Policy); err != nil {
		return nil, err
	}
	if err := h.checkClient(p); err != nil {
		return nil, err
	}
	if p.Paused {
		return nil, errorf(http.StatusServiceUnavailable, "provisioning is paused")
	}
	f, err := x.route.function(r.Method)
	if err != nil {
		return nil, err
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := h.begin(r, x, p, public); err != nil {
		return nil, err
	}
	x.request = request{Request: r, ctx: &x.ctx, id: id, principal: p, query: query, audit: &x.audit, x: x}
	return h.asynchronous(&x.request, f)
}

// begin makes the context of a request. A public request reads no resources, which
// access would bound.
func (h *Handler) begin(r *http.Request, x *exchange, p *Principal, public bool) (err error) {
	x.ctx.Context, x.ctx.tenant = r.Context(), p.Tenant
	x.ctx.budget.Init(r.Context(), h.cfg.Limits.Work)
	if p.BaseURL != "" {
		base, err := parseBaseURL(p.BaseURL)
		if err != nil {
			return fmt.Errorf("scim: Principal.BaseURL: %w", err)
		}
		x.ctx.base = base.String()
	}
	if !public {
		x.ctx.access, err = h.access(p)
	}
	return err
}

// function returns the function of a method. The error is 404 for a path that is
// no route, 405 with Allow (RFC 9110 §15.5.6) for a method that the path does not
// have, and 501 for one that no path has (§15.6.2) or that the configuration leaves
// out (RFC 7644 §3.12, Z-34). HEAD is GET, of which the writer sends the header alone.
func (rt *route) function(method string) (handlerFunc, error) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	case http.MethodHead:
		method = http.MethodGet
	case http.MethodConnect, http.MethodOptions, http.MethodTrace:
	default:
		return nil, errorf(http.StatusNotImplemented, "the method is not implemented")
	}
	if rt.methods == nil {
		return nil, errorf(http.StatusNotFound, "no such endpoint")
	}
	if f, ok := rt.methods[method]; ok {
		return f, nil
	}
	allow := rt.allow()
	if method == http.MethodOptions && allow != "" {
		return rt.handleOptions, nil
	}
	if slices.Contains(rt.off, method) || allow == "" {
		return nil, &headerError{errorf(http.StatusNotImplemented, "%s is not supported by this endpoint", method), "Allow", allow}
	}
	return nil, &headerError{errorf(http.StatusMethodNotAllowed, "this endpoint allows only %s", allow), "Allow", allow}
}

// checkClient rejects a client that does not exist, and one that the policy of the
// principal contradicts.
func (h *Handler) checkClient(p *Principal) error {
	if int(p.Client) >= len(clients) {
		return errors.New("scim: the principal's Client is unknown")
	}
	for _, ep := range h.endpoints {
		if err := p.Client.conflict(ep.policy(p)); err != nil {
			return fmt.Errorf("%w (principal with token %q, type %s)", err, p.TokenID, ep.Type.Name)
		}
	}
	return nil
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

// fail writes an error response, or closes the connection if a response has
// already begun.
func (h *Handler) fail(r *http.Request, x *exchange, err error) {
	w := &x.writer
	x.err = err
	e := h.sentError(r, x, err)
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	var field *headerError
	if errors.As(err, &field) {
		w.Header().Set(field.name, field.value)
	}
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", challengeOf(h.cfg.Auth))
	}
	if e.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter(err))
	}
	if e.Status == http.StatusRequestEntityTooLarge {
		w.Header().Set("Connection", "close")
	}
	w.writeError(e)
}

// finish recovers from a panic in code of the embedder, then logs the request and
// passes on its audit record, also if the response was aborted.
func (h *Handler) finish(r *http.Request, x *exchange) {
	p := recover()
	defer func() {
		h.log(r, x)
		h.report(r, x)
		h.observe(r, x)
	}()
	switch p {
	case nil:
	case http.ErrAbortHandler:
		x.aborted = true
		panic(p)
	default:
		h.fail(r, x, panicError(p))
	}
}
