package scim

import (
	"context"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/internal/lifecycle"
)

// AuditRecord is what happened in one operation, for a trail that is kept.
// Values of secret attributes are never part of it, those of
// Config.SensitiveAttributes are replaced by "[redacted]".
type AuditRecord struct {
	Time       time.Time     `json:"time"`
	DurationMS float64       `json:"durationMs"` // milliseconds
	Reference  string        `json:"reference"`  // of the request; also in the log and in the detail of a 500
	Tenant     string        `json:"tenant,omitempty"`
	Actor      string        `json:"actor,omitempty"`     // the token id; "" if nobody was authenticated
	Operation  OperationKind `json:"operation,omitempty"` // "" if the request did not get that far
	Method     string        `json:"method"`
	Type       string        `json:"type,omitempty"` // resource type name
	ID         string        `json:"id,omitempty"`   // resource id
	Name       string        `json:"name,omitempty"` // in a POST of a resource: the userName or displayName that was sent
	Changes    []AuditChange `json:"changes,omitempty"`
	Status     int           `json:"status"`
	ScimType   string        `json:"scimType,omitempty"`
	Detail     string        `json:"detail,omitempty"` // of the error response
}

// AuditChange is one root attribute that changed, with its values in JSON; ""
// is unassigned. Of members Old has the ids that left and New those that
// joined. A password that was set is "[redacted]".
type AuditChange struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

const redacted = "[redacted]"

// AuditLog returns a Config.Audit that writes records to a logger. They
// contain personal data: the values that changed.
func AuditLog(l *slog.Logger) func(context.Context, AuditRecord) {
	return func(ctx context.Context, rec AuditRecord) {
		attrs := []slog.Attr{
			slog.Time("time", rec.Time), slog.Float64("durationMs", rec.DurationMS), slog.String("reference", rec.Reference),
			slog.String("tenant", rec.Tenant), slog.String("actor", rec.Actor), slog.String("operation", string(rec.Operation)),
			slog.String("method", rec.Method), slog.String("type", rec.Type), slog.String("id", rec.ID), slog.String("name", rec.Name),
			slog.Int("status", rec.Status), slog.String("scimType", rec.ScimType), slog.String("detail", rec.Detail), slog.Any("changes", rec.Changes),
		}
		l.LogAttrs(ctx, slog.LevelInfo, "scim: audit", attrs...)
	}
}

// auditing collects what is known of one operation.
type auditing struct {
	kind    OperationKind
	typ, id string
	name    string // as it was sent in a POST, or redacted
	on      bool
	written lifecycle.Written
	done    bool // what was written is committed, whatever is answered
}

// note is told what was committed.
func (a *auditing) note(c lifecycle.Written) { a.written, a.done = c, true }
