package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

const (
	maxPins      = 10   // of one client, whose keys are tried for one JWT
	maxAccepting = 1000 // pins in all
)

// accepting is a client with one of its pins, which has the claims of a JWT.
type accepting struct {
	client Client
	pin    pin
}

// match returns the pins that have the claims of a JWT. They may be of several clients:
// anyone can name an issuer, so the keys decide. One client, or the clients of one
// tenant, cannot push out the pins of others: maxPins of each client count, and of
// more than maxAccepting the first ones of each tenant, then the second ones and so on.
func match(c *claims, clients []Client, pinsOf func(Client) []pin) ([]accepting, error) {
	var found []accepting
	var errs []error
	for _, one := range clients {
		n := 0
		for _, p := range pinsOf(one) {
			if err := p.differs(c); err != nil {
				errs = append(errs, err)
				continue
			}
			if n++; n <= maxPins {
				found = append(found, accepting{one, p})
			}
		}
	}
	if len(found) == 0 && len(errs) == 0 {
		return nil, errors.New("no client accepts JWTs with its iss and sub")
	}
	if len(found) == 0 {
		return nil, joined(errs)
	}
	return fairest(found, maxAccepting), nil
}

// fairest returns at most n pins, taken from each tenant in turn.
func fairest(found []accepting, n int) []accepting {
	if len(found) <= n {
		return found
	}
	turns := map[string]int{}
	byTurn := make([][]accepting, len(found))
	for _, one := range found {
		turn := turns[one.client.Access.Tenant]
		turns[one.client.Access.Tenant]++
		byTurn[turn] = append(byTurn[turn], one)
	}
	return slices.Concat(byTurn...)[:n]
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
	made, err := s.signers(ctx, j, found)
	if len(made) == 0 {
		return nil, err
	}
	for _, one := range made[1:] {
		if one.client.ID != made[0].client.ID {
			return nil, fmt.Errorf("the clients %q and %q both accept it: let the client send its client_id", made[0].client.ID, one.client.ID)
		}
	}
	return &made[0], nil
}

// attempt is the search for the key that made a signature in one key set.
type attempt struct {
	keys  Keys
	pins  []accepting
	fresh bool // the key set that is at hand does not have the key
	key   jose.JSONWebKey
	err   error
}

// signers returns the pins with a key that made the signature. Key sets at hand come
// first, so that no JWT waits for those of clients to which it does not belong. Then
// the others are fetched, all at once, and with them those at hand from a URL that do
// not have the key: the issuer may have new ones.
func (s *Server) signers(ctx context.Context, j *signed, found []accepting) ([]verified, error) {
	var made []verified
	var waiting []*attempt
	var errs []error
	collect := func(a *attempt) {
		for _, one := range a.pins {
			if a.err == nil {
				made = append(made, verified{one, a.key})
			} else {
				errs = append(errs, fmt.Errorf("a JWT for client %q: %w", one.client.ID, a.err))
			}
		}
	}
	for _, a := range attempts(found) {
		set, ok, err := s.atHand(a.keys)
		if !ok {
			waiting = append(waiting, a)
			continue
		}
		if a.err = err; err == nil {
			a.key, a.err = j.signer(set)
		}
		var unknown unknownKey
		if a.fresh = a.keys.URL != "" && errors.As(a.err, &unknown); a.fresh {
			waiting = append(waiting, a)
			continue
		}
		collect(a)
	}
	if len(made) > 0 {
		return made, nil
	}
	var wait sync.WaitGroup
	for _, a := range waiting {
		wait.Go(func() {
			var set []jose.JSONWebKey
			if set, a.err = s.keys.load(ctx, a.keys.URL, a.fresh); a.err == nil {
				a.key, a.err = j.signer(set)
			}
		})
	}
	wait.Wait()
	for _, a := range waiting {
		collect(a)
	}
	return made, joined(errs)
}

// attempts returns one attempt for each key set.
func attempts(found []accepting) []*attempt {
	var all []*attempt
	of := map[Keys]*attempt{}
	for _, one := range found {
		a := of[one.pin.Keys]
		if a == nil {
			a = &attempt{keys: one.pin.Keys}
			of[a.keys], all = a, append(all, a)
		}
		a.pins = append(a.pins, one)
	}
	return all
}

// atHand returns a key set that needs no fetching.
func (s *Server) atHand(keys Keys) (set []jose.JSONWebKey, ok bool, err error) {
	if keys.JSON != "" {
		set, err = parseKeys([]byte(keys.JSON))
		return set, true, err
	}
	set = s.keys.peek(keys.URL)
	return set, set != nil, nil
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

// signer returns the key of a set that made the signature.
func (j *signed) signer(set []jose.JSONWebKey) (jose.JSONWebKey, error) {
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

// clip shortens a text of a client for the log.
func clip(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
