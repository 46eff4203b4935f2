package scim

import (
	"net/http"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// Authenticator says who sent a request. It is called once for each request,
// before anything else is looked at, and must be safe for concurrent use.
//
// [ErrUnauthenticated] is answered 401 with WWW-Authenticate and one wording,
// whatever was wrong; [ErrForbidden] 403, for credentials that are not good
// here (another tenant's); store.ErrUnavailable 503; any other error a plain
// 500.
// An Authenticator with a method Challenge() string provides the value of
// WWW-Authenticate (RFC 7644 §2); without one it is Bearer.
type Authenticator interface {
	Authenticate(r *http.Request) (*Principal, error)
}

// AuthenticatorFunc makes a function an [Authenticator].
type AuthenticatorFunc func(r *http.Request) (*Principal, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(r *http.Request) (*Principal, error) { return f(r) }

// Principal is the authenticated client (RFC 7644 §2). It is not modified
// after it was returned.
type Principal struct {
	// Tenant bounds everything the request sees and does; "" is the single
	// tenant of an application without tenancy. It comes from nowhere else.
	Tenant string
	// TokenID names the credential in logs. It is no secret.
	TokenID string
	// Client says how the client's requests are read.
	Client Client
	// BaseURL, unless "", takes the place of Config.BaseURL in locations: the
	// URL under which this client reaches the handler.
	BaseURL string
	// Policy names the one of Endpoint.Policies that holds for this client. An
	// endpoint without it goes by its own; a name that none has is a mistake,
	// and every request a 500.
	Policy string
	// ReadOnly refuses every write (403).
	ReadOnly bool
	// Types, unless empty, are the only resource types the client may touch
	// (403 otherwise). What a resource says of others stays part of it: the
	// groups of a user, the members of a group.
	Types []string
	// Paused answers every request 503: provisioning is switched off for now,
	// and the client is to try again later.
	Paused bool
}

// permits reports whether the credential's scope covers the operation.
func (p *Principal) permits(kind OperationKind, typ string) bool {
	if len(p.Types) > 0 && !slices.Contains(p.Types, typ) {
		return false
	}
	return !p.ReadOnly || kind == OperationRetrieve || kind == OperationQuery
}

// Client is the kind of client, which decides how far its requests may depart
// from the RFCs (schema.Profile).
type Client uint8

const (
	// DefaultClient accepts what the identity providers are known to send,
	// where it is unambiguous.
	DefaultClient Client = iota
	// StrictClient follows the RFCs to the letter, for conformance runs.
	StrictClient
)

var profiles = map[Client]schema.Profile{
	DefaultClient: schema.Lenient(),
	StrictClient:  schema.Strict(),
}

// OperationKind is what an [Operation] does.
type OperationKind string

// The operations of RFC 7644 §3.2, Table 2.
const (
	OperationCreate   OperationKind = "create"
	OperationRetrieve OperationKind = "retrieve"
	OperationQuery    OperationKind = "query"
	OperationReplace  OperationKind = "replace"
	OperationPatch    OperationKind = "patch"
	OperationDelete   OperationKind = "delete"
)

// Operation is what [Config.Authorize] decides about.
type Operation struct {
	Kind      OperationKind
	Principal *Principal
	Type      *schema.ResourceType // a query over all types asks once for each
	ID        string               // "" for create and query
	Me        bool                 // the resource was addressed as /Me
}

// InsecureNoAuthentication lets everybody do everything as the single tenant.
// It is for tests and for servers behind something that authenticates.
func InsecureNoAuthentication() Authenticator {
	return AuthenticatorFunc(func(*http.Request) (*Principal, error) { return &Principal{}, nil })
}

// AuthenticationScheme describes how clients authenticate (RFC 7643 §5). An
// [Authenticator] with a method Schemes() []AuthenticationScheme has them
// published.
type AuthenticationScheme struct {
	Type             string `json:"type"` // oauth, oauth2, oauthbearertoken, httpbasic or httpdigest
	Name             string `json:"name"`
	Description      string `json:"description"`
	SpecURI          string `json:"specUri,omitempty"`
	DocumentationURI string `json:"documentationUri,omitempty"`
	Primary          bool   `json:"primary,omitempty"`
}
