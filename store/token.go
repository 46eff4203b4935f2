package store

import (
	"context"
	"crypto/sha256"
	"time"
)

// Token is a bearer token as it is kept: its SHA-256 and what it may do. The
// secret itself is kept nowhere.
type Token struct {
	ID       string // names the token in logs; unique
	SHA256   [sha256.Size]byte
	Tenant   string
	Label    string // for people
	Client   string // how its requests are read: "" default, "strict"
	Policy   string // one of scim.Endpoint.Policies; "" the endpoints' own
	BaseURL  string // under which the client reaches the handler; "" scim.Config's
	ReadOnly bool
	Types    []string // resource type names it may touch; empty means all
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // as coarse as a minute
	Paused   bool      // answered 503 until resumed
	Revoked  bool      // for good
}

// Tokens keeps bearer tokens, several for each tenant. Safe for concurrent use
// by several processes.
type Tokens interface {
	// FindToken returns the token with that SHA-256, revoked and expired ones
	// too, of whatever tenant; ErrNotFound if there is none.
	FindToken(ctx context.Context, sum [sha256.Size]byte) (Token, error)
	// AddToken stores a new token. A taken ID or SHA-256 is an error.
	AddToken(ctx context.Context, t Token) error
	// TouchToken notes a use of a token of whatever tenant. It may be skipped
	// when a use less than a minute before is noted; an earlier use than the
	// one noted, or an unknown id, changes nothing.
	TouchToken(ctx context.Context, id string, at time.Time) error
	// SetToken changes Label, Expires, Paused and Revoked of a token of the
	// tenant in the context, and nothing else; ErrNotFound if there is none. A
	// revoked token stays revoked whatever t says.
	SetToken(ctx context.Context, t Token) error
	// ListTokens returns the tokens of the tenant in the context, revoked and
	// expired ones too, in order of Created.
	ListTokens(ctx context.Context) ([]Token, error)
}
