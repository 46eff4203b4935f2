package scim

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/contextkey"
	"github.com/seed5f3efb56/scim/internal/etag"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/internal/ratelimit"
	"github.com/seed5f3efb56/scim/internal/reference"
	"github.com/seed5f3efb56/scim/internal/sampling"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Handler serves the SCIM protocol. It is made by [New], immutable, and safe
// for concurrent use. It may be mounted under any prefix of any router, with
// or without the prefix stripped.
type Handler struct {
	cfg       Config
	base      string // BaseURL without a trailing slash
	prefix    string // the escaped path of BaseURL
	endpoints []*endpoint
	routes    routes
	groups    groupReader // nil if groups are read by themselves
	lifecycle *lifecycle.Writer
	cursors   *paging.Sealer
	announced []byte // Config.ServiceProviderConfig as JSON members
	rates     *ratelimit.Limiter
	brake     *brake.Brake       // nil: off
	states    *connection.States // nil: connections have none
	sampler   *sampling.Sampler
}

// Run is the background worker: it carries out pending revocations and delivers
// events until ctx ends, and then returns ctx.Err(). Without Config.Outbox it
// returns an error at once. An application with an Outbox calls Run in a
// goroutine; several processes on one database share the work. A failed hook is
// logged and called again after a growing pause. An event whose hook failed
// Limits.Attempts times is set aside as dead (store.Outbox.Dead); a revocation
// never is. Calls that are under way when ctx ends are awaited.
func (h *Handler) Run(ctx context.Context) error { return h.lifecycle.Run(ctx) }

// Sensitive reports whether an attribute of a type, or an attribute within it, is
// one of Config.SensitiveAttributes: what shows or logs values leaves it out.
func (h *Handler) Sensitive(typeName string, root *schema.Attribute) bool {
	ep := h.byType(typeName)
	return ep != nil && ep.redacts(root)
}

// Config returns the configuration of the handler with the defaults filled in, for
// programs that report about it. What it refers to must not be modified.
func (h *Handler) Config() Config { return h.cfg }

// endpoint is an [Endpoint] with all that New derives from it.
type endpoint struct {
	*lifecycle.Endpoint
	initial func(ctx context.Context, p *Principal, attributes *schema.Object) *schema.Object // Endpoint.Default
	Policy
	Policies  map[string]Policy
	without   []OperationKind // Endpoint.Without
	can       store.Capabilities
	refs      reference.Attributes
	whole     *project.Projection // without attributes and excludedAttributes
	sensitive []schema.AttrPath
	dialects  map[Client]*dialect
}

// dialect reads the requests of one kind of client.
type dialect struct {
	profile schema.Profile
	one     *filter.Resolver // for queries on the endpoint of the type, and paths
	any     *filter.Resolver // for queries over all types
	patcher *patch.Patcher
}

// canFilter reports whether the store evaluates the expression itself.
func (ep *endpoint) canFilter(e filter.Expr) bool { return ep.can.Filter != nil && ep.can.Filter(e) }

// canSort reports whether the store sorts by the path itself.
func (ep *endpoint) canSort(p schema.AttrPath) bool { return ep.can.Sort != nil && ep.can.Sort(p) }

// policy returns the policy that holds for a client.
func (ep *endpoint) policy(p *Principal) Policy {
	if named, ok := ep.Policies[p.Policy]; ok && p.Policy != "" {
		return named
	}
	return ep.Policy
}

// byType returns the endpoint of a resource type, nil if it is not served.
func (h *Handler) byType(name string) *endpoint {
	for _, ep := range h.endpoints {
		if ep.Type.Name == name {
			return ep
		}
	}
	return nil
}

// request is one authenticated request.
type request struct {
	*http.Request
	ctx       context.Context // carries the tenant
	id        string          // escaped, from the end of the path
	principal *Principal
	query     *parameters
	me        bool              // the resource was addressed as /Me
	inBulk    bool              // an operation of a bulk request: its result has no body
	spent     int               // of the Work by a PATCH
	weight    int               // in bulk: of the resource that the operation has read
	parsed    schema.JSONObject // the body, of such an operation
	// members are how many the request names; membersBefore, of an operation of a
	// bulk request, those that the operations before it named.
	members, membersBefore int
	audit                  *auditing
	x                      *exchange
	// transaction is the value of Set-Txn if the client prefers an asynchronous
	// response, else "".
	transaction string
}

// profile returns the rules of a client under this configuration.
func (h *Handler) profile(c Client) schema.Profile {
	p := c.Profile()
	p.NoPassword = p.NoPassword || p.PublishedPassword && h.cfg.SetPassword == nil
	if p.MaxPage == 0 || p.MaxPage > h.cfg.Limits.MaxResults {
		p.MaxPage = h.cfg.Limits.MaxResults
	}
	return p
}

func (r *request) dialect(ep *endpoint) *dialect { return ep.dialects[r.principal.Client] }

// exchange collects the facts of a request for its log and audit records.
type exchange struct {
	start     time.Time
	ref       string // see reference
	route     *route
	principal *Principal
	err       error
	audit     auditing
	ctx       requestContext
	request   request
	writer    writer

	authenticated bool // principal is that of credentials
	aborted       bool // the response was cut off
}

// reference identifies the request in the log and in the detail of a 500.
func (x *exchange) reference() string {
	if x.ref == "" {
		x.ref = newUUID()
	}
	return x.ref
}

// route is a path of the service and its methods.
type route struct {
	pattern string // the path for the log, without an id
	methods methods
	off     []string // methods that the configuration leaves out (501)
	byID    *route   // of the path with an id at its end, nil if there is none
}

// allow returns the value of the header Allow: the methods of the path, HEAD where
// it has GET, and OPTIONS. It is "" for a path without methods.
func (rt *route) allow() string {
	all := slices.Collect(maps.Keys(rt.methods))
	if len(all) == 0 {
		return ""
	}
	if rt.methods[http.MethodGet] != nil {
		all = append(all, http.MethodHead)
	}
	all = append(all, http.MethodOptions)
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// handleOptions answers OPTIONS (RFC 9110 §9.3.7) with the methods of the path,
// whether or not the resource exists, and with the media types of PATCH
// (RFC 5789 §3.1).
func (rt *route) handleOptions(*request) (*response, error) {
	resp := &response{status: http.StatusNoContent, allow: rt.allow()}
	if rt.methods[http.MethodPatch] != nil {
		resp.acceptPatch = "application/scim+json, application/json"
	}
	return resp, nil
}

// routes are the paths of the service (RFC 7644 §3.2, Table 2) that have no id.
type routes map[string]*route

// find returns the route of an escaped path, nil if there is none, and the escaped
// id at its end. A path without an id comes first: /Users/.search.
func (rs routes) find(path string) (rt *route, id string) {
	if rt := rs[path]; rt != nil {
		return rt, ""
	}
	i := strings.LastIndexByte(path, '/')
	if parent := rs[path[:i]]; parent != nil && i+1 < len(path) {
		return parent.byID, path[i+1:]
	}
	return nil, ""
}

// handlerFunc answers a request with a response or an error, which one place
// ([Handler.serve]) turns into HTTP.
type handlerFunc func(*request) (*response, error)

// methods are the functions of one path by HTTP method.
type methods map[string]handlerFunc

// operationFunc answers a request for a resource type (POST, id is "") or for one
// of its resources.
type operationFunc func(h *Handler, r *request, ep *endpoint, id string) (*response, error)

// operations are those of a resource type, by method (RFC 7644 §3.2, Table 2).
var operations = map[string]struct {
	kind   OperationKind
	answer operationFunc
}{
	http.MethodPost:   {OperationCreate, func(h *Handler, r *request, ep *endpoint, _ string) (*response, error) { return h.handleCreate(r, ep) }},
	http.MethodGet:    {OperationRetrieve, (*Handler).handleRetrieve},
	http.MethodPut:    {OperationReplace, (*Handler).handleReplace},
	http.MethodPatch:  {OperationPatch, (*Handler).handlePatch},
	http.MethodDelete: {OperationDelete, (*Handler).handleDelete},
}

// operation returns the operation of a method, nil if the endpoint leaves it out.
func (ep *endpoint) operation(method string) operationFunc {
	op := operations[method]
	if !ep.has(op.kind) {
		return nil
	}
	return op.answer
}

// has reports whether clients have the operation on resources of the type.
func (ep *endpoint) has(kind OperationKind) bool { return !slices.Contains(ep.without, kind) }

// anyHas reports whether clients have one of the operations on any type.
func (h *Handler) anyHas(kinds ...OperationKind) bool {
	return slices.ContainsFunc(h.endpoints, func(ep *endpoint) bool { return slices.ContainsFunc(kinds, ep.has) })
}

// bulk reports whether /Bulk is supported.
func (h *Handler) bulk() bool {
	return !h.cfg.WithoutBulk && h.anyHas(OperationCreate, OperationReplace, OperationPatch, OperationDelete)
}

// authorize checks the operation against the scope of the credential and calls
// Config.Authorize.
func (h *Handler) authorize(r *request, kind OperationKind, ep *endpoint, id string) error {
	r.audit.kind, r.audit.typ, r.audit.id = kind, ep.Type.Name, id
	if !r.principal.permits(kind, ep.Type.Name) {
		return ErrForbidden
	}
	if h.cfg.Authorize == nil {
		return nil
	}
	return h.cfg.Authorize(r.ctx, Operation{Kind: kind, Principal: r.principal, Type: ep.Type, ID: id, Me: r.me})
}

// requestContext is the context of a request: that of the server with the values that
// package scim adds, all of them in one object, which is part of the exchange.
type requestContext struct {
	context.Context
	tenant string
	budget filter.Budget
	base   string // of Principal.BaseURL, "" without one
	access *lifecycle.Access
}

// Value returns the values of package scim, else those of the context of the server.
func (c *requestContext) Value(key any) any {
	switch key.(type) {
	case contextkey.Tenant:
		return &c.tenant
	case contextkey.Budget:
		return &c.budget
	case accessKey:
		return c.access
	case baseKey:
		return &c.base
	}
	return c.Context.Value(key)
}

type accessKey struct{}

// accessOf returns which resources exist for the connection of a request.
func accessOf(ctx context.Context) *lifecycle.Access {
	a, _ := ctx.Value(accessKey{}).(*lifecycle.Access)
	return a
}

// writeRequest returns the facts of a request that the write path needs.
func (h *Handler) writeRequest(r *request) *lifecycle.Request {
	w := &lifecycle.Request{
		Actor:         r.principal.TokenID,
		Connection:    r.principal.limitedAs(),
		Access:        accessOf(r.ctx),
		Transaction:   r.transaction,
		Preconditions: func(version string) error { return etag.CheckWrite(r.Header, version) },
	}
	if r.inBulk || r.audit.on {
		w.Locked = func(before *schema.Resource) {
			if r.inBulk {
				r.weight = before.Attributes.Weight()
			}
			if r.audit.on && r.audit.name == "" {
				r.audit.name = h.byType(r.audit.typ).nameOf(before)
			}
		}
	}
	if r.audit.on {
		w.Committed = r.audit.note
	}
	if h.cfg.AuditTrail != nil {
		rec := r.x.facts(r.Method)
		rec.Record = newUUID()
		w.Record, w.RecordID, w.Principal = h.recorder(rec), rec.Record, rec.Connection
		w.Committed = func(c lifecycle.Written) {
			r.audit.note(c)
			r.audit.record = rec.Record
		}
	}
	return w
}
