package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

const wellKnown = "/.well-known/oauth-authorization-server" // RFC 8414 §3

// TokenPath returns the path of the token endpoint, where the server has to be
// mounted; "" without Config.Issuer.
func (s *Server) TokenPath() string {
	if s.issuer == nil {
		return ""
	}
	return s.issuer.Path + "/token"
}

// MetadataPath returns the path of the metadata, where the server has to be mounted:
// the well-known path is in front of the path of the issuer (RFC 8414 §3.1). "" without
// Config.Issuer.
func (s *Server) MetadataPath() string {
	if s.issuer == nil {
		return ""
	}
	return wellKnown + s.issuer.Path
}

// tokenURL returns the URL of the token endpoint, "" if there is none.
func (s *Server) tokenURL() string {
	if s.issuer == nil {
		return ""
	}
	return s.cfg.Issuer + "/token"
}

// ServeHTTP serves the token endpoint at [Server.TokenPath] and the metadata at
// [Server.MetadataPath]; anything else is 404. A router in front may have removed the
// path of the issuer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case s.issuer == nil:
		http.NotFound(w, r)
	case path == s.TokenPath() || path == "/token":
		s.serveToken(w, r)
	case path == s.MetadataPath() || path == s.issuer.Path+wellKnown || path == wellKnown:
		s.serveMetadata(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	address := s.cfg.RemoteAddress(r)
	if err := s.checkAddress(address); err != nil {
		s.writeError(w, r, &tokenRequest{method: methodNone}, err)
		return
	}
	req, err := readRequest(w, r)
	var made *issued
	if err == nil {
		made, err = s.exchange(r.Context(), req)
	}
	if err != nil {
		s.chargeAddress(address, err)
		s.writeError(w, r, req, err)
		return
	}
	writeJSON(w, http.StatusOK, made)
}

// exchange authenticates the client and issues an access token.
func (s *Server) exchange(ctx context.Context, req *tokenRequest) (*issued, error) {
	granted, err := s.authenticate(ctx, req)
	if err != nil {
		return nil, err
	}
	req.clientID, req.tenant = granted.client.ID, granted.client.Access.Tenant
	if err := checkConnection(granted.client); err != nil {
		return nil, failed(err)
	}
	if granted.client.Access.Paused {
		return nil, refuse(temporarily, errors.New("the client is paused"))
	}
	if err := s.checkState(ctx, granted.client.Access); err != nil {
		return nil, err
	}
	scope, err := grantScope(req.scope, granted.client.Access.ReadOnly)
	if err != nil {
		return nil, err
	}
	if err := s.takeToken(granted.client); err != nil {
		return nil, err
	}
	return s.issue(ctx, req, granted, scope)
}

// checkState refuses a client whose connection is not active (Config.Connections).
func (s *Server) checkState(ctx context.Context, access store.Token) error {
	if s.cfg.Connections == nil {
		return nil
	}
	c, err := s.cfg.Connections.FindConnection(store.WithTenant(ctx, access.Tenant), access.Connection)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refuse(invalidClient, fmt.Errorf("the connection %q does not exist: create it (connection.Manager.Ensure)", access.Connection))
	case err != nil:
		return failed(err)
	case c.State == connection.Paused:
		return refuse(temporarily, errors.New("the connection is paused"))
	case c.State != connection.Active:
		return refuse(invalidClient, errors.New("the connection is off"))
	}
	return nil
}

// The rates are kept by client and by address, told apart by the first name.
const (
	rateOfClient  = "client"
	rateOfAddress = "address"
)

// takeToken refuses a client that gets too many tokens. It counts those who have
// authenticated: with the ID of a client alone nobody uses up its rate.
func (s *Server) takeToken(c Client) error {
	if wait := s.rates.Take(rateOfClient, c.ID, s.now()); wait > 0 {
		return tooMany(wait, "the client gets too many tokens: let it use each until it expires (Config.Rate)")
	}
	return nil
}

// checkAddress refuses an address of which too many requests were refused.
func (s *Server) checkAddress(address string) error {
	if address == "" {
		return nil
	}
	if wait := s.rates.Wait(rateOfAddress, address, s.now()); wait > 0 {
		return tooMany(wait, fmt.Sprintf("too many requests from %q were refused (Config.Rate, Config.RemoteAddress)", issuer.Clip(address)))
	}
	return nil
}

// chargeAddress counts a request that was refused for what is in it.
func (s *Server) chargeAddress(address string, err error) {
	var e *refusal
	if address != "" && errors.As(err, &e) && e.wait == 0 && e.code != temporarily && e.code != serverError {
		s.rates.Charge(rateOfAddress, address, s.now(), 1)
	}
}

// granted is a client that has authenticated.
type granted struct {
	client Client
	// holds reports why another version of the client would be refused what this one
	// was granted; nil if it would not be.
	holds func(Client) error
}

// authenticate returns the client that a request proves to be from.
func (s *Server) authenticate(ctx context.Context, req *tokenRequest) (*granted, error) {
	var client *granted
	var err error
	switch req.method {
	case methodBasic, methodPost:
		client, err = s.bySecret(ctx, req.clientID, req.secret)
	case methodAssertion:
		client, err = s.byAssertion(ctx, req.clientID, req.proof, s.assertionPins)
	default:
		if req.grant == grantCredentials {
			err = errors.New("the request has no client authentication")
		}
	}
	if err != nil {
		return nil, refuse(invalidClient, err)
	}
	if req.grant == grantCredentials {
		return client, nil
	}
	id := req.clientID
	if client != nil {
		id = client.client.ID
	}
	client, err = s.byAssertion(ctx, id, req.assertion, func(c Client) []pin { return pinsOf(c.Assertions) })
	if err != nil {
		return nil, refuse(invalidGrant, err)
	}
	return client, nil
}

// bySecret authenticates a client by its secret. Every secret is compared, each in
// constant time.
func (s *Server) bySecret(ctx context.Context, id, secret string) (*granted, error) {
	client, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(secret))
	holds := func(c Client) error { return s.checkSecret(c, sum) }
	if err := holds(client); err != nil {
		return nil, err
	}
	return &granted{client, holds}, nil
}

func (s *Server) checkSecret(c Client, sum [sha256.Size]byte) error {
	var hit *Secret
	for i := range c.Secrets {
		if subtle.ConstantTimeCompare(sum[:], c.Secrets[i].SHA256[:]) == 1 {
			hit = &c.Secrets[i]
		}
	}
	switch {
	case sum == noSecret:
		return errors.New("the secret is empty")
	case hit == nil:
		return errors.New("the secret is not one of the client's")
	case !s.now().Before(hit.Expires):
		return fmt.Errorf("the secret %q has expired on %s", hit.ID, issuer.Stamp(hit.Expires))
	}
	return nil
}

// byAssertion authenticates a client by a JWT that one of its pins accepts. id may be
// "": the JWT says then to whom it belongs.
func (s *Server) byAssertion(ctx context.Context, id, text string, pins func(Client) []pin) (*granted, error) {
	j, err := issuer.Parse(text, assertionTypes)
	if err != nil {
		return nil, err
	}
	clients, err := s.claimants(ctx, id, &j.Claims)
	if err != nil {
		return nil, err
	}
	found, err := match(&j.Claims, clients, pins)
	if err != nil {
		return nil, err
	}
	by, err := s.verify(ctx, j, found)
	if err != nil {
		return nil, err
	}
	if err := s.checkReuse(ctx, &j.Claims, by); err != nil {
		return nil, fmt.Errorf("an assertion for client %q: %w", by.client.ID, err)
	}
	holds := func(c Client) error {
		if _, err := match(&j.Claims, []Client{c}, pins); err != nil {
			return err
		}
		if !accepts(c, pins, &j.Claims, by.pin.Keys) {
			return errors.New("the keys of the issuer are others")
		}
		return nil
	}
	return &granted{by.client, holds}, nil
}

func (s *Server) checkReuse(ctx context.Context, c *issuer.Claims, by *verified) error {
	if c.ID != "" {
		return s.useOnce(ctx, c, by)
	}
	if !by.pin.Reusable {
		return errors.New("jti is missing; Trust.Reusable accepts assertions of an issuer without it")
	}
	return nil
}

// useOnce refuses an assertion whose jti was used before.
func (s *Server) useOnce(ctx context.Context, c *issuer.Claims, by *verified) error {
	use := issuer.Use{
		Purpose: "oauth", Client: by.client.ID, Claims: c, Key: by.key, Now: s.now(),
		Ends: c.Expiry.Time().Add(s.cfg.Skew), Skew: s.cfg.Skew,
	}
	err := use.Once(ctx, s.cfg.Replays)
	var used issuer.Used
	if err == nil || errors.As(err, &used) {
		return err
	}
	return failed(err)
}

// claimants returns the clients to which a JWT may belong: the one that the request
// names, or else the one that the JWT names as issuer and subject, and those that know
// the issuer and subject.
func (s *Server) claimants(ctx context.Context, id string, c *issuer.Claims) ([]Client, error) {
	if id != "" {
		client, err := s.find(ctx, id)
		return []Client{client}, err
	}
	if c.Issuer != c.Subject {
		return s.trusting(ctx, c)
	}
	client, err := s.find(ctx, c.Subject)
	clients, other := s.trusting(ctx, c)
	if err == nil { // beside it others may trust an issuer of that name
		clients = slices.DeleteFunc(clients, func(one Client) bool { return one.ID == client.ID })
		return append([]Client{client}, clients...), nil
	}
	if other != nil {
		return nil, errors.Join(err, other)
	}
	return clients, nil
}

// trusting returns the clients that know the issuer and subject of a JWT.
func (s *Server) trusting(ctx context.Context, c *issuer.Claims) ([]Client, error) {
	found, err := s.cfg.Clients.FindTrusting(ctx, c.Issuer, c.Subject)
	if err != nil {
		return nil, failed(err)
	}
	var clients []Client
	var errs []error
	for _, one := range found {
		if err := s.usable(one); err != nil {
			errs = append(errs, err)
			continue
		}
		clients = append(clients, one)
	}
	if len(clients) == 0 {
		return nil, errors.Join(append(errs, fmt.Errorf("no client accepts JWTs with iss %q and sub %q", issuer.Clip(c.Issuer), issuer.Clip(c.Subject)))...)
	}
	return clients, nil
}

// find returns a client that may authenticate.
func (s *Server) find(ctx context.Context, id string) (Client, error) {
	if !validClientID(id) {
		return Client{}, errors.New("there is no such client: the ID is not one")
	}
	c, err := s.cfg.Clients.FindClient(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return Client{}, errors.New("there is no such client")
	}
	if err != nil {
		return Client{}, failed(err)
	}
	if c.ID != id {
		return Client{}, failed(fmt.Errorf("Clients.FindClient returned the client %q for %q", c.ID, id))
	}
	return c, s.usable(c)
}

// usable reports why a client may not authenticate at all.
func (s *Server) usable(c Client) error {
	if c.Access.Revoked {
		return errors.New("the client is revoked")
	}
	if end := c.Access.Expires; !end.IsZero() && !s.now().Before(end) {
		return fmt.Errorf("the client has expired on %s", issuer.Stamp(end))
	}
	if _, ok := s.cfg.Clients.(List); ok {
		return nil // checked by New
	}
	return s.checkClient(c) // the connection: when it has authenticated
}

// Scopes (RFC 6749 §3.3). All is scim, and scim.readwrite is another word for it,
// which the documentation of Microsoft Entra ID uses.
const (
	scopeAll   = "scim"
	scopeWrite = "scim.readwrite"
	scopeRead  = "scim.read"
)

// grantScope returns the scope of a token. A request without scope gets all that the
// client may do.
func grantScope(requested string, readOnly bool) (string, error) {
	if requested == "" {
		if readOnly {
			return scopeRead, nil
		}
		return scopeAll, nil
	}
	granted := scopeRead
	for _, one := range strings.Split(requested, " ") {
		switch one {
		case scopeRead:
		case scopeAll, scopeWrite:
			granted = requested
		default:
			return "", malformed(invalidScope, "expected "+scopeAll+" or "+scopeRead)
		}
	}
	if readOnly && granted != scopeRead {
		return "", malformed(invalidScope, "this client may have "+scopeRead+" only")
	}
	return granted, nil
}
