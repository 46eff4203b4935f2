package scim

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Token is a bearer token as the service provider keeps it: not at all. Only
// the SHA-256 of it is held, which suffices because a token has full entropy.
type Token struct {
	ID     string // names the token in logs
	SHA256 [sha256.Size]byte
	// Tenant, Client, Policy and BaseURL are those of the [Principal].
	Tenant  string
	Client  Client
	Policy  string
	BaseURL string
}

func (t *Token) principal() *Principal {
	return &Principal{Tenant: t.Tenant, TokenID: t.ID, Client: t.Client, Policy: t.Policy, BaseURL: t.BaseURL}
}

// HashToken returns the Token of a secret, for the single tenant and the
// default client. Use at least 32 random bytes for a secret.
func HashToken(id, secret string) Token {
	return Token{ID: id, SHA256: sha256.Sum256([]byte(secret))}
}

// ParseToken returns the Token of a hex SHA-256.
func ParseToken(id, hexSHA256 string) (Token, error) {
	t := Token{ID: id}
	b, err := hex.DecodeString(hexSHA256)
	if err != nil || len(b) != len(t.SHA256) {
		return Token{}, fmt.Errorf("scim: token %s: not a hex SHA-256", id)
	}
	copy(t.SHA256[:], b)
	return t, nil
}

// NewToken returns a fresh bearer token: the secret, which is shown once and
// kept nowhere, and its SHA-256. 256 random bits in URL-safe text.
func NewToken() (secret string, sum [sha256.Size]byte) {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, sha256.Sum256([]byte(secret))
}

// BearerTokens authenticates by "Authorization: Bearer" (RFC 6750) against a
// fixed list. Every token is compared, each in constant time.
func BearerTokens(tokens ...Token) Authenticator {
	return bearer(append([]Token(nil), tokens...))
}

type bearer []Token

// Challenge is the value of WWW-Authenticate.
func (bearer) Challenge() string { return `Bearer realm="scim"` }

// Schemes describes bearer tokens.
func (bearer) Schemes() []AuthenticationScheme {
	return []AuthenticationScheme{{
		Type: "oauthbearertoken", Name: "Bearer Token",
		Description: "A bearer token in the Authorization header", SpecURI: "https://www.rfc-editor.org/info/rfc6750", Primary: true,
	}}
}

func (b bearer) Authenticate(r *http.Request) (*Principal, error) {
	secret, ok := bearerSecret(r)
	if !ok {
		return nil, ErrUnauthenticated
	}
	sum := sha256.Sum256([]byte(secret))
	var hit *Token
	for i := range b {
		if subtle.ConstantTimeCompare(sum[:], b[i].SHA256[:]) == 1 {
			hit = &b[i]
		}
	}
	if hit == nil {
		return nil, ErrUnauthenticated
	}
	return hit.principal(), nil
}

// bearerSecret returns the credentials of the one Authorization header.
func bearerSecret(r *http.Request) (string, bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", false
	}
	scheme, secret, ok := strings.Cut(headers[0], " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "Bearer") && secret != ""
}

// StoredTokens authenticates by "Authorization: Bearer" (RFC 6750) against
// tokens kept in a store, so that they can be added, paused, expired and
// revoked while the program runs; two valid tokens at once rotate one without
// an outage.
//
// A token that is unknown, wrong, expired or revoked is answered alike: every
// one costs one look-up by SHA-256, which tells nothing about the secret. now
// may be nil for time.Now.
func StoredTokens(tokens store.Tokens, now func() time.Time) Authenticator {
	if now == nil {
		now = time.Now
	}
	return &storedTokens{tokens: tokens, now: now}
}

type storedTokens struct {
	bearer
	tokens store.Tokens
	now    func() time.Time
}

func (s *storedTokens) Authenticate(r *http.Request) (*Principal, error) {
	secret, ok := bearerSecret(r)
	if !ok {
		return nil, ErrUnauthenticated
	}
	sum := sha256.Sum256([]byte(secret))
	t, err := s.tokens.FindToken(r.Context(), sum)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	expired := !t.Expires.IsZero() && !now.Before(t.Expires)
	if subtle.ConstantTimeCompare(sum[:], t.SHA256[:]) != 1 || expired || t.Revoked {
		return nil, ErrUnauthenticated
	}
	s.touch(r.Context(), t, now)
	return principalOf(t)
}

const (
	touchEvery    = time.Minute            // how exactly the last use of a token is kept
	touchPatience = 100 * time.Millisecond // how long a request waits for that
)

// touch notes the use. Neither a failure nor a database that is busy writing is
// a reason to refuse the request; the next one tries again.
func (s *storedTokens) touch(ctx context.Context, t store.Token, now time.Time) {
	if now.Sub(t.LastUsed) < touchEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	_ = s.tokens.TouchToken(ctx, t.ID, now)
}

func principalOf(t store.Token) (*Principal, error) {
	p := &Principal{
		Tenant: t.Tenant, TokenID: t.ID, Policy: t.Policy, BaseURL: t.BaseURL,
		ReadOnly: t.ReadOnly, Types: t.Types, Paused: t.Paused,
	}
	switch t.Client {
	case "":
	case "strict":
		p.Client = StrictClient
	default:
		return nil, errors.New("scim: token " + t.ID + " has an unknown client")
	}
	return p, nil
}

// BasicPasswords authenticates by HTTP Basic (RFC 7617): the user name is the
// Token's ID, the password its secret. Offer it to clients that know nothing
// better, with a random secret as for [HashToken].
func BasicPasswords(tokens ...Token) Authenticator {
	return basic(append([]Token(nil), tokens...))
}

type basic []Token

// Challenge is the value of WWW-Authenticate.
func (basic) Challenge() string { return `Basic realm="scim", charset="UTF-8"` }

// Schemes describes HTTP Basic.
func (basic) Schemes() []AuthenticationScheme {
	return []AuthenticationScheme{{
		Type: "httpbasic", Name: "HTTP Basic",
		Description: "A user name and password in the Authorization header", SpecURI: "https://www.rfc-editor.org/info/rfc7617", Primary: true,
	}}
}

func (b basic) Authenticate(r *http.Request) (*Principal, error) {
	name, password, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) != 1 {
		return nil, ErrUnauthenticated
	}
	user, sum := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(password))
	var hit *Token
	for i := range b {
		id := sha256.Sum256([]byte(b[i].ID))
		if subtle.ConstantTimeCompare(user[:], id[:])&subtle.ConstantTimeCompare(sum[:], b[i].SHA256[:]) == 1 {
			hit = &b[i]
		}
	}
	if hit == nil {
		return nil, ErrUnauthenticated
	}
	return hit.principal(), nil
}
