package scim

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// NewToken returns a fresh bearer token: the secret, which is shown once and
// stored nowhere, and its SHA-256. 256 random bits in URL-safe text.
func NewToken() (secret string, sum [sha256.Size]byte) {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, sha256.Sum256([]byte(secret))
}

// HashToken returns the token of a secret, for the single tenant and the
// default client; its other fields may be set afterwards. A secret needs full
// entropy, since only its SHA-256 is held: use at least 32 random bytes.
func HashToken(id, secret string) store.Token {
	return store.Token{ID: id, SHA256: sha256.Sum256([]byte(secret))}
}

// BearerTokens authenticates by "Authorization: Bearer" (RFC 6750) against a
// fixed list. Every token is compared, each in constant time. All fields of a
// token hold as they do in [StoredTokens], but for LastUsed. [New] refuses an
// empty list, an empty secret and tokens that share an ID or a secret.
func BearerTokens(tokens ...store.Token) Authenticator {
	tokens = append([]store.Token(nil), tokens...)
	return &bearer{fixed: tokens, now: time.Now, checked: func() error { return checkTokens("BearerTokens", tokens) }, find: func(_ context.Context, sum [sha256.Size]byte) (store.Token, error) {
		return findFixed(tokens, func(t *store.Token) int { return subtle.ConstantTimeCompare(sum[:], t.SHA256[:]) })
	}}
}

// StoredTokens authenticates by "Authorization: Bearer" (RFC 6750) against
// tokens in a store, so that they can be added, paused, expired and revoked
// while the program runs; two valid tokens at once rotate one without an outage.
//
// The response is the same for a token that is unknown, wrong, expired or
// revoked, and each costs one look-up by SHA-256, which discloses nothing about
// the secret. now may be nil for time.Now. A token with an unknown Client is
// answered 500.
func StoredTokens(tokens store.Tokens, now func() time.Time) Authenticator {
	if now == nil {
		now = time.Now
	}
	if isNil(tokens) {
		missing := errors.New("scim: StoredTokens needs a store.Tokens")
		return &bearer{
			now: now, checked: func() error { return missing },
			find: func(context.Context, [sha256.Size]byte) (store.Token, error) { return store.Token{}, missing },
		}
	}
	return &bearer{now: now, find: tokens.FindToken, touch: tokens.TouchToken}
}

// StoredPasswords authenticates by HTTP Basic (RFC 7617) against tokens in a store: the
// user name is the ID of a token, the password its secret. Like those of [StoredTokens]
// they can be added, paused, expired and revoked while the program runs, and the
// response does not tell why one is refused. Each token of the store is accepted as a
// password, and by StoredTokens on the same store as a bearer token, too. Offer Basic to
// clients that support nothing better, with an end (Token.Expires) and a Connection for
// each. now may be nil for time.Now.
func StoredPasswords(tokens store.Tokens, now func() time.Time) Authenticator {
	return storedBasic{StoredTokens(tokens, now).(*bearer)}
}

// bearer authenticates by bearer tokens.
type bearer struct {
	// find returns the token with a SHA-256, store.ErrNotFound if there is none.
	find  func(ctx context.Context, sum [sha256.Size]byte) (store.Token, error)
	touch func(ctx context.Context, id string, at time.Time) error // nil: uses are not stored
	now   func() time.Time
	// checked reports what New refuses; nil: nothing.
	checked func() error
	fixed   []store.Token // nil: the tokens are in a store
}

func (b *bearer) tokens() []store.Token { return b.fixed }

func (b *bearer) check() error {
	if b.checked == nil {
		return nil
	}
	return b.checked()
}

// Challenge is the value of WWW-Authenticate.
func (*bearer) Challenge() string { return `Bearer realm="scim"` }

// Schemes describes bearer tokens.
func (*bearer) Schemes() []AuthenticationScheme {
	return []AuthenticationScheme{{
		Type: "oauthbearertoken", Name: "Bearer Token",
		Description: "A bearer token in the Authorization header", SpecURI: "https://www.rfc-editor.org/info/rfc6750", Primary: true,
	}}
}

// Authenticate finds the token of a request and returns its principal.
func (b *bearer) Authenticate(r *http.Request) (*Principal, error) {
	secret, ok := bearerSecret(r)
	if !ok {
		return nil, ErrUnauthenticated
	}
	return b.authenticate(r.Context(), secret, func(string) bool { return true })
}

// authenticate finds the token of a secret, whose ID has to fit the request.
func (b *bearer) authenticate(ctx context.Context, secret string, fits func(id string) bool) (*Principal, error) {
	sum := sumOf(secret)
	t, err := b.find(ctx, sum)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	now := b.now()
	if subtle.ConstantTimeCompare(sum[:], t.SHA256[:]) != 1 || !fits(t.ID) || !valid(&t, now) {
		return nil, ErrUnauthenticated
	}
	b.noteUse(ctx, &t, now)
	return principalOf(&t)
}

// sumOf returns the SHA-256 of a secret of a request. One of the usual length is hashed
// on the stack.
func sumOf(secret string) [sha256.Size]byte {
	var room [128]byte
	return sha256.Sum256(append(room[:0], secret...))
}

const (
	touchEvery    = time.Minute            // precision of Token.LastUsed
	touchPatience = 100 * time.Millisecond // the longest a request waits for the note of its use
)

// noteUse stores the time of the use. A failure, or a database that is busy
// writing, is no reason to refuse the request; the next request tries again.
func (b *bearer) noteUse(ctx context.Context, t *store.Token, now time.Time) {
	if b.touch == nil || now.Sub(t.LastUsed) < touchEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	_ = b.touch(ctx, t.ID, now)
}

// bearerSecret returns the credentials of the one Authorization header.
func bearerSecret(r *http.Request) (string, bool) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return "", false
	}
	scheme, secret, ok := strings.Cut(headers[0], " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "Bearer") && secret != ""
}

// BasicPasswords authenticates by HTTP Basic (RFC 7617): the user name is the
// ID of a token, the password its secret. Offer it to clients that support
// nothing better, with a random secret as for [HashToken]. All fields of a token
// hold as they do in [BearerTokens].
func BasicPasswords(tokens ...store.Token) Authenticator {
	return basic(append([]store.Token(nil), tokens...))
}

type basic []store.Token

func (b basic) tokens() []store.Token { return b }

func (b basic) check() error { return checkTokens("BasicPasswords", b) }

// Challenge is the value of WWW-Authenticate.
func (basic) Challenge() string { return `Basic realm="scim", charset="UTF-8"` }

// Schemes describes HTTP Basic.
func (basic) Schemes() []AuthenticationScheme {
	return []AuthenticationScheme{{
		Type: "httpbasic", Name: "HTTP Basic",
		Description: "A user name and password in the Authorization header", SpecURI: "https://www.rfc-editor.org/info/rfc7617", Primary: true,
	}}
}

// Authenticate finds the token of a user name and password and returns its
// principal.
func (b basic) Authenticate(r *http.Request) (*Principal, error) {
	name, password, ok := basicCredentials(r)
	if !ok {
		return nil, ErrUnauthenticated
	}
	user, sum := sumOf(name), sumOf(password)
	t, err := findFixed(b, func(t *store.Token) int {
		id := sumOf(t.ID)
		return subtle.ConstantTimeCompare(user[:], id[:]) & subtle.ConstantTimeCompare(sum[:], t.SHA256[:])
	})
	if err != nil || !valid(&t, time.Now()) {
		return nil, ErrUnauthenticated
	}
	return principalOf(&t)
}

// basicCredentials returns those of the one Authorization header.
func basicCredentials(r *http.Request) (name, password string, ok bool) {
	name, password, ok = r.BasicAuth()
	return name, password, ok && password != "" && len(r.Header.Values("Authorization")) == 1
}

// storedBasic authenticates by HTTP Basic against tokens in a store.
type storedBasic struct{ *bearer }

// Challenge is the value of WWW-Authenticate.
func (storedBasic) Challenge() string { return basic(nil).Challenge() }

// Schemes describes HTTP Basic.
func (storedBasic) Schemes() []AuthenticationScheme { return basic(nil).Schemes() }

// Authenticate finds the token of a password, which has to have the user name as ID.
func (s storedBasic) Authenticate(r *http.Request) (*Principal, error) {
	name, password, ok := basicCredentials(r)
	if !ok {
		return nil, ErrUnauthenticated
	}
	return s.authenticate(r.Context(), password, func(id string) bool { return id == name })
}

// findFixed returns the token for which match returns 1, store.ErrNotFound if
// there is none. It compares every token, so that the time does not disclose
// the position of one.
func findFixed(tokens []store.Token, match func(*store.Token) int) (store.Token, error) {
	hit := -1
	for i := range tokens {
		if match(&tokens[i]) == 1 {
			hit = i
		}
	}
	if hit < 0 {
		return store.Token{}, store.ErrNotFound
	}
	return tokens[hit], nil
}

// valid reports whether a token is neither revoked nor expired.
func valid(t *store.Token, now time.Time) bool {
	return !t.Revoked && (t.Expires.IsZero() || now.Before(t.Expires))
}

// PrincipalOf returns the principal of a token, for an [Authenticator] that
// authenticates by other credentials, such as signed ones, and describes with a
// token what they may do. Revoked and Expires are for the authenticator to check.
// A token with an unknown Client is an error (500).
func PrincipalOf(t store.Token) (*Principal, error) { return principalOf(&t) }

func principalOf(t *store.Token) (*Principal, error) {
	p := &Principal{
		Tenant: t.Tenant, TokenID: t.ID, Policy: t.Policy, BaseURL: t.BaseURL, Connection: t.Connection,
		ReadOnly: t.ReadOnly, Types: t.Types, Paused: t.Paused,
	}
	var err error
	if p.Client, err = ParseClient(t.Client); err != nil {
		return nil, fmt.Errorf("scim: token %s: %w", t.ID, err)
	}
	return p, nil
}
