package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Authenticator authenticates the client of a request. It is called once for each
// request, before anything else of it is read, and must be safe for concurrent
// use.
//
// [ErrUnauthenticated] becomes 401 with WWW-Authenticate and always the same
// text; [ErrForbidden] becomes 403, for credentials that are valid elsewhere
// (of another tenant); store.ErrUnavailable becomes 503; any other error 500.
//
// An Authenticator with a method Challenge() string provides the value of
// WWW-Authenticate (RFC 7644 §2); the default is Bearer.
type Authenticator interface {
	Authenticate(r *http.Request) (*Principal, error)
}

// AuthenticatorFunc is a function as an [Authenticator].
type AuthenticatorFunc func(r *http.Request) (*Principal, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(r *http.Request) (*Principal, error) { return f(r) }

// Principal is the authenticated client (RFC 7644 §2). It must not be modified
// after it was returned.
type Principal struct {
	// Tenant bounds all that the request reads and writes; "" is the single
	// tenant of an application without tenancy. The tenant has no other source.
	Tenant string
	// TokenID identifies the credential in logs and events. It is not a secret.
	TokenID string
	// Client selects the tolerance with which requests are read.
	Client Client
	// BaseURL, unless "", replaces Config.BaseURL in locations: the URL under
	// which this client reaches the handler.
	BaseURL string
	// Policy is the name in Endpoint.Policies of the policy for this client. An
	// endpoint without that name uses Endpoint.Policy. If no endpoint has it,
	// every request is answered 500.
	Policy string
	// Connection names the connection that the credential belongs to, for example
	// "okta": the owner of the resources that it creates, where the type has an
	// owner (schema.WithOwner). Credentials that replace one another have the same
	// Connection, so that a new one finds what the old one provisioned; a TokenID
	// is no Connection. A name belongs to one tenant. "" is no connection: what it
	// creates has no owner.
	Connection string
	// ReadOnly refuses every write (403).
	ReadOnly bool
	// Types, unless empty, are the only resource types that the client may read
	// and write (403 otherwise). References to other resources stay part of a
	// resource: the groups of a user, the members of a group.
	Types []string
	// Paused answers every request 503, so that the client tries again later.
	Paused bool
}

// limitedAs is the name under which the requests of the client are counted.
func (p *Principal) limitedAs() string {
	if p.Connection != "" {
		return p.Connection
	}
	return p.TokenID
}

// checkRate refuses a request beyond the rates of Limits (RFC 6585 §4). Retry-After
// is in whole seconds (RFC 9110 §10.2.3). The time is not that of Config.Now, which
// may be set back.
func (h *Handler) checkRate(p *Principal) error {
	wait := h.rates.Take(p.Tenant, p.limitedAs(), time.Now())
	if wait == 0 {
		return nil
	}
	seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	return &headerError{errorf(http.StatusTooManyRequests, "too many requests; try again in %s seconds", seconds), "Retry-After", seconds}
}

// admit returns the principal as the state of its connection (Config.Connections)
// lets it in: paused, if the connection is; ErrUnauthenticated, if it is off or does
// not exist.
func (h *Handler) admit(ctx context.Context, p *Principal) (*Principal, error) {
	if h.states == nil || p.Connection == "" {
		return p, nil
	}
	switch state, err := h.states.Of(ctx, p.Tenant, p.Connection); {
	case err != nil:
		return nil, err
	case state == connection.Active:
		return p, nil
	case state == connection.Paused:
		paused := *p
		paused.Paused = true
		return &paused, nil
	}
	return nil, ErrUnauthenticated
}

// permits reports whether the scope of the credential covers the operation.
func (p *Principal) permits(kind OperationKind, typ string) bool {
	if len(p.Types) > 0 && !slices.Contains(p.Types, typ) {
		return false
	}
	return !p.ReadOnly || kind == OperationRetrieve || kind == OperationQuery
}

// Client is a kind of client: it decides how its requests are read
// (schema.Profile). docs/profiles.md has the rules of each.
type Client uint8

const (
	// DefaultClient accepts the deviations of known identity providers where they
	// are unambiguous.
	DefaultClient Client = iota
	// StrictClient accepts only what the RFCs allow, for conformance tests.
	StrictClient
	// InteropClient has the rules of the SCIM interop profile
	// (draft-zollner-scim-interop-profile-01), a subset of SCIM. Entra ID and Okta
	// send requests that it refuses. See [Handler.Readiness].
	InteropClient
	// IPSIEAL1Client has the rules of level AL1 (deprovisioning of users) of the
	// OpenID IPSIE account lifecycle profile, draft 00. It includes the interop profile.
	IPSIEAL1Client
	// IPSIEAL2Client has the rules of level AL2 (management of users and groups),
	// which includes AL1.
	IPSIEAL2Client
)

//go:generate go test -run TestProfilesDocument . -update

// clients are the kinds of clients: the name of each in store.Token.Client, and its
// rules.
var clients = []struct {
	name    string
	profile schema.Profile
}{
	DefaultClient:  {"default", schema.Lenient()},
	StrictClient:   {"strict", schema.Strict()},
	InteropClient:  {"interop", schema.Interop()},
	IPSIEAL1Client: {"ipsie-al1", schema.IPSIEAL1()},
	IPSIEAL2Client: {"ipsie-al2", schema.IPSIEAL2()},
}

// ParseClient returns the kind of client with a name: "default" or "", "strict",
// "interop", "ipsie-al1", "ipsie-al2". Any other name is an error.
func ParseClient(name string) (Client, error) {
	if name == "" {
		return DefaultClient, nil
	}
	for c, known := range clients {
		if known.name == name {
			return Client(c), nil
		}
	}
	return 0, fmt.Errorf("scim: unknown client %q", name)
}

// String returns the name that [ParseClient] reads.
func (c Client) String() string {
	if int(c) >= len(clients) {
		return fmt.Sprintf("Client(%d)", uint8(c))
	}
	return clients[c].name
}

// Profile returns the rules of the client, as far as they do not depend on the
// configuration. Those of a client that is none of the constants are strict.
func (c Client) Profile() schema.Profile {
	if int(c) >= len(clients) {
		return schema.Strict()
	}
	return clients[c].profile
}

// conflict reports that the policy contradicts the rules of the client. It is a
// mistake of the embedder.
func (c Client) conflict(p Policy) error {
	switch {
	case c.Profile().DeleteDeletes && p.OnDelete != DeleteResource:
		return fmt.Errorf("scim: DELETE of client %s deletes, and its policy has DeactivateOnDelete", c)
	case c.Profile().TakenConflicts && p.OnTwin != RefuseTwin:
		return fmt.Errorf("scim: a unique value that is taken is a conflict for client %s, and its policy has OnTwin", c)
	}
	return nil
}

// OperationKind is the kind of an [Operation].
type OperationKind = audit.Operation

// The operations of RFC 7644 §3.2, Table 2.
const (
	OperationCreate   OperationKind = "create"
	OperationRetrieve OperationKind = "retrieve"
	OperationQuery    OperationKind = "query"
	OperationReplace  OperationKind = "replace"
	OperationPatch    OperationKind = "patch"
	OperationDelete   OperationKind = "delete"

	// OperationReleaseBrake is that of an operator (Handler.ReleaseBrake), in audit
	// records alone.
	OperationReleaseBrake OperationKind = "releaseBrake"
	// OperationRevoke is Handler.Revoke, in audit records alone.
	OperationRevoke OperationKind = "revoke"
	// OperationRetention is a deletion by package retention, in audit records alone.
	OperationRetention OperationKind = "retention"
)

// writes reports whether an operation changes a resource.
func writes(k OperationKind) bool {
	switch k {
	case OperationCreate, OperationReplace, OperationPatch, OperationDelete:
		return true
	}
	return false
}

// Operation is the argument of [Config.Authorize].
type Operation struct {
	Kind      OperationKind
	Principal *Principal
	Type      *schema.ResourceType // a query over all types is one operation for each
	ID        string               // "" for create and query
	Me        bool                 // the resource was addressed as /Me
}

// InsecureNoAuthentication permits every request, as the single tenant. It is for
// tests and for servers behind a proxy that authenticates.
func InsecureNoAuthentication() Authenticator {
	return AuthenticatorFunc(func(*http.Request) (*Principal, error) { return &Principal{}, nil })
}

// AnyOf authenticates by each of several authenticators in turn, for example access
// tokens and HTTP Basic, until one returns something else than [ErrUnauthenticated].
// WWW-Authenticate has the challenges of all, /ServiceProviderConfig their schemes.
// [New] refuses an empty list, and what it refuses of each.
func AnyOf(authenticators ...Authenticator) Authenticator {
	return anyOf(slices.Clone(authenticators))
}

type anyOf []Authenticator

func (a anyOf) check() error {
	if len(a) == 0 {
		return errors.New("scim: AnyOf has no authenticators, so that no client could authenticate")
	}
	var errs []error
	for _, one := range a {
		errs = append(errs, checkAuth(one))
	}
	return errors.Join(errs...)
}

// Authenticate returns the first principal, or the first error that is not
// ErrUnauthenticated.
func (a anyOf) Authenticate(r *http.Request) (*Principal, error) {
	for _, one := range a {
		if p, err := one.Authenticate(r); !errors.Is(err, ErrUnauthenticated) {
			return p, err
		}
	}
	return nil, ErrUnauthenticated
}

// Challenge is the value of WWW-Authenticate: a list (RFC 9110 §11.6.1).
func (a anyOf) Challenge() string {
	var all []string
	for _, one := range a {
		if c := challengeOf(one); !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return strings.Join(all, ", ")
}

// Schemes returns each scheme once. The first primary one is primary.
func (a anyOf) Schemes() []AuthenticationScheme {
	var all []AuthenticationScheme
	primary := false
	for _, one := range a {
		for _, s := range schemesOf(one) {
			if slices.ContainsFunc(all, func(other AuthenticationScheme) bool { return other.Type == s.Type }) {
				continue
			}
			s.Primary = s.Primary && !primary
			primary = primary || s.Primary
			all = append(all, s)
		}
	}
	return all
}

// challengeOf returns the value of WWW-Authenticate (RFC 7644 §2).
func challengeOf(a Authenticator) string {
	if c, ok := a.(interface{ Challenge() string }); ok {
		return c.Challenge()
	}
	return `Bearer realm="scim"`
}

func schemesOf(a Authenticator) []AuthenticationScheme {
	if s, ok := a.(interface{ Schemes() []AuthenticationScheme }); ok {
		return s.Schemes()
	}
	return nil
}

// fixedTokens returns the tokens of fixed lists, and whether an authenticator accepts
// no others.
func fixedTokens(a Authenticator) (tokens []store.Token, all bool) {
	if list, ok := a.(anyOf); ok {
		all = true
		for _, one := range list {
			fixed, only := fixedTokens(one)
			tokens, all = append(tokens, fixed...), all && only
		}
		return tokens, all
	}
	if fixed, ok := a.(interface{ tokens() []store.Token }); ok {
		tokens = fixed.tokens()
	}
	return tokens, tokens != nil
}

// AuthenticationScheme describes how clients authenticate (RFC 7643 §5). The
// schemes of an [Authenticator] with a method Schemes() []AuthenticationScheme are
// published in /ServiceProviderConfig.
type AuthenticationScheme struct {
	Type             string `json:"type"` // oauth, oauth2, oauthbearertoken, httpbasic or httpdigest
	Name             string `json:"name"`
	Description      string `json:"description"`
	SpecURI          string `json:"specUri,omitempty"`
	DocumentationURI string `json:"documentationUri,omitempty"`
	Primary          bool   `json:"primary,omitempty"`
}
