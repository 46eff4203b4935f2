package scim

import (
	"context"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/internal/lifecycle"
)

// AuditRecord describes one operation and its result. It never has the value of a
// secret attribute; values of Config.SensitiveAttributes are "[redacted]".
type AuditRecord struct {
	Time       time.Time     `json:"time"`
	DurationMS float64       `json:"durationMs"` // milliseconds
	Reference  string        `json:"reference"`  // of the request; also in the log and in the detail of a 500
	Tenant     string        `json:"tenant,omitempty"`
	Actor      string        `json:"actor,omitempty"`     // Principal.TokenID; "" if the request was not authenticated
	Operation  OperationKind `json:"operation,omitempty"` // "" if the request failed before
	Method     string        `json:"method"`
	Type       string        `json:"type,omitempty"` // resource type name
	ID         string        `json:"id,omitempty"`   // resource id
	Name       string        `json:"name,omitempty"` // in a POST of a resource: the userName or displayName that was sent
	Changes    []AuditChange `json:"changes,omitempty"`
	Status     int           `json:"status"`
	ScimType   string        `json:"scimType,omitempty"`
	Detail     string        `json:"detail,omitempty"` // of the error response
}

// AuditChange is one root attribute that changed, with its values as JSON, "" if
// unassigned. For members, Old has the ids that left and New those that joined. A
// password that was set is "[redacted]".
type AuditChange struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

const redacted = "[redacted]"

// AuditLog returns a Config.Audit that writes records to a logger. Records
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

// auditing collects the facts of one operation for its record.
type auditing struct {
	kind    OperationKind
	typ, id string
	name    string // AuditRecord.Name
	on      bool
	written lifecycle.Written
	done    bool // written is committed, whatever the response is
}

// note notes a committed change.
func (a *auditing) note(c lifecycle.Written) { a.written, a.done = c, true }
