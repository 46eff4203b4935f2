package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// Client is a client of the token endpoint (RFC 6749 §2): one connection of one
// tenant to one identity provider, with its credentials. A client needs one kind of
// credentials at least.
type Client struct {
	// ID is the client identifier (RFC 6749 §2.2), unique in all tenants: at most 128
	// printable ASCII characters. It is not a secret.
	ID string
	// Access is what the access tokens of the client may do: Tenant, Connection,
	// Policy, BaseURL, ReadOnly, Types, Client and Label are those of each token.
	// Revoked ends the client, and so does Expires. Paused is answered 503.
	// Connection is required: the rate and the brake count by it, and without it by the
	// ID of the token, which each access token has anew. Tenant may be "".
	// ID, SHA256, Created and LastUsed are not used.
	Access store.Token
	// Secrets are the valid client secrets. Two at once rotate one without an outage.
	Secrets []Secret
	// Keys are the public keys of a client that signs its own assertions
	// (private_key_jwt, RFC 7523 §2.2): iss and sub are the ID, aud is Config.Issuer
	// or the URL of the token endpoint, and jti is required. Nil: the client has none.
	Keys *Keys
	// Assertions are the JWTs of other issuers that the client may send to the token
	// endpoint, as client_assertion (RFC 7523 §2.2) or as assertion (§2.1).
	Assertions []Trust
	// Bearer are the JWTs of other issuers that the client may send to the SCIM
	// endpoints themselves, in place of an access token. They can be used until they
	// expire, as often as the client likes. A signature is not verified again for 3
	// minutes; each request reads the client and compares the claims all the same.
	Bearer []Trust
}

// Secret is a client secret as it is kept.
type Secret struct {
	ID      string            // names the secret in logs
	SHA256  [sha256.Size]byte // of a secret of at least 256 random bits, see [NewSecret]
	Expires time.Time         // required
}

// NewSecret returns a fresh client secret, which is shown once and stored nowhere,
// and the form in which it is kept. 256 random bits in URL-safe text.
func NewSecret(id string, expires time.Time) (string, Secret) {
	text, sum := scim.NewToken()
	return text, Secret{ID: id, SHA256: sum, Expires: expires}
}

// Keys are the public keys of an issuer: either the URL of a JWK set (RFC 7517 §5),
// or the set itself. RSA keys have 2,048 to 8,192 bits, elliptic curves are P-256,
// P-384, P-521 and Ed25519. Symmetric and private keys are ignored.
type Keys struct {
	// URL is fetched when it is first needed, then once an hour, and when an assertion
	// names an unknown key, at most every 30 seconds. Its host is one of
	// Config.KeyHosts.
	URL string
	// JSON is the text of a JWK set, at most 1 MiB.
	JSON string
}

// Trust is a kind of JWT (RFC 7519) that an issuer makes for a client. Every claim
// that it names must have exactly that value.
type Trust struct {
	Issuer   string // iss, required
	Audience string // aud has it, required
	Subject  string // sub, required
	// TenantID is the claim tid, required for issuers of Microsoft Entra ID; "": it is
	// not compared.
	TenantID string
	// AppID is the claim appid or, in its absence, azp; "": it is not compared.
	AppID string
	Keys  Keys // of the issuer
	// Reusable accepts assertions without a jti, which can be sent again until they
	// expire. Those of Microsoft Entra ID have none. An assertion that has a jti is
	// accepted once by the token endpoint.
	Reusable bool
}

// Clients finds clients. An application that keeps them in a table of its own
// implements it, and checks each with [Server.Check] before it is stored. It must be
// safe for concurrent use. Results belong to the caller.
//
// store.ErrNotFound means that there is no such client, store.ErrUnavailable becomes
// 503, any other error 500.
type Clients interface {
	// FindClient returns the client with that ID, of whatever tenant, revoked ones too.
	// The ID is not authenticated and can be any text.
	FindClient(ctx context.Context, id string) (Client, error)
	// FindTrusting returns the clients that have a [Trust], in Assertions or Bearer,
	// with that Issuer and Subject; none is no error. They are not authenticated and
	// can be any text. It is called for JWTs that come without a client_id.
	FindTrusting(ctx context.Context, issuer, subject string) ([]Client, error)
}

// List is a fixed list of clients. [New] refuses an empty one, and a mistake in any
// client.
type List []Client

// FindClient implements [Clients].
func (l List) FindClient(_ context.Context, id string) (Client, error) {
	for _, c := range l {
		if c.ID == id {
			return c, nil
		}
	}
	return Client{}, store.ErrNotFound
}

// FindTrusting implements [Clients].
func (l List) FindTrusting(_ context.Context, issuer, subject string) ([]Client, error) {
	var found []Client
	for _, c := range l {
		if trusts(c.Assertions, issuer, subject) || trusts(c.Bearer, issuer, subject) {
			found = append(found, c)
		}
	}
	return found, nil
}

// Credentials returns the secrets of the clients of the tenant in the context, for
// connection.Config.Credentials, which foresees their expiry.
func (l List) Credentials(ctx context.Context) ([]connection.Credential, error) {
	var out []connection.Credential
	for _, c := range l {
		if c.Access.Tenant == store.Tenant(ctx) {
			out = append(out, c.Credentials()...)
		}
	}
	return out, nil
}

// Credentials returns the secrets of the client, none if it is revoked. An application
// with clients in a table makes its own connection.Config.Credentials with it.
func (c Client) Credentials() []connection.Credential {
	if c.Access.Revoked {
		return nil
	}
	var out []connection.Credential
	for _, secret := range c.Secrets {
		out = append(out, connection.Credential{
			Kind: "secret", ID: c.ID + " " + secret.ID, Connection: c.Access.Connection, Label: c.Access.Label, Expires: secret.Expires,
		})
	}
	return out
}

func trusts(list []Trust, issuer, subject string) bool {
	for _, t := range list {
		if t.Issuer == issuer && t.Subject == subject {
			return true
		}
	}
	return false
}

// checkList rejects a list with a mistake.
func (s *Server) checkList(list List) error {
	if len(list) == 0 {
		return errors.New("oauth: List has no clients, so that none could authenticate")
	}
	var errs []error
	ids, secrets := map[string]bool{}, map[[sha256.Size]byte]string{}
	for _, c := range list {
		errs = append(errs, s.Check(c))
		if ids[c.ID] {
			errs = append(errs, fmt.Errorf("oauth: two clients have the ID %q", c.ID))
		}
		ids[c.ID] = true
		for _, secret := range c.Secrets {
			if other, ok := secrets[secret.SHA256]; ok && other != c.ID {
				errs = append(errs, fmt.Errorf("oauth: the clients %q and %q have the same secret", other, c.ID))
			}
			secrets[secret.SHA256] = c.ID
		}
	}
	return errors.Join(append(errs, checkAmbiguous(list))...)
}

// checkAmbiguous rejects two clients that the same bearer JWT would authenticate.
func checkAmbiguous(list List) error {
	type pins struct{ issuer, audience, subject, tenant, app string }
	var errs []error
	taken := map[pins]string{}
	for _, c := range list {
		for _, t := range c.Bearer {
			p := pins{t.Issuer, t.Audience, t.Subject, t.TenantID, t.AppID}
			if other, ok := taken[p]; ok && other != c.ID {
				errs = append(errs, fmt.Errorf("oauth: the clients %q and %q have the same Bearer, so that a JWT belongs to both: set AppID or another Audience", other, c.ID))
			}
			taken[p] = c.ID
		}
	}
	return errors.Join(errs...)
}

// noSecret is the hash of an empty secret, for example that of an environment
// variable that is not set.
var noSecret = sha256.Sum256(nil)

// Check reports all mistakes of a client, and what to do about each. [New] calls it
// for the clients of a [List]; an application with clients in a table calls it before
// it stores one. A client with a mistake that is stored all the same is refused.
func (s *Server) Check(c Client) error {
	return errors.Join(checkConnection(c), s.checkClient(c))
}

// checkConnection rejects a client whose requests nothing would count together.
func checkConnection(c Client) error {
	if c.Access.Connection == "" {
		return fmt.Errorf("oauth: client %q: Access.Connection is empty, so that the rate and the brake would begin anew with each access token: name the connection, for example \"entra\", and keep the name", c.ID)
	}
	return nil
}

// checkClient reports the mistakes because of which a client cannot authenticate.
func (s *Server) checkClient(c Client) error {
	var errs []error
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("oauth: client %q: "+format, append([]any{c.ID}, args...)...))
	}
	if !validClientID(c.ID) {
		mistake("the ID has to have 1 to 128 printable ASCII characters (RFC 6749 §2.2)")
	}
	if _, err := scim.PrincipalOf(c.Access); err != nil {
		mistake("Access.Client %q is unknown", c.Access.Client)
	}
	if len(c.Secrets)+len(c.Assertions)+len(c.Bearer) == 0 && c.Keys == nil {
		mistake("it has no credentials: set Secrets, Keys, Assertions or Bearer")
	}
	if s.issuer == nil && (len(c.Secrets)+len(c.Assertions) > 0 || c.Keys != nil) {
		mistake("Secrets, Keys and Assertions need a token endpoint: set Config.Issuer")
	}
	for _, err := range checkSecrets(c.Secrets) {
		mistake("%w", err)
	}
	if c.Keys != nil {
		if err := s.checkKeys(*c.Keys); err != nil {
			mistake("Keys: %w", err)
		}
	}
	for i, t := range c.Assertions {
		if err := s.checkTrust(t); err != nil {
			mistake("Assertions[%d]: %w", i, err)
		}
	}
	for i, t := range c.Bearer {
		if err := s.checkTrust(t); err != nil {
			mistake("Bearer[%d]: %w", i, err)
		}
	}
	return errors.Join(errs...)
}

// validClientID reports whether a text is a client identifier that can be part of
// the ID of a token. RFC 6749 allows spaces, which a log makes ambiguous.
func validClientID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 128
}

func checkSecrets(secrets []Secret) (errs []error) {
	ids, sums := map[string]bool{}, map[[sha256.Size]byte]bool{}
	for _, secret := range secrets {
		switch {
		case secret.ID == "":
			errs = append(errs, errors.New("a secret has no ID, which names it in logs"))
		case secret.SHA256 == noSecret || secret.SHA256 == [sha256.Size]byte{}:
			errs = append(errs, fmt.Errorf("secret %q is empty: is its environment variable set?", secret.ID))
		case secret.Expires.IsZero():
			errs = append(errs, fmt.Errorf("secret %q never expires: set Expires, for example in a year", secret.ID))
		case ids[secret.ID]:
			errs = append(errs, fmt.Errorf("two secrets have the ID %q", secret.ID))
		case sums[secret.SHA256]:
			errs = append(errs, fmt.Errorf("secret %q is there twice", secret.ID))
		}
		ids[secret.ID], sums[secret.SHA256] = true, true
	}
	return errs
}

func (s *Server) checkTrust(t Trust) error {
	var errs []error
	if t.Issuer == "" || t.Audience == "" || t.Subject == "" {
		errs = append(errs, errors.New("set Issuer, Audience and Subject, or JWTs for other clients would be accepted"))
	}
	if strings.HasSuffix(t.Audience, "/.default") {
		errs = append(errs, fmt.Errorf("the Audience %q is a scope; the claim aud has it without /.default", t.Audience))
	}
	if isEntra(t.Issuer) && t.TenantID == "" {
		errs = append(errs, errors.New("set TenantID (the claim tid), which is required for an issuer of Microsoft Entra ID"))
	}
	return errors.Join(append(errs, s.checkKeys(t.Keys))...)
}

// isEntra reports whether an issuer is Microsoft Entra ID, in any of its clouds.
func isEntra(issuer string) bool {
	for _, host := range []string{"https://login.microsoftonline.", "https://login.partner.microsoftonline.", "https://sts.windows.net/", "https://sts.chinacloudapi.cn/"} {
		if strings.HasPrefix(issuer, host) {
			return true
		}
	}
	return false
}

func (s *Server) checkKeys(k Keys) error { return s.keys.Check(issuer.Keys(k)) }
