package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// claims are the claims of a JWT that are read (RFC 7519 §4.1; tid, appid and azp of
// Microsoft Entra ID). Names are compared with case, and a name twice is an error.
type claims struct {
	Issuer          string           `json:"iss"`
	Subject         string           `json:"sub"`
	Audience        jwt.Audience     `json:"aud"`
	Expiry          *jwt.NumericDate `json:"exp"`
	NotBefore       *jwt.NumericDate `json:"nbf"`
	IssuedAt        *jwt.NumericDate `json:"iat"`
	ID              string           `json:"jti"`
	TenantID        string           `json:"tid"`
	AppID           string           `json:"appid"`
	AuthorizedParty string           `json:"azp"`
}

// signed is a JWT whose signature is still to be verified.
type signed struct {
	claims
	token     *jwt.JSONWebToken
	kid       string
	algorithm string
}

// Types of JWTs (RFC 7515 §4.1.9), in lower case and without "application/". Others
// are for other purposes (RFC 8725 §3.11), for example logout tokens.
var (
	assertionTypes = []string{"", "jwt", "client-authentication+jwt", "authorization-grant+jwt"}
	bearerTypes    = []string{"", "jwt", "at+jwt"}
)

// parseJWT reads a JWT without verifying it.
func parseJWT(text string, types []string) (*signed, error) {
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return nil, fmt.Errorf("the assertion is not a JWT with an accepted algorithm: %w", err)
	}
	header := token.Headers[0]
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if !slices.Contains(types, strings.TrimPrefix(strings.ToLower(typ), "application/")) {
		return nil, fmt.Errorf("typ %q is not one for this purpose", clip(typ))
	}
	j := &signed{token: token, kid: header.KeyID, algorithm: header.Algorithm}
	if err := token.UnsafeClaimsWithoutVerification(&j.claims); err != nil {
		return nil, fmt.Errorf("the claims cannot be read: %w", err)
	}
	return j, nil
}

// pin is a [Trust] with all audiences that it accepts.
type pin struct {
	Trust
	audiences []string
}

func pinsOf(trusts []Trust) []pin {
	var pins []pin
	for _, t := range trusts {
		pins = append(pins, pin{t, []string{t.Audience}})
	}
	return pins
}

// assertionPins returns what the client may assert of itself, and what others may.
func (s *Server) assertionPins(c Client) []pin {
	pins := pinsOf(c.Assertions)
	if c.Keys != nil {
		own := Trust{Issuer: c.ID, Subject: c.ID, Keys: *c.Keys}
		pins = append(pins, pin{own, []string{s.cfg.Issuer, s.tokenURL()}})
	}
	return pins
}

// differs returns the claim that is not as pinned, nil if all are.
func (p pin) differs(c *claims) error {
	for _, one := range []struct{ name, got, want string }{
		{"iss", c.Issuer, p.Issuer}, {"sub", c.Subject, p.Subject},
	} {
		if one.got != one.want || one.got == "" {
			return fmt.Errorf("%s is %q, expected %q", one.name, clip(one.got), one.want)
		}
	}
	if !slices.ContainsFunc(p.audiences, func(a string) bool { return a != "" && c.Audience.Contains(a) }) {
		return fmt.Errorf("aud is %q, expected %q", clip(strings.Join(c.Audience, " ")), p.audiences)
	}
	if p.TenantID != "" && c.TenantID != p.TenantID {
		return fmt.Errorf("tid is %q, expected %q", clip(c.TenantID), p.TenantID)
	}
	app := c.AppID
	if app == "" {
		app = c.AuthorizedParty
	}
	if p.AppID != "" && app != p.AppID {
		return fmt.Errorf("appid or azp is %q, expected %q", clip(app), p.AppID)
	}
	return nil
}

// match returns the one client, and its pin, whose claims a JWT has.
func match(c *claims, clients []Client, pinsOf func(Client) []pin) (Client, pin, error) {
	var client Client
	var found *pin
	var errs []error
	for _, one := range clients {
		for _, p := range pinsOf(one) {
			if err := p.differs(c); err != nil {
				errs = append(errs, err)
				continue
			}
			if found != nil && client.ID != one.ID {
				return Client{}, pin{}, fmt.Errorf("the clients %q and %q both accept it: let the client send its client_id", client.ID, one.ID)
			}
			if found == nil {
				client, found = one, &p
			}
		}
	}
	if found == nil && len(errs) == 0 {
		return Client{}, pin{}, errors.New("no client accepts JWTs with its iss and sub")
	}
	if found == nil {
		return Client{}, pin{}, errors.Join(errs[:min(len(errs), 5)]...)
	}
	return client, *found, nil
}

// verify checks the times and the signature of a JWT.
func (s *Server) verify(ctx context.Context, j *signed, keys Keys) error {
	if err := s.checkTimes(&j.claims); err != nil {
		return err
	}
	return s.checkSignature(ctx, j, keys)
}

// checkTimes checks exp, nbf and iat (RFC 7523 §3, items 4 to 6). The lifetime is
// bounded, which bounds for how long a jti has to be remembered.
func (s *Server) checkTimes(c *claims) error {
	now, skew, life := s.now(), s.cfg.Skew, s.cfg.AssertionLifetime
	if c.Expiry == nil {
		return errors.New("exp is missing")
	}
	expires := c.Expiry.Time()
	switch {
	case !now.Before(expires.Add(skew)):
		return fmt.Errorf("exp is %s, it has expired", stamp(expires))
	case expires.After(now.Add(life + skew)):
		return fmt.Errorf("exp is %s, more than %v from now", stamp(expires), life)
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(skew)):
		return fmt.Errorf("nbf is %s, it is not valid yet", stamp(c.NotBefore.Time()))
	case c.IssuedAt != nil && c.IssuedAt.Time().After(now.Add(skew)):
		return fmt.Errorf("iat is %s, in the future", stamp(c.IssuedAt.Time()))
	case c.IssuedAt != nil && expires.After(c.IssuedAt.Time().Add(life+skew)):
		return fmt.Errorf("exp is more than %v after iat (Config.AssertionLifetime)", life)
	}
	return nil
}

// checkSignature verifies the signature. Keys at a URL are fetched again, once, if
// none of those known can have made it: the issuer may have new ones.
func (s *Server) checkSignature(ctx context.Context, j *signed, keys Keys) error {
	for _, fresh := range []bool{false, true} {
		set, err := s.keySet(ctx, keys, fresh)
		if err != nil {
			return err
		}
		found := candidates(set, j.kid, j.algorithm)
		for _, key := range found {
			if j.token.Claims(key, &claims{}) == nil {
				return nil
			}
		}
		if j.kid != "" && len(found) > 0 {
			return fmt.Errorf("the signature is not one by the key with kid %q", clip(j.kid))
		}
		if keys.URL == "" {
			break
		}
	}
	return fmt.Errorf("no key of the issuer has kid %q and made the signature with %s", clip(j.kid), j.algorithm)
}

func (s *Server) keySet(ctx context.Context, keys Keys, fresh bool) ([]jose.JSONWebKey, error) {
	if keys.JSON != "" {
		return parseKeys([]byte(keys.JSON))
	}
	return s.keys.load(ctx, keys.URL, fresh)
}

// clip shortens a text of a client for the log.
func clip(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
