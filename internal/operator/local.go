package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

// Config has what a [Local] works on. A field that is nil makes the methods that need
// it an error that names what is missing.
type Config struct {
	Actor        string // who does it
	Connections  *connection.Manager
	Tokens       store.Tokens
	Outbox       store.Outbox
	Trail        audit.Reader
	Record       store.AuditTrail // gets a record of what leaves none by itself
	Health       *health.Monitor
	ReleaseBrake func(ctx context.Context, tenant string, r brake.Release) error
	Tx           store.Transactor // makes the replay of an entry and its record one; may be nil
	Now          func() time.Time // default time.Now
}

// Local is an [Operator] on the stores of an application.
type Local struct{ cfg Config }

var _ Operator = (*Local)(nil)

// New returns an operator.
func New(cfg Config) *Local {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Local{cfg}
}

func (l *Local) by(reason string) connection.By {
	return connection.By{Actor: l.cfg.Actor, Reason: reason}
}

func missing(what string) error { return &Refused{"there is no " + what + " here"} }

// ListTokens implements [Operator].
func (l *Local) ListTokens(ctx context.Context) ([]Token, error) {
	all, err := l.tokens(ctx)
	out := make([]Token, len(all))
	for i, t := range all {
		out[i] = tokenOf(t, l.cfg.Now())
	}
	return out, err
}

// tokens returns those of the store, else those of each connection.
func (l *Local) tokens(ctx context.Context) ([]store.Token, error) {
	switch {
	case l.cfg.Tokens != nil:
		return l.cfg.Tokens.ListTokens(ctx)
	case l.cfg.Connections == nil:
		return nil, missing("store of tokens")
	}
	connections, err := l.cfg.Connections.List(ctx, store.Tenant(ctx))
	if err != nil {
		return nil, err
	}
	var all []store.Token
	for _, c := range connections {
		own, err := l.cfg.Connections.Tokens(ctx, store.Tenant(ctx), c.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

// IssueToken implements [Operator].
func (l *Local) IssueToken(ctx context.Context, i Issue) (Issued, error) {
	if l.cfg.Connections == nil {
		return Issued{}, missing("store of connections")
	}
	tenant, by := store.Tenant(ctx), l.by(i.Reason)
	c := connection.Connection{Name: i.Connection, Client: i.Client, Policy: i.Policy, BaseURL: i.BaseURL}
	found, err := l.cfg.Connections.Ensure(ctx, tenant, c, by)
	if err != nil {
		return Issued{}, err
	}
	for _, x := range [][3]string{{"client", i.Client, found.Client}, {"policy", i.Policy, found.Policy}, {"base URL", i.BaseURL, found.BaseURL}} {
		if x[1] != "" && x[1] != x[2] {
			return Issued{}, &Refused{fmt.Sprintf("the connection %q has the %s %q, which its tokens get: leave it out, or change the connection", i.Connection, x[0], x[2])}
		}
	}
	secret, t, err := l.cfg.Connections.IssueToken(ctx, tenant, i.Connection, connection.Issue{Label: i.Label, Expires: i.Expires, ReadOnly: i.ReadOnly, Types: i.Types}, by)
	return Issued{secret, tokenOf(t, l.cfg.Now())}, err
}

// RotateToken implements [Operator].
func (l *Local) RotateToken(ctx context.Context, r Rotation) (Issued, error) {
	name, err := l.connectionOf(ctx, r.ID)
	if err != nil {
		return Issued{}, err
	}
	secret, t, err := l.cfg.Connections.Rotate(ctx, store.Tenant(ctx), name, r.ID, connection.Rotation{Until: r.Until, Expires: r.Expires, Label: r.Label}, l.by(r.Reason))
	return Issued{secret, tokenOf(t, l.cfg.Now())}, err
}

// RevokeToken implements [Operator].
func (l *Local) RevokeToken(ctx context.Context, r Revocation) error {
	name, err := l.connectionOf(ctx, r.ID)
	if err != nil {
		return err
	}
	return l.cfg.Connections.RevokeToken(ctx, store.Tenant(ctx), name, r.ID, l.by(r.Reason))
}

// connectionOf returns the name of the connection of a token.
func (l *Local) connectionOf(ctx context.Context, id string) (string, error) {
	if l.cfg.Connections == nil {
		return "", missing("store of connections")
	}
	all, err := l.ListTokens(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		if t.ID != id {
			continue
		}
		if t.Connection == "" {
			return "", &Refused{fmt.Sprintf("the token %q belongs to no connection; the application manages it", id)}
		}
		return t.Connection, nil
	}
	return "", fmt.Errorf("token %q: %w", id, store.ErrNotFound)
}

// DeadEntries implements [Operator].
func (l *Local) DeadEntries(ctx context.Context, p Page) ([]Entry, error) {
	if l.cfg.Outbox == nil {
		return nil, missing("outbox")
	}
	found, err := l.cfg.Outbox.Dead(ctx, p.After, min(max(p.Count, 1), MostEntries))
	out := make([]Entry, len(found))
	for i, e := range found {
		out[i] = Entry{ID: e.ID, Queue: e.Queue, Type: e.Type, ResourceID: e.ResourceID, Created: e.Created, Attempts: e.Attempts, Reason: e.Reason}
	}
	return out, err
}

// The operations of audit records.
const (
	OperationReplay audit.Operation = "replayOutbox"
	OperationExport audit.Operation = "exportAudit"
)

// ReplayEntry implements [Operator].
func (l *Local) ReplayEntry(ctx context.Context, r Replay) error {
	switch {
	case l.cfg.Outbox == nil:
		return missing("outbox")
	case r.Reason == "" || l.cfg.Actor == "":
		return &Refused{"the replay of an entry needs an actor and a reason"}
	}
	return InTx(ctx, l.cfg.Tx, func(ctx context.Context) error {
		if err := l.cfg.Outbox.Replay(ctx, r.ID); err != nil {
			return fmt.Errorf("entry %q: %w", r.ID, err)
		}
		return l.note(ctx, audit.Record{Operation: OperationReplay, Detail: "the entry " + r.ID, Reason: r.Reason})
	})
}

// InTx runs fn in a transaction, without one if tx is nil.
func InTx(ctx context.Context, tx store.Transactor, fn func(ctx context.Context) error) error {
	if tx == nil {
		return fn(ctx)
	}
	return tx.InTx(ctx, fn)
}

// note adds a record of what leaves none by itself to the trail, if there is one.
func (l *Local) note(ctx context.Context, r audit.Record) error {
	if l.cfg.Record == nil {
		return nil
	}
	r.Kind, r.Outcome, r.Time, r.Tenant, r.Actor = audit.Request, audit.Success, l.cfg.Now(), store.Tenant(ctx), l.cfg.Actor
	return audit.Append(ctx, l.cfg.Record, r)
}

// Status implements [Operator].
func (l *Local) Status(ctx context.Context) ([]health.Status, error) {
	if l.cfg.Health == nil {
		return nil, missing("monitor of health")
	}
	return l.cfg.Health.Status(ctx, store.Tenant(ctx))
}

// ReleaseBrake implements [Operator].
func (l *Local) ReleaseBrake(ctx context.Context, r Release) error {
	if l.cfg.ReleaseBrake == nil {
		return missing("brake")
	}
	return l.cfg.ReleaseBrake(ctx, store.Tenant(ctx), brake.Release{
		Connection: r.Connection, Kind: r.Kind, Type: cmp.Or(r.Type, "User"), More: r.More, ID: r.ID, Actor: l.cfg.Actor, Reason: r.Reason,
	})
}

// exportPage is how many records of an export are in memory at a time.
const exportPage = 1000

// ExportAudit implements [Operator].
func (l *Local) ExportAudit(ctx context.Context, w io.Writer, e Export) error {
	if l.cfg.Trail == nil {
		return missing("audit trail")
	}
	asked := e.Query
	if e.Query.To.IsZero() {
		e.Query.To = l.cfg.Now() // without the record of the export itself
	}
	if err := l.note(ctx, audit.Record{Operation: OperationExport, Detail: describe(asked)}); err != nil {
		return err
	}
	e.Query.Count = exportPage
	write := audit.WriteJSONLines
	if e.CSV {
		write = audit.WriteCSV
	}
	return write(w, audit.All(ctx, l.cfg.Trail, e.Query))
}

// describe returns what a query selects, in words.
func describe(q audit.Query) string {
	var out []string
	for _, part := range [...][2]string{
		{"type", q.Type}, {"id", q.ResourceID}, {"by", q.Actor}, {"connection", q.Connection}, {"operation", string(q.Operation)},
		{"outcome", string(q.Outcome)}, {"from", instant(q.From)}, {"to", instant(q.To)},
	} {
		if part[1] != "" {
			out = append(out, part[0]+" "+part[1])
		}
	}
	if len(out) == 0 {
		return "all"
	}
	return strings.Join(out, ", ")
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// isRefused reports whether the text of an error is for the operator.
func isRefused(err error) bool {
	var refused *Refused
	return errors.As(err, &refused)
}
