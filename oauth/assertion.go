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

// maxAccepting bounds the pins whose keys are tried for one JWT.
const maxAccepting = 10

// accepting is a client with one of its pins, which has the claims of a JWT.
type accepting struct {
	client Client
	pin    pin
}

// match returns the pins that have the claims of a JWT, maxAccepting at most. They may
// be of several clients: anyone can name an issuer, so the keys decide.
func match(c *claims, clients []Client, pinsOf func(Client) []pin) ([]accepting, error) {
	var found []accepting
	var errs []error
	for _, one := range clients {
		for _, p := range pinsOf(one) {
			if err := p.differs(c); err != nil {
				errs = append(errs, err)
				continue
			}
			found = append(found, accepting{one, p})
		}
	}
	if len(found) == 0 && len(errs) == 0 {
		return nil, errors.New("no client accepts JWTs with its iss and sub")
	}
	if len(found) == 0 {
		return nil, joined(errs)
	}
	return found[:min(len(found), maxAccepting)], nil
}

// joined joins the first errors of many.
func joined(errs []error) error { return errors.Join(errs[:min(len(errs), 5)]...) }

// verified is a pin with the key that has made the signature of a JWT.
type verified struct {
	accepting
	key jose.JSONWebKey
}

// verify checks the times of a JWT, and its signature with the keys of each pin. It
// returns the pin that has the key, and refuses a JWT if two clients have it.
func (s *Server) verify(ctx context.Context, j *signed, found []accepting) (*verified, error) {
	if err := s.checkTimes(&j.claims); err != nil {
		return nil, fmt.Errorf("a JWT for client %q: %w", found[0].client.ID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*keyPatience) // however many key sets are slow
	defer cancel()
	made, stale, errs := s.signers(ctx, j, found, false)
	if len(made) == 0 && len(stale) > 0 {
		var more []error
		made, _, more = s.signers(ctx, j, stale, true)
		errs = append(more, errs...)
	}
	if len(made) == 0 {
		return nil, joined(errs)
	}
	for _, one := range made[1:] {
		if one.client.ID != made[0].client.ID {
			return nil, fmt.Errorf("the clients %q and %q both accept it: let the client send its client_id", made[0].client.ID, one.client.ID)
		}
	}
	return &made[0], nil
}

// signers returns the pins with a key that made the signature, and those whose key set
// has to be fetched again: the issuer may have new keys. With fresh it was.
func (s *Server) signers(ctx context.Context, j *signed, found []accepting, fresh bool) (made []verified, stale []accepting, errs []error) {
	for _, one := range found {
		key, err := s.signer(ctx, j, one.pin.Keys, fresh)
		var unknown unknownKey
		switch {
		case err == nil:
			made = append(made, verified{one, key})
		case !fresh && one.pin.Keys.URL != "" && errors.As(err, &unknown):
			stale = append(stale, one)
		default:
			errs = append(errs, fmt.Errorf("a JWT for client %q: %w", one.client.ID, err))
		}
	}
	return made, stale, errs
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

// unknownKey is a signature that none of the keys can have made.
type unknownKey struct{ kid, algorithm string }

func (e unknownKey) Error() string {
	return fmt.Sprintf("no key of the issuer has kid %q and made the signature with %s", clip(e.kid), e.algorithm)
}

// signer returns the key that made the signature.
func (s *Server) signer(ctx context.Context, j *signed, keys Keys, fresh bool) (jose.JSONWebKey, error) {
	set, err := s.keySet(ctx, keys, fresh)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	found := candidates(set, j.kid, j.algorithm)
	for _, key := range found {
		if j.token.Claims(key, &claims{}) == nil {
			return key, nil
		}
	}
	if j.kid != "" && len(found) > 0 {
		return jose.JSONWebKey{}, fmt.Errorf("the signature is not one by the key with kid %q", clip(j.kid))
	}
	return jose.JSONWebKey{}, unknownKey{j.kid, j.algorithm}
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
