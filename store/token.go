package store

import (
	"context"
	"crypto/sha256"
	"time"
)

// Token is a bearer token as it is kept: its SHA-256 and what it may do. The
// secret itself is kept nowhere.
type Token struct {
	ID      string // names the token in logs; unique
	SHA256  [sha256.Size]byte
	Tenant  string
	Label   string // for people
	Client  string // how its requests are read (scim.ParseClient); "" default
	Policy  string // one of scim.Endpoint.Policies; "" the endpoints' own
	BaseURL string // under which the client reaches the handler; "" scim.Config's
	// Connection is the scim.Principal.Connection of the token: the name of the
	// connection, of the tenant, that owns what is provisioned with it. Tokens that
	// replace one another have the same, and it never changes.
	Connection string
	ReadOnly   bool
	Types      []string // resource type names it may touch; empty means all
	Created    time.Time
	Expires    time.Time // zero: never
	LastUsed   time.Time // as coarse as a minute
	Paused     bool      // answered 503 until resumed
	Revoked    bool      // for good
}

// TokenChange is a change of a [Token]: fields that are nil stay as they are.
type TokenChange struct {
	Label   *string
	Expires *time.Time // zero: never
	Paused  *bool
	Revoked *bool // false has no effect on a revoked token
}

// Tokens keeps bearer tokens, several for each tenant. Safe for concurrent use
// by several processes. Arguments and results belong to the caller. Calls join
// the transaction of the context.
type Tokens interface {
	// FindToken returns the token with that SHA-256, revoked and expired ones
	// too, of whatever tenant; ErrNotFound if there is none.
	FindToken(ctx context.Context, sum [sha256.Size]byte) (Token, error)
	// AddToken stores a new token of the tenant t.Tenant, whatever the
	// context's. A taken ID or SHA-256, of whatever tenant, is an error.
	AddToken(ctx context.Context, t Token) error
	// TouchToken notes a use of a token of whatever tenant. It may be skipped
	// when a use less than a minute before is noted; an earlier use than the
	// one noted, or an unknown id, changes nothing.
	TouchToken(ctx context.Context, id string, at time.Time) error
	// SetToken changes the fields of a token of the tenant in the context that
	// are not nil in c, in one step, and nothing else; ErrNotFound (404) if there
	// is no such token. A revoked token stays revoked.
	SetToken(ctx context.Context, id string, c TokenChange) error
	// DropToken forgets a token of the tenant in the context for good: its ID
	// and SHA-256 may be added again. ErrNotFound (404) if there is no such
	// token.
	DropToken(ctx context.Context, id string) error
	// ListTokens returns the tokens of the tenant in the context, revoked and
	// expired ones too, in order of Created.
	ListTokens(ctx context.Context) ([]Token, error)
}
