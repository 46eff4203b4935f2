package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/store"
)

const (
	// tokenPrefix begins the ID of an access token; the ID of its client follows.
	tokenPrefix = "oauth:"
	// maxLive is how many valid access tokens a client has: the oldest ends when there
	// are more, so that a client which asks for one for each request fills no table.
	maxLive = 100
	// maxDropped bounds the tokens that one request removes.
	maxDropped = 100
)

// issued is the response with an access token (RFC 6749 §5.1).
type issued struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// issue stores a new access token and removes those that have ended.
func (s *Server) issue(ctx context.Context, req *tokenRequest, g *granted, scope string) (*issued, error) {
	tenant := store.WithTenant(ctx, g.client.Access.Tenant)
	now := s.now()
	if err := s.tidy(tenant, g.client.ID, now); err != nil {
		return nil, failed(fmt.Errorf("remove old access tokens: %w", err))
	}
	secret, t := newAccessToken(g.client, now, s.cfg.TokenLifetime, scope)
	if err := s.cfg.Tokens.AddToken(tenant, t); err != nil {
		return nil, failed(fmt.Errorf("store the access token: %w", err))
	}
	if err := s.stillHolds(ctx, g); err != nil {
		return nil, errors.Join(err, s.cfg.Tokens.DropToken(tenant, t.ID))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "oauth: token issued", append(req.attrs(), slog.String("token", t.ID), slog.String("scope", scope))...)
	return &issued{secret, "Bearer", int64(t.Expires.Sub(now) / time.Second), scope}, nil
}

// stillHolds reads the client again after its token was stored. A client that was
// revoked or changed before that, with its tokens, would otherwise keep this one.
func (s *Server) stillHolds(ctx context.Context, g *granted) error {
	again, err := s.find(ctx, g.client.ID)
	if err == nil {
		err = g.holds(again)
	}
	if err == nil && !sameAccess(again.Access, g.client.Access) {
		err = errors.New("its Access is another one")
	}
	if err != nil {
		return refuse(invalidClient, fmt.Errorf("the client has changed meanwhile: %w", err))
	}
	return nil
}

// sameAccess reports whether tokens made from a and b may do the same. The fields that
// Client.Access does not use are not compared.
func sameAccess(a, b store.Token) bool {
	if !a.Expires.Equal(b.Expires) || !slices.Equal(a.Types, b.Types) {
		return false
	}
	for _, t := range []*store.Token{&a, &b} {
		t.ID, t.SHA256, t.Created, t.LastUsed = "", [sha256.Size]byte{}, time.Time{}, time.Time{}
		t.Expires, t.Types = time.Time{}, nil // compared above: nil is empty, and zones do not count
	}
	return reflect.DeepEqual(a, b)
}

// newAccessToken returns a token that may do what the client may, in the scope.
func newAccessToken(c Client, now time.Time, lifetime time.Duration, scope string) (string, store.Token) {
	secret, sum := scim.NewToken()
	t := c.Access
	t.ID, t.SHA256 = tokenPrefix+c.ID+":"+rand.Text(), sum
	t.Created, t.Expires, t.LastUsed = now, now.Add(lifetime), time.Time{}
	t.ReadOnly = t.ReadOnly || scope == scopeRead
	if end := c.Access.Expires; !end.IsZero() && end.Before(t.Expires) {
		t.Expires = end
	}
	return secret, t
}

// clientOf returns the client of an access token, "" for another token. The text
// after the last colon is random.
func clientOf(t store.Token) string {
	rest, ok := strings.CutPrefix(t.ID, tokenPrefix)
	end := strings.LastIndexByte(rest, ':')
	if !ok || end < 0 {
		return ""
	}
	return rest[:end]
}

// tidy removes access tokens of the tenant that have expired, and so many of the
// client that it has room for another one.
func (s *Server) tidy(ctx context.Context, client string, now time.Time) error {
	all, err := s.cfg.Tokens.ListTokens(ctx)
	if err != nil {
		return err
	}
	var drop, live []string // in order of Created
	for _, t := range all {
		switch owner := clientOf(t); {
		case owner == "":
		case !now.Before(t.Expires):
			drop = append(drop, t.ID)
		case owner == client && !t.Revoked:
			live = append(live, t.ID)
		}
	}
	drop = drop[:min(len(drop), maxDropped)]
	if excess := len(live) - maxLive + 1; excess > 0 {
		drop = append(drop, live[:min(excess, maxDropped)]...)
	}
	for _, id := range drop {
		if err := s.cfg.Tokens.DropToken(ctx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// RevokeClient revokes every access token of a client of the tenant, which end at
// once, and returns how many. To end the client itself, set Client.Access.Revoked, or
// remove it, before the call: a request that runs meanwhile gets no token then.
// Errors are those of Config.Tokens; the call can be repeated.
func (s *Server) RevokeClient(ctx context.Context, tenant, id string) (int, error) {
	return s.revoke(ctx, tenant, func(t store.Token) bool { return clientOf(t) == id })
}

// RevokeConnection revokes every access token of a connection of the tenant, like
// [Server.RevokeClient]. Tokens that this package did not issue stay as they are.
func (s *Server) RevokeConnection(ctx context.Context, tenant, connection string) (int, error) {
	return s.revoke(ctx, tenant, func(t store.Token) bool { return clientOf(t) != "" && t.Connection == connection })
}

func (s *Server) revoke(ctx context.Context, tenant string, match func(store.Token) bool) (int, error) {
	if s.cfg.Tokens == nil {
		return 0, nil
	}
	ctx = store.WithTenant(ctx, tenant)
	all, err := s.cfg.Tokens.ListTokens(ctx)
	if err != nil {
		return 0, err
	}
	n, revoked := 0, true
	for _, t := range all {
		if t.Revoked || !match(t) {
			continue
		}
		err := s.cfg.Tokens.SetToken(ctx, t.ID, store.TokenChange{Revoked: &revoked})
		if errors.Is(err, store.ErrNotFound) {
			continue // dropped meanwhile
		}
		if err != nil {
			return n, fmt.Errorf("oauth: revoke the access token %s: %w", t.ID, err)
		}
		n++
	}
	return n, nil
}
