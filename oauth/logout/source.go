package logout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// Source is an issuer that may end sessions of the users of one connection of one tenant.
type Source struct {
	Tenant     string // "" without tenants
	Connection string // required: store.Token.Connection, for example "okta"; its state decides, too
	// Issuer is the claim iss, required: for Okta the URL of the org, for example
	// https://acme.okta.com.
	Issuer string
	// Audience is in the claim aud, required: the URL of the endpoint of revocations, or
	// the audience of the stream of events.
	Audience string
	// ClientID is the claim sub of the JWT of a revocation request: the client ID of the
	// application at the provider. "": it is not compared. Security event tokens have no
	// sub.
	ClientID string
	// Keys are the public keys of the issuer: for Okta the URL of the org with
	// /oauth2/v1/keys.
	Keys oauth.Keys
	// SubjectIssuer is iss in subjects of the format iss_sub. Default: Issuer. Okta sends
	// the issuer of single sign-on there, for example that of an authorization server, or
	// of SAML.
	SubjectIssuer string
	// Off refuses all requests, as if there were no such source.
	Off bool
}

// Sources finds sources. An application that keeps them in a table of its own implements
// it, and checks each with [Server.Check] before it is stored. It must be safe for
// concurrent use. Results belong to the caller. store.ErrUnavailable becomes 503, any
// other error 500.
type Sources interface {
	// FindSources returns the sources with that Issuer, of whatever tenant; none is no
	// error. The issuer is not authenticated and can be any text.
	FindSources(ctx context.Context, issuer string) ([]Source, error)
}

// List is a fixed list of sources. [New] refuses an empty one, and a mistake in any
// source.
type List []Source

// FindSources implements [Sources].
func (l List) FindSources(_ context.Context, issuer string) ([]Source, error) {
	var found []Source
	for _, s := range l {
		if s.Issuer == issuer {
			found = append(found, s)
		}
	}
	return found, nil
}

func (s *Server) checkList(list List) error {
	if len(list) == 0 {
		return errors.New("logout: List has no sources, so that no request could be accepted")
	}
	type pins struct{ issuer, audience, client string }
	var errs []error
	taken := map[pins]Source{}
	for _, one := range list {
		errs = append(errs, s.Check(one))
		p := pins{one.Issuer, one.Audience, one.ClientID}
		if other, ok := taken[p]; ok && !sameConnection(one, other) {
			errs = append(errs, fmt.Errorf("logout: the connections %q and %q have the same Issuer, Audience and ClientID, so that a request belongs to both: set ClientID or another Audience", other.Connection, one.Connection))
		}
		taken[p] = one
	}
	return errors.Join(errs...)
}

// Check reports all mistakes of a source, and what to do about each. A source with a
// mistake that is stored all the same is refused.
func (s *Server) Check(one Source) error {
	var errs []error
	if one.Connection == "" {
		errs = append(errs, errors.New("set Connection, whose users the issuer may log out"))
	}
	if one.Issuer == "" || one.Audience == "" {
		errs = append(errs, errors.New("set Issuer and Audience, or JWTs for other purposes would be accepted"))
	}
	errs = append(errs, s.keys.Check(issuer.Keys(one.Keys)))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("logout: the source of connection %q: %w", one.Connection, err)
	}
	return nil
}

func sameConnection(a, b Source) bool { return a.Tenant == b.Tenant && a.Connection == b.Connection }

// name is the name of the connection of a source in rates and replays.
func (s Source) name() string { return s.Tenant + "\x00" + s.Connection }

// differs returns the claim that is not as pinned, nil if all are.
func (one Source) differs(c *issuer.Claims, withClient bool) error {
	if !c.Audience.Contains(one.Audience) {
		return refuse(wrongAudience, fmt.Errorf("aud is %q, expected %q", issuer.Clip(fmt.Sprint(c.Audience)), one.Audience))
	}
	if withClient && one.ClientID != "" && c.Subject != one.ClientID {
		return refuse(unauthenticated, fmt.Errorf("sub is %q, expected %q", issuer.Clip(c.Subject), one.ClientID))
	}
	return nil
}

// maxSources bounds the sources whose keys are tried for one JWT.
const maxSources = 1000

// source returns the source whose keys have signed a JWT, with the key. withClient
// compares the claim sub.
func (s *Server) source(ctx context.Context, j *issuer.JWT, withClient bool) (Source, jose.JSONWebKey, error) {
	known, err := s.usable(ctx, j.Issuer)
	if err != nil {
		return Source{}, jose.JSONWebKey{}, err
	}
	var found []Source
	var errs []error
	for _, one := range known {
		if err := one.differs(&j.Claims, withClient); err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, one)
	}
	if len(found) == 0 {
		return Source{}, jose.JSONWebKey{}, first(errs)
	}
	return s.signer(ctx, j, issuer.Fairest(found, maxSources, func(s Source) string { return s.Tenant }))
}

// usable returns the sources of an issuer that may send requests.
func (s *Server) usable(ctx context.Context, name string) ([]Source, error) {
	known, err := s.cfg.Sources.FindSources(ctx, name)
	if err != nil {
		return nil, failed(err)
	}
	errs := []error{refuse(wrongIssuer, fmt.Errorf("no connection has the issuer %q", issuer.Clip(name)))}
	known = slices.DeleteFunc(known, func(one Source) bool {
		switch {
		case one.Off:
			errs = append(errs, refuse(wrongIssuer, fmt.Errorf("the source of connection %q is off", one.Connection)))
		case one.Issuer != name:
			errs = append(errs, failed(fmt.Errorf("Sources.FindSources returned the issuer %q for %q", one.Issuer, issuer.Clip(name))))
		default:
			if err := s.Check(one); err != nil {
				errs = append(errs, refuse(wrongIssuer, err))
				return true
			}
			return false
		}
		return true
	})
	if len(known) == 0 {
		return nil, errs[len(errs)-1]
	}
	return known, nil
}

// signer returns the source whose keys made the signature, and refuses a JWT that the
// keys of two connections verify.
func (s *Server) signer(ctx context.Context, j *issuer.JWT, found []Source) (by Source, key jose.JSONWebKey, err error) {
	sets := make([]issuer.Keys, len(found))
	for i, one := range found {
		sets[i] = issuer.Keys(one.Keys)
	}
	signatures := s.keys.Verify(ctx, j, sets)
	var errs []error
	made := 0
	for i, one := range found {
		signature, ok := signatures[sets[i]]
		switch {
		case !ok:
		case signature.Err != nil:
			errs = append(errs, refuse(wrongKey, signature.Err))
		case made > 0 && !sameConnection(by, one):
			return Source{}, key, refuse(unauthenticated, fmt.Errorf("the connections %q and %q both accept it: set ClientID or another Audience", by.Connection, one.Connection))
		default:
			by, key = one, signature.Key
			made++
		}
	}
	if made == 0 {
		return Source{}, key, first(errs)
	}
	return by, key, nil
}

// first returns the error that decides: one that may pass by itself, else the first.
func first(errs []error) error {
	for _, err := range errs {
		if e := asRefusal(err); e.kind == temporarily || e.kind == serverError {
			return err
		}
	}
	return errs[0]
}
