package logout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4/json"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// revocationTypes are the types of the JWT of a revocation request, so that no other JWT
// of the issuer is one (RFC 8725 §3.11).
var revocationTypes = []string{"global-token-revocation+jwt"}

// Revocations returns the endpoint of Global Token Revocation requests (Universal Logout
// of Okta): POST with {"sub_id": {"format": "iss_sub", "iss": …, "sub": …}}, or with the
// member subject in place of sub_id, as Okta sent at first, and a JWT as bearer token.
//
// The subject has one of these formats: iss_sub, compared with the attribute
// scim.Config.Subject; email, of which exactly one user of the connection has the
// address; opaque with the id of the SCIM resource; scim with its URI or externalId.
//
// Answers: 204 if the sessions have ended. 400 for a request that is malformed, or whose
// format is unknown; 401 for a JWT that is refused, for example one that was used before;
// 403 if Config.Decide forbids it; 404 if the connection has no such user; 422 if the
// sessions cannot be ended; 429 and 503 with Retry-After. There is no body. The JWT is
// used up whatever the answer.
func (s *Server) Revocations() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isPost(w, r) {
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		x := s.newExchange("global-token-revocation", r)
		err := s.checkAddress(x)
		if err == nil {
			err = s.serveRevocation(w, r, x)
		}
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		e := asRefusal(err)
		s.chargeAddress(x, e)
		s.report(r.Context(), x, e)
		e.setRetryAfter(w.Header())
		if !e.authenticated() {
			w.Header().Set("WWW-Authenticate", challenge(r))
		}
		w.WriteHeader(e.status())
	})
}

// challenge is the value of WWW-Authenticate (RFC 6750 §3).
func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="logout"`
	}
	return `Bearer realm="logout", error="invalid_token"`
}

// status is the answer of the draft.
func (e *refusal) status() int {
	if !e.authenticated() {
		return http.StatusUnauthorized
	}
	switch e.kind {
	case malformed:
		return http.StatusBadRequest
	case forbidden:
		return http.StatusForbidden
	case unknown:
		return http.StatusNotFound
	case impossible:
		return http.StatusUnprocessableEntity
	case tooMany:
		return http.StatusTooManyRequests
	case temporarily:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (s *Server) serveRevocation(w http.ResponseWriter, r *http.Request, x *exchange) error {
	if err := s.authenticateRevocation(r.Context(), r, x); err != nil {
		return err
	}
	text, err := readBody(w, r, "application/json")
	if err != nil {
		return err
	}
	id, err := requestedSubject(text)
	if err != nil {
		return err
	}
	req := Request{Source: x.source, Revocation: x.revocation(x.door)}
	if err := x.source.identify(id, &req.Revocation); err != nil {
		return err
	}
	return s.end(r.Context(), x, req)
}

// authenticateRevocation verifies the bearer JWT and uses it up: the body is not signed,
// so one that is sent again could come with another.
func (s *Server) authenticateRevocation(ctx context.Context, r *http.Request, x *exchange) error {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return refuse(unauthenticated, errors.New("expected one Authorization header with a bearer token"))
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Bearer") || len(text) > maxBody {
		return refuse(unauthenticated, errors.New("the Authorization header is not a bearer token of at most 64 KiB"))
	}
	j, err := issuer.Parse(text, revocationTypes)
	if err != nil {
		return refuse(unauthenticated, err)
	}
	times := issuer.Times{Now: s.now(), Skew: s.cfg.Skew, Lifetime: s.cfg.Lifetime}
	if err := times.Check(&j.Claims); err != nil {
		x.claims = &j.Claims
		return refuse(unauthenticated, err)
	}
	if j.ID == "" {
		return refuse(unauthenticated, errors.New("jti is missing"))
	}
	if err := s.authenticate(ctx, x, j, true); err != nil {
		return err
	}
	err = s.use(x, j.Expiry.Time()).Once(ctx, s.cfg.Replays)
	var used issuer.Used
	if errors.As(err, &used) {
		return refuse(unauthenticated, err)
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// requestedSubject reads the body of a revocation request. Names are compared with case,
// and a name twice is an error.
func requestedSubject(text []byte) (*subject, error) {
	var body struct {
		SubID *subject `json:"sub_id"`
		Old   *subject `json:"subject"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, refuse(malformed, fmt.Errorf("the body cannot be read: %w", err))
	}
	if body.SubID == nil {
		body.SubID, body.Old = body.Old, nil
	}
	if body.SubID == nil || body.Old != nil {
		return nil, refuse(malformed, errors.New("expected sub_id, or subject in its place"))
	}
	return body.SubID, nil
}
