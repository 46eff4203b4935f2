package connection

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Issue is a token to be issued.
type Issue struct {
	Label    string    // for people
	Expires  time.Time // required, in the future
	ReadOnly bool
	Types    []string // resource type names it may touch; empty means all
}

// Tokens returns the tokens of a connection, revoked and expired ones too, in the order
// in which they were issued.
func (m *Manager) Tokens(ctx context.Context, tenant, name string) ([]store.Token, error) {
	if err := m.hasTokens(); err != nil {
		return nil, err
	}
	ctx = store.WithTenant(ctx, tenant)
	if _, err := m.cfg.Store.FindConnection(ctx, name); err != nil {
		return nil, err
	}
	return m.tokensOf(ctx, name)
}

func (m *Manager) tokensOf(ctx context.Context, name string) ([]store.Token, error) {
	all, err := m.cfg.Tokens.ListTokens(ctx)
	var own []store.Token
	for _, t := range all {
		if t.Connection == name {
			own = append(own, t)
		}
	}
	return own, err
}

func (m *Manager) hasTokens() error {
	if m.cfg.Tokens == nil {
		return errors.New("connection: Config.Tokens is not set, so that no tokens can be issued")
	}
	return nil
}

// IssueToken stores a new bearer token with the Client, Policy and BaseURL of the
// connection, beside those that it has. The secret is returned here and kept nowhere.
func (m *Manager) IssueToken(ctx context.Context, tenant, name string, i Issue, by By) (secret string, t store.Token, err error) {
	if err := errors.Join(m.hasTokens(), by.check(), m.checkExpires(i.Expires)); err != nil {
		return "", t, err
	}
	secret, t = m.newToken(tenant, name, i)
	err = m.change(ctx, tokenEvent(tenant, name, OpIssueToken, t.ID, by), func(ctx context.Context) error {
		return m.addToken(ctx, &t)
	})
	return given(secret, t, err)
}

// Rotation is the replacement of a token.
type Rotation struct {
	// Until is how long the old token is valid beside the new one. It never becomes
	// valid longer than it is. The zero time revokes it at once.
	Until time.Time
	// Expires is the expiry of the new token, required.
	Expires time.Time
	Label   string // of the new token; "": that of the old one
}

// Rotate issues a token in place of another one of the connection, with its label and
// scope; the old one is valid until a given time, so that the provider can be changed
// in between. An old token that is revoked or expired is an error: issue a new one.
func (m *Manager) Rotate(ctx context.Context, tenant, name, id string, r Rotation, by By) (secret string, t store.Token, err error) {
	if err := errors.Join(m.hasTokens(), by.check(), m.checkExpires(r.Expires)); err != nil {
		return "", t, err
	}
	if !r.Until.IsZero() && !r.Until.After(m.now()) {
		return "", t, mistake("connection: Rotation.Until is not in the future; the zero time revokes the old token at once")
	}
	secret, t = m.newToken(tenant, name, Issue{Label: r.Label, Expires: r.Expires})
	err = m.change(ctx, tokenEvent(tenant, name, OpRotateToken, t.ID, by).with("replaces "+id), func(ctx context.Context) error {
		// A revocation at the same moment comes before, or waits.
		if err := m.cfg.Tokens.SetToken(ctx, id, store.TokenChange{}); err != nil {
			return fmt.Errorf("token %q: %w", id, err)
		}
		old, err := m.token(ctx, name, id)
		if err != nil {
			return err
		}
		if old.Revoked || !old.Expires.IsZero() && !old.Expires.After(m.now()) {
			return mistake("the token %q is revoked or has expired: issue a new one", id)
		}
		if t.ReadOnly, t.Types = old.ReadOnly, old.Types; t.Label == "" {
			t.Label = old.Label
		}
		if err := m.addToken(ctx, &t); err != nil {
			return err
		}
		return m.cfg.Tokens.SetToken(ctx, id, ending(old, r.Until))
	})
	return given(secret, t, err)
}

// ending is the change of a token that ends at a time, or at once.
func ending(old store.Token, until time.Time) store.TokenChange {
	if until.IsZero() {
		revoked := true
		return store.TokenChange{Revoked: &revoked}
	}
	if !old.Expires.IsZero() && old.Expires.Before(until) {
		return store.TokenChange{}
	}
	return store.TokenChange{Expires: &until}
}

// RevokeToken ends a token of the connection at once and for good.
func (m *Manager) RevokeToken(ctx context.Context, tenant, name, id string, by By) error {
	if err := errors.Join(m.hasTokens(), by.check()); err != nil {
		return err
	}
	return m.change(ctx, tokenEvent(tenant, name, OpRevokeToken, id, by), func(ctx context.Context) error {
		if _, err := m.token(ctx, name, id); err != nil {
			return err
		}
		revoked := true
		return m.cfg.Tokens.SetToken(ctx, id, store.TokenChange{Revoked: &revoked})
	})
}

// token returns a token of the connection in the tenant of the context.
func (m *Manager) token(ctx context.Context, name, id string) (store.Token, error) {
	own, err := m.tokensOf(ctx, name)
	if err != nil {
		return store.Token{}, err
	}
	for _, t := range own {
		if t.ID == id {
			return t, nil
		}
	}
	return store.Token{}, fmt.Errorf("token %q: %w", id, store.ErrNotFound)
}

// addToken stores a token with what the connection gives it.
func (m *Manager) addToken(ctx context.Context, t *store.Token) error {
	c, err := m.cfg.Store.FindConnection(ctx, t.Connection)
	if err != nil {
		return err
	}
	t.Client, t.Policy, t.BaseURL = c.Client, c.Policy, c.BaseURL
	return m.cfg.Tokens.AddToken(ctx, *t)
}

// newToken returns a token with a fresh secret of 256 random bits, as scim.NewToken
// does.
func (m *Manager) newToken(tenant, name string, i Issue) (string, store.Token) {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand
	secret := base64.RawURLEncoding.EncodeToString(b[:])
	return secret, store.Token{
		ID: "tok_" + rand.Text()[:16], SHA256: sha256.Sum256([]byte(secret)), Tenant: tenant, Connection: name,
		Label: i.Label, ReadOnly: i.ReadOnly, Types: i.Types, Created: m.now(), Expires: i.Expires,
	}
}

func (m *Manager) checkExpires(t time.Time) error {
	switch {
	case t.IsZero():
		return mistake("connection: the token would never expire: set Expires, for example in a year")
	case !t.After(m.now()):
		return mistake("connection: Expires of the token is not in the future")
	}
	return nil
}

func tokenEvent(tenant, name, operation, token string, by By) event {
	return event{tenant: tenant, connection: name, operation: operation, by: by, token: token}
}

func (e event) with(detail string) event {
	e.detail = detail
	return e
}

// given returns a secret that is of use.
func given(secret string, t store.Token, err error) (string, store.Token, error) {
	if err != nil {
		return "", store.Token{}, err
	}
	return secret, t, nil
}
