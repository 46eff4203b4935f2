package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// Types of JWTs (RFC 7515 §4.1.9), in lower case and without "application/". Others
// are for other purposes (RFC 8725 §3.11), for example logout tokens.
var (
	assertionTypes = []string{"", "jwt", "client-authentication+jwt", "authorization-grant+jwt"}
	bearerTypes    = []string{"", "jwt", "at+jwt"}
)

// times are the bounds of the times of a JWT.
func (s *Server) times() issuer.Times {
	return issuer.Times{Now: s.now(), Skew: s.cfg.Skew, Lifetime: s.cfg.AssertionLifetime}
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
func (p pin) differs(c *issuer.Claims) error {
	for _, one := range []struct{ name, got, want string }{
		{"iss", c.Issuer, p.Issuer}, {"sub", c.Subject, p.Subject},
	} {
		if one.got != one.want || one.got == "" {
			return fmt.Errorf("%s is %q, expected %q", one.name, issuer.Clip(one.got), one.want)
		}
	}
	if !slices.ContainsFunc(p.audiences, func(a string) bool { return a != "" && c.Audience.Contains(a) }) {
		return fmt.Errorf("aud is %q, expected %q", issuer.Clip(strings.Join(c.Audience, " ")), p.audiences)
	}
	if p.TenantID != "" && c.TenantID != p.TenantID {
		return fmt.Errorf("tid is %q, expected %q", issuer.Clip(c.TenantID), p.TenantID)
	}
	app := c.AppID
	if app == "" {
		app = c.AuthorizedParty
	}
	if p.AppID != "" && app != p.AppID {
		return fmt.Errorf("appid or azp is %q, expected %q", issuer.Clip(app), p.AppID)
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
func match(c *issuer.Claims, clients []Client, pinsOf func(Client) []pin) ([]accepting, error) {
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
	return issuer.Fairest(found, maxAccepting, func(a accepting) string { return a.client.Access.Tenant }), nil
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
func (s *Server) verify(ctx context.Context, j *issuer.JWT, found []accepting) (*verified, error) {
	if err := s.times().Check(&j.Claims); err != nil {
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

// signers returns the pins with a key that made the signature.
func (s *Server) signers(ctx context.Context, j *issuer.JWT, found []accepting) (made []verified, err error) {
	sets := make([]issuer.Keys, len(found))
	for i, one := range found {
		sets[i] = issuer.Keys(one.pin.Keys)
	}
	signatures := s.keys.Verify(ctx, j, sets)
	var errs []error
	for i, one := range found {
		if signature, ok := signatures[sets[i]]; ok && signature.Err == nil {
			made = append(made, verified{one, signature.Key})
		} else if ok {
			errs = append(errs, fmt.Errorf("a JWT for client %q: %w", one.client.ID, signature.Err))
		}
	}
	return made, joined(errs)
}
