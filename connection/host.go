package connection

import (
	"context"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Handler is the SCIM service whose connections a [Manager] manages: *scim.Handler.
type Handler interface{ ConnectionHost() Host }

// Host has what a [Manager] needs of the service.
type Host struct {
	States *States // nil if the service does not enforce states
	// Check rejects a connection whose Client, Policy or BaseURL the service does not
	// have.
	Check func(c Connection) error
	// Audit receives the audit record of a change that is committed.
	Audit func(ctx context.Context, r audit.Record)
	// Record, if set, keeps the audit record of a change in the transaction of the
	// context. An error undoes the change.
	Record func(ctx context.Context, r audit.Record) error
	// Brake returns how far a connection of a tenant is towards the bounds of the brake.
	Brake func(ctx context.Context, tenant string, c Connection) ([]brake.State, error)
	Types []Resources // those with an owner
	// Tokens are those of fixed lists (scim.BearerTokens and scim.BasicPasswords).
	Tokens []store.Token
	Now    func() time.Time
	// Logger receives a record of each change.
	Logger *slog.Logger
}

// Resources are those of one type. A write changes a resource only while the connection
// of the [Work] is its owner: store.ErrNotFound otherwise. It leaves an audit record.
type Resources struct {
	Type   *schema.ResourceType
	List   func(ctx context.Context, q *store.Query) (store.Page, error)
	Filter func(e filter.Expr) bool // whether List answers the expression
	Name   *schema.Attribute        // that names a resource, userName for example; nil: none
	Active *schema.Attribute        // nil: the type has none
	// SetOwner makes another connection the owner; "" is none.
	SetOwner func(ctx context.Context, w Work, id, to string) error
	// End ends a resource in the same way as a DELETE of its client.
	End func(ctx context.Context, w Work, id string, how End) error
}

// Work is why a resource is changed.
type Work struct {
	Tenant     string
	Connection Connection // the owner
	Operation  string     // one of the constants
	By         By
}

// End is what happens to the people of a connection.
type End string

const (
	Delete     End = "delete"
	Deactivate End = "deactivate" // types without active, such as groups, stay as they are
)
