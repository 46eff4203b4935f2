package scim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"math"
	"time"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/bulk"
	"github.com/seed5f3efb56/scim/internal/ratelimit"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Config is the configuration of [New]. BaseURL, Auth and Endpoints are required;
// the zero value of every other field is a working default.
type Config struct {
	// BaseURL is the absolute URL under which clients reach the handler, for
	// example https://app.example.com/scim/v2. meta.location and $ref begin with
	// it and never depend on a request header. Its path is also the prefix that
	// the handler expects, unless a router has already stripped it.
	BaseURL string

	// Auth authenticates every request. See [BearerTokens], [StoredTokens] and
	// [InsecureNoAuthentication].
	Auth Authenticator

	// Connections, if set, has the states of connections (package connection), which
	// hold for every credential with a Principal.Connection, whatever its kind: a
	// connection that is paused is answered 503, one that is off or does not exist 401.
	// A state is read once a second by each process. connection.Manager changes them.
	// memstore.DB and sqlstore.DB are such stores.
	Connections connection.Store

	// Endpoints are the resource types served and their stores.
	Endpoints []Endpoint

	// Tx makes a write one transaction across all stores. Without it every store
	// must declare store.Capabilities.Versions, or concurrent writes would
	// overwrite each other, and [New] fails. A write is then safe within one store
	// (it compares the version and is repeated a bounded number of times), and a
	// deleted user is removed from its groups one by one.
	Tx store.Transactor

	// Authorize, if set, is called before every operation, reads included; nil
	// allows it. [ErrForbidden] becomes 403, store.ErrNotFound hides the resource
	// (404), an [*Error] is sent as it is, and any other error becomes 500.
	Authorize func(ctx context.Context, op Operation) error

	// SetPassword, if set, receives the password (and any other writeOnly
	// attribute) of a created or changed resource, after the resource is written
	// and within the same transaction. It hashes and stores the password; the
	// library keeps no copy. An error undoes the write: an [*Error] or a
	// *schema.Error (a violation of the password policy: invalidValue) is sent to
	// the client, any other becomes 500. Without SetPassword, passwords are
	// discarded and changePassword is announced as unsupported.
	SetPassword func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error

	// Hooks are called when users and groups are created, changed and deleted.
	Hooks Hooks

	// Outbox stores pending revocations (Hooks.Revoke) and events, in the
	// transactions of Tx.
	Outbox store.Outbox

	// Brake stops a connection that deactivates, deletes or creates unusually many
	// resources, or removes unusually many members, within a day. It is on by default.
	Brake brake.Config

	// Counters keep the counts of Brake in the transactions of Tx, so that several
	// processes share them. Default Tx, if it is a store.Counters (memstore, sqlstore).
	// Without, each process counts by itself.
	Counters store.Counters

	// AuditTrail, if set, keeps the audit records of writes, each committed with the
	// write in the transaction of Tx: a write that is acknowledged has exactly one
	// record, and one that was rolled back has none. A write whose record cannot be
	// kept fails (500, or 503 for store.ErrUnavailable). The results of hooks that run
	// after the commit, and requests that were refused or failed, have records too: of
	// the latter up to 60 a minute of a connection, and one with the number of the
	// others. Successful reads have none. It needs Tx and is on the same database
	// ([Located]). docs/audit.md has the details, package audit reads the trail.
	// memstore.DB and sqlstore.DB are trails.
	AuditTrail store.AuditTrail

	// Audit, if set, receives one record for every operation, successful or
	// not, after the response: reads and all refused requests included. A process that
	// is killed loses records; AuditTrail does not. See [AuditLog].
	Audit func(ctx context.Context, rec AuditRecord)

	// Observe, if set, is called once for every request, after the response: also for
	// one that was refused before it was read (401, 404, 429), that failed in a panic,
	// or whose client is gone. It is what metrics, traces, health and the log of
	// requests are made of (packages health, requestlog and diagnose, module otelscim);
	// [Observers] combines several. ctx has the values of the request's context and does
	// not end with it. The call holds up the end of the request and must be quick. A panic in it is logged and changes nothing. Without
	// Observe nothing is kept for it.
	Observe func(ctx context.Context, x *Exchange)

	// Me, if set, resolves /Me to the id of the caller's User; an empty id
	// becomes 404. Without it /Me is answered 501 (RFC 7644 §3.11).
	Me func(ctx context.Context, p *Principal) (id string, err error)

	// BindMe, if set, lets a caller for whom Me returns an empty id create its own
	// User by POST /Me (RFC 7644 §3.11). It records that the User, which was just
	// stored, is the principal's, so that Me returns its id from then on. It is
	// called in the transaction of the write, again if that is repeated; an error
	// undoes the write: an [*Error] or a *schema.Error is sent to the client,
	// [ErrForbidden] becomes 403, any other error 500. Two requests of one
	// principal may come at the same time: the second one's record must fail.
	//
	// A caller that has an id is answered 409, also if its User was deleted, so that
	// a leaver does not come back by itself. POST /Me neither restores nor adopts a
	// User: a userName that is taken is 409. Without BindMe, POST /Me is 501. It
	// needs Me and Tx.
	BindMe func(ctx context.Context, p *Principal, user *schema.Resource) error

	// Subject is the path of the attribute of users that has the subject of single
	// sign-on ([Person]). It has one value, a string that is compared byte for
	// byte, and is not part of an e-mail address. Default externalId.
	Subject string

	// SensitiveAttributes are attribute paths that must not be compared by a
	// filter in a URL, where logs would keep the value: such a GET is answered
	// 403 sensitive, and the filter has to be sent to .search
	// (RFC 7644 §7.5.2).
	SensitiveAttributes []string

	// RequireMembers refuses members whose id no store has (400 invalidValue).
	// By default they are accepted, as identity providers expect.
	RequireMembers bool

	// WithoutBulk switches off /Bulk (501), which is then announced as unsupported,
	// as it is if clients can write no type.
	WithoutBulk bool

	// IndirectGroups is how many levels of nesting the attribute groups of a user
	// shows: the groups that have one of its groups as a member are of type
	// "indirect" (RFC 7643 §4.1.2), and so on upwards. Filters on groups find them
	// too. Each level is one more question to each store of groups for every page of
	// users, and Limits.Scan bounds the groups that a request looks at (400 tooMany).
	// Default 0: direct groups alone. [New] refuses a negative value.
	IndirectGroups int

	// PrivateServiceProviderConfig requires authentication for
	// /ServiceProviderConfig, which RFC 7643 §5 wants readable without.
	PrivateServiceProviderConfig bool

	// DocumentationURI is published in /ServiceProviderConfig.
	DocumentationURI string

	// ServiceProviderConfig extends the document of /ServiceProviderConfig
	// (RFC 7643 §3.3, §5): each key is the schema URI of an extension, each value the
	// attributes of it, which json.Marshal encodes as an object when New is called.
	// The document lists the URIs in schemas. [New] refuses a key that is no URI
	// or one of RFC 7643 §8.7, and a value that is no object.
	ServiceProviderConfig map[string]any

	// EventURIs are the URIs of the security events that the application issues
	// from its event hooks (RFC 9967 §7.4; secevent.Issuer has them), announced in
	// /ServiceProviderConfig as securityEvents.eventUris. That of the results of
	// asynchronous requests is announced if Hooks.AsyncResponse is set. [New] fails
	// if a URI is not absolute, or if no event hook is set.
	EventURIs []string

	// CursorKey seals the cursors of paging (RFC 9865), at least 32 random bytes
	// ([New] fails otherwise). Processes with the same key accept each other's
	// cursors. Default: a random key, so that a cursor is of use in this process
	// only.
	CursorKey []byte

	// Limits bound the cost of a request.
	Limits Limits

	// Logger receives one record for each request and the text of internal
	// errors; never a filter value, a body or a credential. Default
	// slog.Default().
	Logger *slog.Logger

	// Now is the clock of all times but those of tokens. Default time.Now.
	Now func() time.Time
	// NewID returns a new id, unique across all resource types and never used
	// again. Default: a random UUID (RFC 9562 version 4). A store that makes its
	// own ids ignores it.
	NewID func() string
}

// Endpoint is one resource type and the store of its resources.
type Endpoint struct {
	Type *schema.ResourceType
	// Store persists the resources. For a type with a members attribute it must
	// be a store.MemberStore. A wrapper around a store has a method
	// Unwrap() store.Store and the methods by which the store writes; [New] logs
	// the abilities that a wrapper hides. See store.As.
	Store store.Store
	// Default, if set, returns the attributes of a resource to be created,
	// completed by defaults (RFC 7644 §3.3), for example active. Attributes that
	// the client sent, also as null or [], keep the value that was sent.
	Default func(ctx context.Context, p *Principal, attributes *schema.Object) *schema.Object
	// Without are the operations that clients do not have on resources of this
	// type, for example OperationDelete for groups that are only emptied. Such a
	// request is answered 501 (RFC 7644 §3.12), also within a bulk request and by
	// /Me. The library's own writes are not concerned: a deleted user leaves its
	// groups also where OperationPatch is left out. OperationRetrieve and
	// OperationQuery cannot be left out ([New] fails).
	Without []OperationKind
	// Policy holds for every client without a policy of its own.
	Policy
	// Policies are the policies of single clients, by the name in
	// Principal.Policy.
	Policies map[string]Policy
}

// Users serves users (RFC 7643 §4.1) with the enterprise extension (§4.3) at
// /Users. A [TypedStore] is served with its own type if that is a type of users;
// [New] refuses any other.
func Users(s store.Store) Endpoint { return endpointFor(s, schema.UserType) }

// Groups serves groups (RFC 7643 §4.2) at /Groups; see [Users].
func Groups(s store.Store) Endpoint { return endpointFor(s, schema.GroupType) }

// endpointFor returns the endpoint of a store for the built-in type, or for a
// variant of it with the same schema.
func endpointFor(s store.Store, builtIn *schema.ResourceType) Endpoint {
	if t := typeOf(s, builtIn); t != nil && t.Schema.ID == builtIn.Schema.ID {
		return Endpoint{Type: t, Store: s}
	}
	return Endpoint{Type: builtIn, Store: s}
}

// TypedStore is a store for resources of one type only, for example on tables
// that lack some of the attributes (sqlquery.Table). [New] refuses to serve it as
// another type. It is found through wrappers (store.As).
type TypedStore interface {
	store.Store
	// Type returns the resource type, the same every time.
	Type() *schema.ResourceType
}

// Located is an optional interface of a [store.Store], a [store.Transactor] and a
// [store.Outbox]
// that knows on which database it works. [New] refuses to combine those
// that are on different ones, since a transaction of one would not hold for the
// other.
type Located interface {
	// Database returns what identifies the database, for example a *sql.DB. It is
	// compared by ==: values that are equal take part in the same transactions.
	Database() any
}

// typeOf returns the type of a store, also of one within wrappers.
func typeOf(s store.Store, otherwise *schema.ResourceType) *schema.ResourceType {
	if t, ok := store.As[TypedStore](s); ok {
		return t.Type()
	}
	return otherwise
}

// Limits bound the cost of one request. A field that is zero takes the default; a
// negative one is an error of [New].
type Limits struct {
	Body       int64 // bytes of a request body; default 4 MiB (413)
	Operations int   // operations of one PATCH; default 10000 (400)
	// BulkOperations and BulkPayload are the most operations of one bulk request and
	// the most bytes of its body; default 500 and 4 MiB (413). Each operation has
	// the other limits of a request of its own; all together have one Work, or 1/500
	// of it for each of BulkOperations if these are more than 500, name as many
	// Members as one request, and have no more elements of arrays than the largest of
	// Members, Operations, Values and 30 times BulkOperations (413).
	BulkOperations int
	BulkPayload    int64
	PageSize       int // resources on a page when count is absent; default 100
	MaxResults     int // the most resources on a page; default 1000
	// CursorTimeout is how long a cursor can be used (RFC 9865 §4), in whole
	// seconds; default 1 hour (400 expiredCursor).
	CursorTimeout time.Duration
	Revoke        time.Duration // timeout of one call of a hook after the commit; default 10 s
	Attempts      int           // failures until an event is set aside as dead; default 20
	Scan          int           // resources (of a PATCH: members) that are read to filter or sort where the store cannot; default 20000 (400 tooMany)
	// Work bounds filters, PATCH operations, scans and sorting of one request, in
	// about nanoseconds of CPU: comparisons times values times bytes compared; in a
	// bulk request also what it costs to read and write the resources that it changes.
	// Default filter.DefaultWork, 0.25 s (400 tooMany).
	Work int
	// PageBytes is how much of resources is held at once for a list, in bytes of
	// memory, about. A longer page is read and sent in parts. Default 8 MiB.
	PageBytes int
	// Values is the number of values of one multi-valued attribute, members aside;
	// default 10000 (400 invalidValue). A list of before may stay as long as it was.
	Values int
	// Members is the number of members that one POST, PUT or PATCH names, also those
	// that the group has already, or selects by a filter; default 15000 (413). A
	// provider that sends larger groups whole needs a larger one, and a larger Body.
	Members int
	// The sizes of what clients store, in bytes (400 invalidValue). A value that was
	// there before stays, also if it is larger.
	String   int // one string; default 64 KiB
	Name     int // userName and other unique values, externalId, displayName; default 1 KiB
	Binary   int // one binary or reference: photos, certificates; default 1 MiB
	Resource int // the JSON of one resource, members aside; default 2 MiB
	// Rate and Burst are how many requests one connection may send: a second in the
	// long run, and at once; default 100 and 1000. One too many is answered 429 with
	// Retry-After, and nothing of it is read. An operation of a bulk request counts
	// as a request, but does not wait. A connection is Principal.Connection, or
	// TokenID if it has none; each process counts by itself. Rate math.Inf(1) is no
	// limit.
	Rate  float64
	Burst int
	// TenantRate and TenantBurst are the same for all connections of a tenant
	// together; default 200 and 2000, but no less than Rate and Burst.
	TenantRate  float64
	TenantBurst int
}

func (l Limits) rates() *ratelimit.Limiter {
	return ratelimit.New(ratelimit.Rate{PerSecond: l.Rate, Burst: l.Burst}, ratelimit.Rate{PerSecond: l.TenantRate, Burst: l.TenantBurst})
}

func (l Limits) bounds() schema.Bounds {
	return schema.Bounds{Values: l.Values, String: l.String, Name: l.Name, Binary: l.Binary, Resource: l.Resource}
}

// elements is how many elements the arrays of a body may have together. It is far
// beyond what the other limits let a request have, and keeps the memory of a
// request that they refuse in proportion.
func (l Limits) elements() int {
	return 8 * max(l.Members, l.Operations, l.Values)
}

// bulkElements is how many elements the arrays of a bulk request have at most, so
// that it costs about what one request may.
func (l Limits) bulkElements() int {
	return max(l.Members, l.Operations, l.Values, 30*l.BulkOperations)
}

// bulkWork is the work of all operations of a bulk request together: Work, and as
// many times more as BulkOperations is larger than its default.
func (l Limits) bulkWork() int {
	if l.BulkOperations <= defaultBulkOperations {
		return l.Work
	}
	if l.Work > math.MaxInt/l.BulkOperations {
		return math.MaxInt
	}
	return l.Work * l.BulkOperations / defaultBulkOperations
}

const defaultBulkOperations = 500

func (l Limits) bulk() bulk.Limits {
	return bulk.Limits{Operations: l.BulkOperations, Elements: l.bulkElements(), OperationBytes: int(l.Body), OperationElements: l.elements()}
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if l.Body == 0 {
		l.Body = 4 << 20
	}
	if l.BulkPayload == 0 {
		l.BulkPayload = 4 << 20
	}
	set(&l.BulkOperations, defaultBulkOperations)
	set(&l.Operations, 10000)
	set(&l.MaxResults, 1000)
	set(&l.PageSize, 100)
	set(&l.Scan, 20000)
	set(&l.Work, filter.DefaultWork)
	set(&l.PageBytes, 8<<20)
	set(&l.Values, 10000)
	set(&l.Members, 15000)
	set(&l.String, 64<<10)
	set(&l.Name, 1<<10)
	set(&l.Binary, 1<<20)
	set(&l.Resource, 2<<20)
	set(&l.Attempts, 20)
	set(&l.Burst, 1000)
	set(&l.TenantBurst, max(2000, l.Burst))
	if l.Rate == 0 {
		l.Rate = 100
	}
	if l.TenantRate == 0 {
		l.TenantRate = max(200, l.Rate)
	}
	if l.Revoke == 0 {
		l.Revoke = 10 * time.Second
	}
	if l.CursorTimeout == 0 {
		l.CursorTimeout = time.Hour
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
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
