package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// Authenticate implements [scim.Authenticator]: it accepts the tokens in
// Config.Tokens, as scim.StoredTokens does, and the JWTs that a client names in
// Client.Bearer. A JWT that is refused is logged with the reason.
//
// Errors are scim.ErrUnauthenticated (401), store.ErrUnavailable (503), also if the
// keys of an issuer cannot be fetched, those of Config.Clients and Config.Tokens, and
// one (500) for a JWT of a client without Access.Connection.
func (s *Server) Authenticate(r *http.Request) (*scim.Principal, error) {
	if text, ok := bearerJWT(r); ok {
		p, err := s.authenticateJWT(r.Context(), text)
		if !errors.Is(err, scim.ErrUnauthenticated) {
			return p, err
		}
	}
	if s.stored == nil {
		return nil, scim.ErrUnauthenticated
	}
	return s.stored.Authenticate(r)
}

// bearerJWT returns the bearer token of a request if it has the form of a JWT. No
// secret of [scim.NewToken] has it, but one that the application made can.
func bearerJWT(r *http.Request) (string, bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", false
	}
	scheme, text, ok := strings.Cut(headers[0], " ")
	text = strings.TrimSpace(text)
	return text, ok && strings.EqualFold(scheme, "Bearer") && strings.Count(text, ".") == 2
}

func (s *Server) authenticateJWT(ctx context.Context, text string) (*scim.Principal, error) {
	client, err := s.byBearer(ctx, text)
	if err == nil {
		t := client.Access
		t.ID = tokenPrefix + client.ID
		return scim.PrincipalOf(t)
	}
	err = refuse(invalidClient, err)
	s.log.LogAttrs(ctx, slog.LevelWarn, "oauth: bearer JWT refused", slog.String("reason", err.Error()))
	var e *refusal
	if !errors.As(err, &e) || e.code == serverError {
		return nil, err
	}
	if e.code == temporarily {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return nil, scim.ErrUnauthenticated
}

// byBearer returns the client to which a bearer JWT belongs.
func (s *Server) byBearer(ctx context.Context, text string) (Client, error) {
	if len(text) > maxBody {
		return Client{}, errors.New("the JWT is larger than 64 KiB")
	}
	sum := sha256.Sum256([]byte(text))
	if client, ok := s.remembered(ctx, sum); ok {
		return client, nil
	}
	j, err := issuer.Parse(text, bearerTypes)
	if err != nil {
		return Client{}, err
	}
	clients, err := s.trusting(ctx, &j.Claims)
	if err != nil {
		return Client{}, err
	}
	found, err := match(&j.Claims, clients, bearerPins)
	if err != nil {
		return Client{}, err
	}
	by, err := s.verify(ctx, j, found)
	if err != nil {
		return Client{}, err
	}
	if err := checkConnection(by.client); err != nil {
		return Client{}, failed(err)
	}
	if len(text) <= maxCached {
		s.bearers.put(sum, bearer{j.Claims, by.client.ID, by.pin.Keys, s.now()})
	}
	return by.client, nil
}

func bearerPins(c Client) []pin { return pinsOf(c.Bearer) }

// remembered returns the client of a bearer JWT that was verified a short time ago, if
// the client as it is now accepts its claims, by the same keys.
func (s *Server) remembered(ctx context.Context, sum [sha256.Size]byte) (Client, bool) {
	b, ok := s.bearers.get(sum)
	if age := s.now().Sub(b.verified); !ok || age < 0 || age >= bearerAge || s.times().Check(&b.claims) != nil {
		return Client{}, false
	}
	client, err := s.find(ctx, b.client)
	if err != nil || checkConnection(client) != nil || !accepts(client, bearerPins, &b.claims, b.keys) {
		return Client{}, false
	}
	return client, true
}

// accepts reports whether a client accepts claims that were signed with keys.
func accepts(c Client, pins func(Client) []pin, claims *issuer.Claims, keys Keys) bool {
	found, _ := match(claims, []Client{c}, pins)
	return slices.ContainsFunc(found, func(a accepting) bool { return a.pin.Keys == keys })
}

// Challenge is the value of WWW-Authenticate (RFC 6750 §3).
func (s *Server) Challenge() string { return `Bearer realm="scim"` }

// Schemes describes the ways to authenticate for /ServiceProviderConfig (RFC 7643 §5):
// OAuth 2.0 if there is a token endpoint, and bearer tokens.
func (s *Server) Schemes() []scim.AuthenticationScheme {
	var schemes []scim.AuthenticationScheme
	if s.issuer != nil {
		schemes = append(schemes, scim.AuthenticationScheme{
			Type: "oauth2", Name: "OAuth 2.0", SpecURI: "https://www.rfc-editor.org/info/rfc6749", Primary: true,
			Description: "An access token of " + s.tokenURL() + ", by client_credentials or the JWT bearer grant",
		})
	}
	return append(schemes, scim.AuthenticationScheme{
		Type: "oauthbearertoken", Name: "Bearer Token", SpecURI: "https://www.rfc-editor.org/info/rfc6750", Primary: s.issuer == nil,
		Description: "A bearer token in the Authorization header",
	})
}
