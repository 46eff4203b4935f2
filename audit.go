package scim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/internal/sampling"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// AuditRecord describes one operation and its result: the record of the trail
// (Config.AuditTrail), and that of Config.Audit, which also has the Status and the
// DurationMS of a write.
type AuditRecord = audit.Record

// AuditChange is one root attribute that changed.
type AuditChange = audit.Change

const redacted = audit.RedactedValue

// AuditLog returns a Config.Audit that writes records to a logger. Records
// contain personal data: the values that changed.
func AuditLog(l *slog.Logger) func(context.Context, AuditRecord) {
	return func(ctx context.Context, rec AuditRecord) {
		attrs := []slog.Attr{
			slog.Time("time", rec.Time), slog.Float64("durationMs", rec.DurationMS), slog.String("reference", rec.Reference),
			slog.String("tenant", rec.Tenant), slog.String("actor", rec.Actor), slog.String("connection", rec.Connection), slog.String("operation", string(rec.Operation)),
			slog.String("method", rec.Method), slog.String("type", rec.Type), slog.String("id", rec.ID), slog.String("name", rec.Name),
			slog.Int("status", rec.Status), slog.String("scimType", rec.ScimType), slog.String("detail", rec.Detail), slog.String("reason", rec.Reason), slog.Bool("adopted", rec.Adopted), slog.Any("changes", rec.Changes),
			slog.String("record", rec.Record), slog.String("kind", string(rec.Kind)), slog.String("outcome", string(rec.Outcome)), slog.String("source", rec.Source),
		}
		l.LogAttrs(ctx, slog.LevelInfo, "scim: audit", attrs...)
	}
}

// auditing collects the facts of one operation for its record.
type auditing struct {
	kind    OperationKind
	typ, id string
	name    string // AuditRecord.Name
	on      bool
	written *lifecycle.Written // committed, whatever the response is; nil: nothing was written
	record  string             // the id of its record in Config.AuditTrail

	observed *observed // nil: neither a body nor operations
}

// observed is what Config.Observe alone gets to know.
type observed struct {
	body       []byte     // Exchange.Body
	size       int64      // Exchange.RequestBytes
	operations []Exchange // Exchange.Operations
}

// note notes a committed change.
func (a *auditing) note(c lifecycle.Written) { a.written = &c }

// observe returns what Config.Observe gets to know.
func (a *auditing) observe() *observed {
	if a.observed == nil {
		a.observed = &observed{}
	}
	return a.observed
}

// unknownRoute is the route of a path that belongs to no endpoint.
const unknownRoute = "?"

var noRoute = &route{pattern: unknownRoute}

// log writes one record for a request. It has the route, but neither the query
// string nor an id, which may be personal data (RFC 7644 §7.5.2). An authenticated
// request outside the path of BaseURL is a warning: the handler is mounted
// elsewhere.
func (h *Handler) log(r *http.Request, x *exchange) {
	outside := false
	if x.route.methods == nil {
		_, below := h.belowBase(r.URL.EscapedPath())
		outside = !below
	}
	level := slog.LevelInfo
	if outside && x.principal != nil {
		level = slog.LevelWarn
	}
	if !h.cfg.Logger.Enabled(r.Context(), level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 10), // all that there may be
		slog.String("reference", x.reference()),
		slog.String("method", r.Method),
		slog.String("route", x.route.pattern),
		slog.Int("status", x.writer.status),
		slog.Float64("durationMs", milliseconds(h.cfg.Now().Sub(x.start))),
	)
	if x.principal != nil {
		attrs = append(attrs, slog.String("tenant", x.principal.Tenant), slog.String("token", x.principal.TokenID))
	}
	if x.err != nil {
		if e, known := toError(x.err); known && e.Type != "" {
			attrs = append(attrs, slog.String("scimType", string(e.Type)))
		}
	}
	if outside {
		attrs = append(attrs, slog.String("path", h.loggedPath(r)), slog.String("expectedPrefix", h.prefix))
	}
	h.cfg.Logger.LogAttrs(r.Context(), level, "scim: request", attrs...)
}

// maxLoggedPath is the longest path in a log record, in bytes.
const maxLoggedPath = 200

// loggedPath is the part of a path outside BaseURL that stands where the prefix
// was expected. It ends with the first name of an endpoint, because an id may
// follow.
func (h *Handler) loggedPath(r *http.Request) string {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	segments = segments[:min(len(segments), strings.Count(h.prefix, "/")+1)]
	for i, s := range segments {
		isEndpoint := func(ep *endpoint) bool { return strings.EqualFold("/"+s, ep.Type.Endpoint) }
		if slices.ContainsFunc(h.endpoints, isEndpoint) {
			segments = segments[:i+1]
			break
		}
	}
	return shortened(strings.Join(segments, "/"), maxLoggedPath)
}

// audits reports whether requests have audit records.
func (h *Handler) audits() bool { return h.cfg.Audit != nil || h.cfg.AuditTrail != nil }

// report passes on the audit record of a request. That of a success is of use to
// Config.Audit alone.
func (h *Handler) report(r *http.Request, x *exchange) {
	switch {
	case h.cfg.Audit != nil || h.cfg.AuditTrail != nil && x.err != nil:
		h.deliver(r, x, h.record(r, x))
	case h.cfg.AuditTrail != nil:
		h.deliver(r, x, AuditRecord{})
	}
}

// deliver passes the audit record of a request to Config.Audit, and records in
// Config.AuditTrail what the record of the write does not have. A panic there is logged
// and does not change the response.
func (h *Handler) deliver(r *http.Request, x *exchange, rec AuditRecord) {
	defer func() {
		if p := recover(); p != nil {
			h.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "scim: audit failed",
				slog.String("reference", x.reference()), slog.String("error", panicError(p).Error()))
		}
	}()
	if h.cfg.AuditTrail != nil {
		h.trail(r, x, rec)
	}
	if h.cfg.Audit != nil {
		h.cfg.Audit(context.WithoutCancel(r.Context()), rec)
	}
}

// record returns the record of a request after its response.
func (h *Handler) record(r *http.Request, x *exchange) AuditRecord {
	rec := x.facts(r.Method)
	rec.Kind, rec.Outcome = audit.Request, audit.Success
	rec.DurationMS, rec.Status = milliseconds(h.cfg.Now().Sub(x.start)), x.writer.status
	if x.err != nil {
		e, known := toError(x.err)
		rec.ScimType, rec.Detail, rec.Outcome = string(e.Type), h.auditDetail(x.err, e), audit.Failure
		if known {
			rec.Outcome = audit.Refused
		}
	}
	if x.audit.written != nil {
		rec.Kind, rec.Record = audit.Write, x.audit.record
		h.byType(rec.Type).describe(&rec, x.audit.written)
	}
	if !x.authenticated && x.principal == nil {
		rec.Source = sourceOf(r)
	}
	return rec
}

// facts returns what all records of a request have.
func (x *exchange) facts(method string) AuditRecord {
	rec := AuditRecord{
		Time: x.start, Reference: x.reference(), Method: method,
		Operation: x.audit.kind, Type: x.audit.typ, ID: x.audit.id, Name: x.audit.name,
	}
	if x.principal != nil {
		rec.Tenant, rec.Actor, rec.Connection = x.principal.Tenant, x.principal.TokenID, x.principal.Connection
	}
	return rec
}

// sourceOf returns the address of the client without the port.
func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return shortened(r.RemoteAddr, maxAuditName)
	}
	return host
}

// describe completes the record of a write.
func (ep *endpoint) describe(rec *AuditRecord, c *lifecycle.Written) {
	rec.Type, rec.ID, rec.Adopted = ep.Type.Name, writtenID(c, rec.ID), adopted(c) && rec.Operation == OperationCreate
	rec.Changes = ep.changes(c)
	if r := cmp.Or(c.After, c.Before); r != nil {
		rec.Name = ep.nameOf(r)
	}
	if c.EndedSessions {
		rec.Hook = "endSessions"
	}
}

// nameOf returns the userName or displayName of a resource.
func (ep *endpoint) nameOf(r *schema.Resource) string {
	attr := namingAttribute(ep.Type)
	if attr == nil {
		return ""
	}
	return ep.auditName(attr, r.Attributes.Get(attr).Text())
}

// recorder returns lifecycle.Request.Record: the records of the write have the facts
// of rec, and the one of the write itself has its id.
func (h *Handler) recorder(rec AuditRecord) func(context.Context, *lifecycle.Endpoint, lifecycle.Written, event.Cause) error {
	rec.Kind, rec.Outcome = audit.Write, audit.Success
	return func(ctx context.Context, ep *lifecycle.Endpoint, w lifecycle.Written, c event.Cause) error {
		one := rec
		if c == event.ByMembers {
			one.Record, one.Of, one.Cause = newUUID(), rec.Record, string(c)
		}
		h.byType(ep.Type.Name).describe(&one, &w)
		return h.append(ctx, one)
	}
}

// append adds a record to Config.AuditTrail, in the transaction of the context.
func (h *Handler) append(ctx context.Context, rec AuditRecord) error {
	return audit.Append(ctx, h.cfg.AuditTrail, rec)
}

// trail records a request that changed nothing, if it was refused or failed, and a
// response that was an error after a write was committed.
func (h *Handler) trail(r *http.Request, x *exchange, rec AuditRecord) {
	now := h.cfg.Now()
	for _, o := range h.sampler.Due(now) {
		h.appendLater(r.Context(), omitted(o))
	}
	switch {
	case rec.Status < http.StatusBadRequest:
	case rec.Kind == audit.Write:
		rec.Kind, rec.Of, rec.Record, rec.Changes, rec.Hook = audit.Result, rec.Record, "", nil, ""
		h.appendLater(r.Context(), rec)
	default:
		key := sampling.Key{}
		if x.authenticated {
			key = sampling.Key{Tenant: rec.Tenant, Connection: x.principal.limitedAs()}
		}
		if h.sampler.Take(key, rec.Source, now) {
			h.appendLater(r.Context(), rec)
		}
	}
}

// The most requests without a write that the trail has of a connection in a minute, and
// of an address of clients that were not authenticated. All of these together have
// mostRefused.
const (
	mostRefused        = 60
	mostRefusedAddress = 10
)

// omitted returns the record of requests that have no record of their own.
func omitted(o sampling.Omitted) AuditRecord {
	return AuditRecord{
		Kind: audit.Request, Time: o.First, Tenant: o.Key.Tenant, Connection: o.Key.Connection, Outcome: audit.Refused, Omitted: o.Count,
		Detail: fmt.Sprintf("%d more requests within a minute were refused or failed", o.Count),
	}
}

// trailTime bounds the time that a record takes which is no part of a write.
const trailTime = 5 * time.Second

// appendLater adds a record after the response. An error is logged.
func (h *Handler) appendLater(ctx context.Context, rec AuditRecord) {
	ctx, cancel := context.WithTimeout(store.WithTenant(context.WithoutCancel(ctx), rec.Tenant), trailTime)
	defer cancel()
	if err := h.append(ctx, rec); err != nil {
		h.cfg.Logger.LogAttrs(ctx, slog.LevelError, "scim: a request is not in the audit trail", slog.String("reference", rec.Reference),
			slog.String("tenant", rec.Tenant), slog.String("token", rec.Actor), slog.Int("status", rec.Status), slog.String("error", err.Error()))
	}
}

// hookResult records the end of a hook that ran after the commit.
func (h *Handler) hookResult(ctx context.Context, r lifecycle.Result) error {
	e := r.Event
	rec := AuditRecord{
		Kind: audit.Result, Of: e.Record, Time: r.Time, Tenant: e.Tenant, Actor: e.Actor, Connection: e.Connection, Operation: audit.OperationHook,
		Type: e.Type, ID: e.ResourceID, Outcome: audit.Success, Hook: string(e.Kind), Attempts: r.Entry.Attempts + 1,
	}
	if ep := h.byType(e.Type); ep != nil && e.Resource() != nil {
		rec.Name = ep.nameOf(e.Resource())
	}
	if r.Failure != nil {
		rec.Outcome, rec.Detail = audit.Failure, r.Failure.Error()
	}
	if r.Entry.Queue == store.QueueRevoke {
		rec.Hook, rec.RevokedMS = "revoke", milliseconds(r.Time.Sub(r.Entry.Created))
	}
	return h.append(ctx, rec)
}

// Exchange is one request with its response, the argument of Config.Observe. It is
// valid during the call only, like all that it refers to, and must not be modified.
//
// Request, Body, Detail and Err may hold personal data, and Request holds the
// credentials of the client: an observer that keeps or sends something of them
// redacts it first.
type Exchange struct {
	Start     time.Time // by Config.Now
	Duration  time.Duration
	Reference string // AuditRecord.Reference

	// Authenticated reports whether the credentials were accepted. The next four are
	// those of the principal, and empty without one.
	Authenticated       bool
	Tenant              string
	TokenID, Connection string
	Client              Client

	Method    string
	Route     string        // the pattern of the path, "/Users/{id}"; "?" for a path that belongs to no endpoint
	Operation OperationKind // "" if the request failed before, for /Bulk and for discovery
	Type      string        // resource type name; "" as Operation
	UserAgent string

	Status   int              // 0 if no response was begun
	ScimType schema.ErrorType // of the error response, "" for none
	Detail   string           // of the error response, as in AuditRecord
	// Err is the error that the response was made of, nil for success. errors.As finds
	// a *brake.Stop in it.
	Err error
	// Aborted reports that the client did not get the whole response: it closed the
	// connection, or the response failed after it had begun.
	Aborted bool

	// Request has the header, the query and the address of the client. Its body was
	// read. nil for an operation of a bulk request.
	Request *http.Request
	// Body is what was read of the body, nil if that is more than 64 KiB or nothing. It
	// may be incomplete, and no JSON.
	Body []byte
	// RequestBytes is how much of the body was read, or announced in Content-Length if
	// that is more.
	RequestBytes int64

	// Operations are those of a bulk request, each as a request of its own (RFC 7644
	// §3.7), in the order in which they were carried out; nil for other requests. They
	// have no Request, Body and UserAgent.
	Operations []Exchange
}

// Observers returns a Config.Observe that calls several in their order. A panic in one
// does not keep the others from being called.
func Observers(all ...func(ctx context.Context, x *Exchange)) func(ctx context.Context, x *Exchange) {
	return func(ctx context.Context, x *Exchange) {
		for _, observe := range slices.Backward(all) {
			defer observe(ctx, x)
		}
	}
}

// maxObservedBody is the largest Exchange.Body, in bytes.
const maxObservedBody = 64 << 10

// observe passes a request to Config.Observe. A panic there is logged and does not
// change the response.
func (h *Handler) observe(r *http.Request, x *exchange) {
	if h.cfg.Observe == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			h.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "scim: observe failed",
				slog.String("reference", x.reference()), slog.String("error", panicError(p).Error()))
		}
	}()
	seen := h.exchanged(r, x)
	seen.Request, seen.UserAgent = r, r.UserAgent()
	seen.RequestBytes = max(0, r.ContentLength)
	if o := x.audit.observed; o != nil {
		seen.Body, seen.RequestBytes, seen.Operations = o.body, max(o.size, r.ContentLength), o.operations
	}
	h.cfg.Observe(context.WithoutCancel(r.Context()), &seen)
}

// exchanged returns the facts of a request, or of an operation of a bulk request.
func (h *Handler) exchanged(r *http.Request, x *exchange) Exchange {
	seen := Exchange{
		Start: x.start, Duration: h.cfg.Now().Sub(x.start), Reference: x.reference(),
		Method: r.Method, Route: x.route.pattern, Operation: x.audit.kind, Type: x.audit.typ, Status: x.writer.status, Err: x.err,
	}
	if p := x.principal; p != nil && x.authenticated {
		seen.Authenticated, seen.Tenant, seen.TokenID, seen.Connection, seen.Client = true, p.Tenant, p.TokenID, p.Connection, p.Client
	}
	seen.Aborted = x.aborted
	if x.err != nil {
		e, _ := toError(x.err)
		seen.ScimType, seen.Detail = e.Type, h.auditDetail(x.err, e)
		var gone *sendError
		seen.Aborted = x.aborted || errors.As(x.err, &gone) || r.Context().Err() != nil
	}
	return seen
}

// read notes a part of the body for Config.Observe.
func (o *observed) read(part []byte) {
	o.size += int64(len(part))
	if o.size > maxObservedBody {
		o.body = nil
		return
	}
	o.body = append(o.body, part...)
}

// writtenID returns the id of the resource that was written, else the one that
// was requested.
func writtenID(c *lifecycle.Written, asked string) string {
	switch {
	case c.After != nil:
		return c.After.ID
	case c.Before != nil:
		return c.Before.ID
	}
	return asked
}

// adopted reports whether the owner of a resource changed.
func adopted(c *lifecycle.Written) bool {
	return c.Before != nil && c.After != nil && c.Before.Owner() != c.After.Owner()
}

// changes returns the root attributes that differ.
func (ep *endpoint) changes(c *lifecycle.Written) []AuditChange {
	var out []AuditChange
	for _, attr := range ep.Type.Attributes() {
		x, y := attributesOf(c.Before).Get(attr), attributesOf(c.After).Get(attr)
		change := AuditChange{Path: attr.Name}
		switch {
		case attr == ep.Type.Members() && !c.Members.Empty():
			change.Old, change.OldOmitted = ep.auditIDs(attr, c.Members.Remove)
			change.New, change.NewOmitted = ep.auditIDs(attr, joined(c.Members))
		case attr == ep.Type.Members() && len(c.Dissolved) > 0:
			change.Old, _ = ep.auditIDs(attr, c.Dissolved)
			change.OldOmitted = c.Others
		case !schema.Identical(x, y):
			change.Old, change.OldOmitted = ep.auditText(attr, x)
			change.New, change.NewOmitted = ep.auditText(attr, y)
		default:
			continue
		}
		out = append(out, change)
	}
	for path := range c.Secrets.Paths() {
		out = append(out, AuditChange{Path: path, New: redacted})
	}
	return out
}

// The most of one value in a record.
const (
	maxAuditIDs   = lifecycle.MaxDissolved
	maxAuditValue = 8 << 10 // bytes
)

// auditIDs returns the first ids as JSON, and how many others there are.
func (ep *endpoint) auditIDs(attr *schema.Attribute, ids []string) (text string, omitted int) {
	some := ids[:min(len(ids), maxAuditIDs)]
	v := idList(some)
	switch {
	case !v.Assigned():
		return "", 0
	case ep.redacts(attr):
		return redacted, 0
	}
	return string(v.AppendJSON(nil)), len(ids) - len(some)
}

func attributesOf(r *schema.Resource) *schema.Object {
	if r == nil {
		return nil
	}
	return r.Attributes
}

func joined(d *schema.MemberDelta) []string {
	ids := make([]string, len(d.Add))
	for i, m := range d.Add {
		ids[i] = m.Value
	}
	return ids
}

func idList(ids []string) schema.Value {
	list := make([]schema.Value, len(ids))
	for i, id := range ids {
		list[i] = schema.String(id)
	}
	return schema.List(list...)
}

// auditText returns a value as JSON, or what stands for it and how many bytes it has.
func (ep *endpoint) auditText(a *schema.Attribute, v schema.Value) (text string, omitted int) {
	switch {
	case !v.Assigned():
		return "", 0
	case ep.redacts(a):
		return redacted, 0
	}
	if text = string(v.AppendJSON(nil)); len(text) > maxAuditValue {
		return audit.OmittedValue, len(text)
	}
	return text, 0
}

func (ep *endpoint) redacts(a *schema.Attribute) bool {
	return slices.ContainsFunc(ep.sensitive, func(p schema.AttrPath) bool { return p.Root() == a })
}

// named notes the name that a POST sends, so that the record of a refused POST has
// a subject.
func (a *auditing) named(ep *endpoint, body schema.Body) {
	attr := namingAttribute(ep.Type)
	if !a.on || attr == nil {
		return
	}
	a.name = ep.auditName(attr, body.Text(attr.Name))
}

// auditName returns a name as a record has it.
func (ep *endpoint) auditName(attr *schema.Attribute, text string) string {
	if text != "" && ep.redacts(attr) {
		return redacted
	}
	return shortened(text, maxAuditName)
}

// maxAuditName is the longest name in a record, in bytes.
const maxAuditName = 1024

// namingAttribute is the first required string of a type, userName for
// example, else its displayName.
func namingAttribute(t *schema.ResourceType) *schema.Attribute {
	for _, a := range t.Attributes() {
		if a.Required && a.Type == schema.TypeString && !a.MultiValued && a.Mutability != schema.ReadOnly && !a.Secret() {
			return a
		}
	}
	if a := t.Root().Sub("displayName"); a != nil && !a.Secret() {
		return a
	}
	return nil
}

// shortened cuts a text to at most n bytes, between characters.
func shortened(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// auditDetail is the detail of an error. That of a filter may repeat a value,
// which may be one of a sensitive attribute.
func (h *Handler) auditDetail(err error, e *Error) string {
	var at *filter.Error
	if len(h.cfg.SensitiveAttributes) > 0 && errors.As(err, &at) {
		return redacted
	}
	return e.Detail
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sentError returns the error that is sent to the client. The text of an internal
// error is logged under the reference that the client gets.
func (h *Handler) sentError(r *http.Request, x *exchange, err error) *Error {
	e, known := toError(err)
	if known {
		return e
	}
	level := slog.LevelError
	var gone *sendError
	if errors.As(err, &gone) || r.Context().Err() != nil {
		level = slog.LevelInfo // the client closed the connection
	}
	h.cfg.Logger.LogAttrs(r.Context(), level, "scim: request failed",
		slog.String("reference", x.reference()), slog.Int("status", e.Status), slog.String("error", err.Error()))
	return &Error{e.Status, e.Type, e.Detail + " (reference " + x.reference() + ")"}
}
