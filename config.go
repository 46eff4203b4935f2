package scim

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Config says what [New] builds. BaseURL, Auth and Endpoints are required;
// every other field's zero value is a working default.
type Config struct {
	// BaseURL is the absolute URL under which clients reach the handler, for
	// example https://app.example.com/scim/v2. meta.location and $ref are made
	// from it and never from a request header. Its path is also the prefix the
	// handler expects, unless a router has already taken a prefix off.
	BaseURL string

	// Auth authenticates every request. See [BearerTokens];
	// [InsecureNoAuthentication] is the open door, spelled out.
	Auth Authenticator

	// Endpoints are the resource types served and their stores.
	Endpoints []Endpoint

	// Tx makes a write one transaction across all stores. Without it every store
	// must declare store.Capabilities.Versions: a write compares the version and
	// is tried again a bounded number of times. It is then safe for the one store
	// that it concerns; a deleted user leaves its groups one by one. [New] refuses
	// a store without versions if Tx is nil, because concurrent writes would
	// overwrite each other.
	Tx store.Transactor

	// Authorize, if set, is asked before every operation, reads included. A
	// nil result allows it. [ErrForbidden] is answered 403, store.ErrNotFound
	// hides the resource (404), an [*Error] is answered as it is, and anything
	// else is a plain 500.
	Authorize func(ctx context.Context, op Operation) error

	// SetPassword, if set, receives the password (and any other writeOnly
	// attribute) of a created or changed resource, within the transaction of
	// the write and after it. It hashes and stores it; the library keeps no
	// copy. An [*Error] or a *schema.Error (a policy violation: invalidValue)
	// undoes the write. Without it passwords are discarded and changePassword
	// is announced as unsupported.
	SetPassword func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error

	// Hooks take part in the lifecycle of users and groups.
	Hooks Hooks

	// Outbox keeps what Hooks.Revoke and the hooks of events have to do, in
	// the transactions of Tx.
	Outbox store.Outbox

	// Audit, if set, receives one record for every operation, successful or
	// not, once it is answered. See [AuditLog].
	Audit func(ctx context.Context, rec AuditRecord)

	// Me, if set, resolves /Me to the id of the caller's User; an empty id is
	// 404. Without it /Me is 501 (RFC 7644 §3.11).
	Me func(ctx context.Context, p *Principal) (id string, err error)

	// SensitiveAttributes are attribute paths that must not be filtered on in
	// a URL, where logs would keep them: such a GET is 403 sensitive and has
	// to be sent to .search (RFC 7644 §7.5.2).
	SensitiveAttributes []string

	// RequireMembers refuses members that exist in no store (400
	// invalidValue). By default they are accepted, as identity providers
	// expect: a reference that cannot be resolved fails nothing else.
	RequireMembers bool

	// PrivateServiceProviderConfig demands authentication for
	// /ServiceProviderConfig too, which RFC 7643 §5 wants readable without.
	PrivateServiceProviderConfig bool

	// DocumentationURI is published in /ServiceProviderConfig.
	DocumentationURI string

	// Limits bound what a client can ask for.
	Limits Limits

	// Logger receives one record for each request and the text of internal
	// errors; never a filter value, a body or a credential. Default
	// slog.Default().
	Logger *slog.Logger

	// Now is the only clock. Default time.Now.
	Now func() time.Time
	// NewID makes ids, unique across all resource types and never used twice.
	// Default random UUIDs (RFC 9562 version 4). Stores with ids of their own
	// ignore them.
	NewID func() string
}

// Endpoint is one resource type and the store that keeps its resources.
type Endpoint struct {
	Type *schema.ResourceType
	// Store keeps the resources. For a type with a members attribute it is a
	// store.MemberStore. A wrapper around a store has a method Unwrap() store.Store
	// and passes on what the store writes by; [New] logs the abilities that it
	// hides. See store.As.
	Store store.Store
	// Default, if set, completes the attributes of a resource about to be
	// created (RFC 7644 §3.3), for example active. What the client sent, also
	// as null or [], is not overridden.
	Default func(ctx context.Context, p *Principal, attributes *schema.Object) *schema.Object
	// Policy is that of every client for whom Policies has no other.
	Policy
	// Policies are those of single clients, by the name in Principal.Policy.
	Policies map[string]Policy
}

// Users serves RFC 7643 §4.1 and §4.3 users, with the enterprise extension, at
// /Users. A store with a type of its own ([TypedStore]) is served with that, if
// it is a type of users; [New] refuses any other.
func Users(s store.Store) Endpoint { return endpointFor(s, schema.UserType) }

// Groups serves RFC 7643 §4.2 groups at /Groups; see [Users].
func Groups(s store.Store) Endpoint { return endpointFor(s, schema.GroupType) }

// endpointFor returns the endpoint for a store of the built-in type, or of a
// variant of it with the same schema.
func endpointFor(s store.Store, builtIn *schema.ResourceType) Endpoint {
	if t := typeOf(s, builtIn); t != nil && t.Schema.ID == builtIn.Schema.ID {
		return Endpoint{Type: t, Store: s}
	}
	return Endpoint{Type: builtIn, Store: s}
}

// TypedStore is a store that keeps resources of one type and no other: one on
// tables that lack some of the attributes (sqlquery.Table), for example. [New]
// refuses to serve it as another type. It is found through wrappers (store.As).
type TypedStore interface {
	store.Store
	// Type returns the resource type, the same every time.
	Type() *schema.ResourceType
}

// typeOf returns the type of a store, also of one within wrappers.
func typeOf(s store.Store, otherwise *schema.ResourceType) *schema.ResourceType {
	if t, ok := store.As[TypedStore](s); ok {
		return t.Type()
	}
	return otherwise
}

// Limits bound what one request can cost. A zero field takes the default; a
// negative one is an error of [New].
type Limits struct {
	Body       int64         // bytes of a request body; default 8 MiB (413)
	Operations int           // operations of one PATCH; default 10000 (400)
	PageSize   int           // resources of a page when count is absent; default 100
	MaxResults int           // resources of a page whatever count says; default 1000
	Revoke     time.Duration // for one call of a hook after the commit; default 10 s
	Attempts   int           // failures until an event is set aside as dead; default 20
	Scan       int           // resources, or members for a PATCH, read to match or sort what a store cannot; default 20000 (400 tooMany)
	// Work is what one request may spend on filters, PATCH operations, scans and
	// sorting, in nanoseconds of CPU, about: comparisons times values times the bytes
	// looked at. Default filter.DefaultWork, 0.25 s (400 tooMany).
	Work int
	// PageBytes is how much of resources is held at once for a list, in bytes of
	// memory, about. A longer page is read and sent in parts. Default 8 MiB.
	PageBytes int
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if l.Body == 0 {
		l.Body = 8 << 20
	}
	set(&l.Operations, 10000)
	set(&l.MaxResults, 1000)
	set(&l.PageSize, 100)
	set(&l.Scan, 20000)
	set(&l.Work, filter.DefaultWork)
	set(&l.PageBytes, 8<<20)
	set(&l.Attempts, 20)
	if l.Revoke == 0 {
		l.Revoke = 10 * time.Second
	}
	l.PageSize = min(l.PageSize, l.MaxResults)
	return l
}

// newUUID returns a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
