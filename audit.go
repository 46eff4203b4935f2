package scim

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// AuditRecord is what happened in one operation, for a trail that is kept.
// Values of secret attributes are never part of it, those of
// Config.SensitiveAttributes are replaced by "[redacted]".
type AuditRecord struct {
	Time      time.Time
	Duration  time.Duration
	Reference string // of the request; also in the log and in the detail of a 500
	Tenant    string
	Actor     string        // the token id; "" if nobody was authenticated
	Operation OperationKind // "" if the request did not get that far
	Method    string
	Type      string // resource type name
	ID        string // resource id
	Changes   []AuditChange
	Status    int
	ScimType  string
}

// AuditChange is one root attribute that changed, with its values in JSON; ""
// is unassigned.
type AuditChange struct {
	Path     string
	Old, New string
}

// AuditLog returns a Config.Audit that writes records to a logger. They
// contain personal data: the values that changed.
func AuditLog(l *slog.Logger) func(context.Context, AuditRecord) {
	return func(ctx context.Context, rec AuditRecord) {
		attrs := []slog.Attr{
			slog.Time("time", rec.Time), slog.Duration("duration", rec.Duration), slog.String("reference", rec.Reference),
			slog.String("tenant", rec.Tenant), slog.String("actor", rec.Actor), slog.String("operation", string(rec.Operation)),
			slog.String("method", rec.Method), slog.String("type", rec.Type), slog.String("id", rec.ID),
			slog.Int("status", rec.Status), slog.String("scimType", rec.ScimType),
		}
		for _, c := range rec.Changes {
			attrs = append(attrs, slog.Group("change", slog.String("path", c.Path), slog.String("old", c.Old), slog.String("new", c.New)))
		}
		l.LogAttrs(ctx, slog.LevelInfo, "scim: audit", attrs...)
	}
}

// auditing collects what is known of one operation.
type auditing struct {
	kind    OperationKind
	typ, id string
	changes []AuditChange
	on      bool
	done    bool // the changes are committed, whatever is answered
}

// change notes what differs between two states of a resource.
func (a *auditing) change(ep *endpoint, before, after *schema.Resource) {
	if !a.on {
		return
	}
	a.changes = nil // a repeated transaction
	var b, n *schema.Object
	if before != nil {
		b, a.id = before.Attributes, before.ID
	}
	if after != nil {
		n, a.id = after.Attributes, after.ID
	}
	for _, attr := range ep.Type.Attributes() {
		x, y := b.Get(attr), n.Get(attr)
		if schema.Identical(x, y) {
			continue
		}
		a.changes = append(a.changes, AuditChange{attr.Name, ep.auditText(attr, x), ep.auditText(attr, y)})
	}
}

func (ep *endpoint) auditText(a *schema.Attribute, v schema.Value) string {
	if !v.Assigned() {
		return ""
	}
	for _, p := range ep.sensitive {
		if p.Root() == a {
			return "[redacted]"
		}
	}
	return string(v.AppendJSON(nil))
}

// report hands the record of a request to the embedder.
func (h *Handler) report(w *writer, r *http.Request, x *exchange) {
	if h.cfg.Audit == nil {
		return
	}
	rec := AuditRecord{
		Time: x.start, Duration: h.cfg.Now().Sub(x.start), Reference: x.reference, Method: r.Method,
		Operation: x.audit.kind, Type: x.audit.typ, ID: x.audit.id, Status: w.status,
	}
	if x.principal != nil {
		rec.Tenant, rec.Actor = x.principal.Tenant, x.principal.TokenID
	}
	if x.err != nil {
		e, _ := toError(x.err)
		rec.ScimType = string(e.Type)
	}
	if x.audit.done {
		rec.Changes = x.audit.changes
	}
	h.cfg.Audit(context.WithoutCancel(r.Context()), rec)
}
