// Package operator is what an operator does with a service provider from a terminal.
// [Local] does it on the stores of an application, [API] offers it over HTTP (package
// console mounts it), and [Client] is the other end of that.
package operator

import (
	"context"
	"io"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

// Operator does the work of an operator for one tenant: that of the context
// (store.WithTenant) for Local, that of the login for Client. It is safe for concurrent
// use. store.ErrNotFound says that there is no such thing in the tenant, and Refused
// that the arguments are wrong.
type Operator interface {
	// ListTokens returns the tokens of all connections in the order of their creation.
	ListTokens(ctx context.Context) ([]Token, error)
	// IssueToken makes a token of a connection, which it creates if there is none.
	IssueToken(ctx context.Context, i Issue) (Issued, error)
	RotateToken(ctx context.Context, r Rotation) (Issued, error)
	RevokeToken(ctx context.Context, r Revocation) error

	// DeadEntries returns dead entries of the outbox in the order of their ids.
	DeadEntries(ctx context.Context, p Page) ([]Entry, error)
	// ReplayEntry makes a dead entry due again.
	ReplayEntry(ctx context.Context, r Replay) error

	Status(ctx context.Context) ([]health.Status, error)
	ReleaseBrake(ctx context.Context, r Release) error

	// ExportAudit writes audit records, the newest first.
	ExportAudit(ctx context.Context, w io.Writer, e Export) error
}

// Token is a token without its secret.
type Token struct {
	ID         string    `json:"id"`
	Label      string    `json:"label,omitempty"`
	Connection string    `json:"connection,omitempty"`
	Client     string    `json:"client,omitempty"`
	Policy     string    `json:"policy,omitempty"`
	ReadOnly   bool      `json:"readOnly,omitempty"`
	Types      []string  `json:"types,omitempty"`
	Status     string    `json:"status"` // active, paused, expired or revoked
	Created    time.Time `json:"created,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
	LastUsed   time.Time `json:"lastUsed,omitzero"`
}

func tokenOf(t store.Token, now time.Time) Token {
	status := "active"
	switch {
	case t.Revoked:
		status = "revoked"
	case !t.Expires.IsZero() && !t.Expires.After(now):
		status = "expired"
	case t.Paused:
		status = "paused"
	}
	return Token{
		ID: t.ID, Label: t.Label, Connection: t.Connection, Client: t.Client, Policy: t.Policy, ReadOnly: t.ReadOnly, Types: t.Types,
		Status: status, Created: t.Created, Expires: t.Expires, LastUsed: t.LastUsed,
	}
}

// Issue is a token to be made.
type Issue struct {
	Connection string    `json:"connection"`
	Label      string    `json:"label,omitempty"`
	Expires    time.Time `json:"expires"`
	ReadOnly   bool      `json:"readOnly,omitempty"`
	Types      []string  `json:"types,omitempty"`
	// Client, Policy and BaseURL are those of a connection that is created.
	Client  string `json:"client,omitempty"`
	Policy  string `json:"policy,omitempty"`
	BaseURL string `json:"baseUrl,omitempty"`
	Reason  string `json:"reason"`
}

// Issued is a token with its secret, which is shown here and kept nowhere.
type Issued struct {
	Secret string `json:"secret"`
	Token  Token  `json:"token"`
}

// Rotation replaces a token.
type Rotation struct {
	ID      string    `json:"id"`
	Until   time.Time `json:"until,omitzero"` // of the old token; zero revokes it at once
	Expires time.Time `json:"expires"`        // of the new one
	Label   string    `json:"label,omitempty"`
	Reason  string    `json:"reason"`
}

// Revocation ends a token at once.
type Revocation struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Page is a part of a list: up to Count entries after an id.
type Page struct {
	After string `json:"after,omitempty"`
	Count int    `json:"count"`
}

// MostEntries is the most of Page.Count.
const MostEntries = 1000

// Entry is a dead entry of the outbox, without its payload.
type Entry struct {
	ID         string      `json:"id"`
	Queue      store.Queue `json:"queue"`
	Type       string      `json:"type"`
	ResourceID string      `json:"resourceId"`
	Created    time.Time   `json:"created"`
	Attempts   int         `json:"attempts"`
	Reason     string      `json:"reason"` // why the last attempt failed
}

// Replay names a dead entry.
type Replay struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Release lets a connection go on that the brake stopped.
type Release struct {
	Connection string     `json:"connection"`
	Kind       brake.Kind `json:"kind"`
	Type       string     `json:"type"`
	More       int64      `json:"more,omitempty"`
	ID         string     `json:"id,omitempty"`
	Reason     string     `json:"reason"`
}

// Export selects audit records and their form.
type Export struct {
	Query audit.Query `json:"query"`
	CSV   bool        `json:"csv,omitempty"`
}

// Refused says that the arguments are wrong; its text is for the operator.
type Refused struct{ Text string }

func (r *Refused) Error() string { return r.Text }
