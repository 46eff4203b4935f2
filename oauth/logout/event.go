package logout

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/json"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// Types of security events.
const (
	caep = "https://schemas.openid.net/secevent/caep/event-type/"
	risc = "https://schemas.openid.net/secevent/risc/event-type/"
	ssf  = "https://schemas.openid.net/secevent/ssf/event-type/"

	// SessionRevoked is the event of CAEP §3.1.
	SessionRevoked = caep + "session-revoked"
	// SessionsRevoked, AccountDisabled, AccountPurged and CredentialCompromise are those
	// of RISC §2.
	SessionsRevoked      = risc + "sessions-revoked"
	AccountDisabled      = risc + "account-disabled"
	AccountPurged        = risc + "account-purged"
	CredentialCompromise = risc + "credential-compromise"
	// Verification is the event of the OpenID Shared Signals Framework §8.1.4.1.
	Verification = ssf + "verification"
)

// revoking are the events that end sessions, the most telling first. RISC says of each
// but the last two that the account may not be used; the account itself stays as it is,
// since SCIM deactivates it.
var revoking = []string{SessionRevoked, SessionsRevoked, AccountDisabled, AccountPurged, CredentialCompromise}

var eventTypes = []string{"secevent+jwt"}

// securityEvent has the claims of a security event token beside those of every JWT.
type securityEvent struct {
	Subject *subject                   `json:"sub_id"`
	Events  map[string]json.RawMessage `json:"events"`
}

// payload has the members of the events that are read.
type payload struct {
	Subject     *subject        `json:"subject"` // before the claim sub_id
	Initiator   string          `json:"initiating_entity"`
	ReasonAdmin json.RawMessage `json:"reason_admin"` // a text, or one for each language
	State       string          `json:"state"`        // of a verification
}

// Events returns the endpoint for security event tokens by push (RFC 8935). An event of
// CAEP or RISC that ends sessions ends all those of the user, with the subject formats of
// [Server.Revocations] and the member user of a complex subject.
//
// Answers: 202 if the sessions have ended, and for a token that was received before, an
// event that concerns no user of the connection, a verification and every other event;
// 400 with err and description for a token that is refused; 429 and 503 with Retry-After,
// after which the transmitter sends it again. A token counts as received when its sessions
// have ended, so that a failure loses nothing.
func (s *Server) Events() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isPost(w, r) {
			return
		}
		x := s.newExchange("security-event", r)
		err := s.checkAddress(x)
		if err == nil {
			err = s.serveEvent(w, r, x)
		}
		if err == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		e := asRefusal(err)
		s.chargeAddress(x, e)
		s.report(r.Context(), x, e)
		e.setRetryAfter(w.Header())
		writeEventError(w, e)
	})
}

// writeEventError answers a token that is refused (RFC 8935 §2.3, §2.4).
func writeEventError(w http.ResponseWriter, e *refusal) {
	switch e.kind {
	case tooMany, temporarily, serverError, impossible:
		status := e.status()
		if e.kind == impossible { // it may pass by itself, and the transmitter may try again
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
		return
	}
	answer := struct {
		Err         string `json:"err"`
		Description string `json:"description"`
	}{"invalid_request", "the security event token is malformed"}
	switch e.kind {
	case unauthenticated:
		answer.Err, answer.Description = "authentication_failed", "the transmitter is not known by the token"
	case wrongIssuer:
		answer.Err, answer.Description = "invalid_issuer", "no stream has the issuer of the token"
	case wrongAudience:
		answer.Err, answer.Description = "invalid_audience", "no stream of the issuer has the audience of the token"
	case wrongKey:
		answer.Err, answer.Description = "invalid_key", "the signature is not one by a key of the issuer"
	case forbidden:
		answer.Err, answer.Description = "access_denied", "the transmitter may not send the event"
	}
	if errors.Is(e, errSubject) {
		answer.Description = errSubject.Error()
	}
	text, err := stdjson.Marshal(answer)
	if err != nil { // of texts there is no such error
		text = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Language", "en")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(text) // an error means that the transmitter is gone
}

func (s *Server) serveEvent(w http.ResponseWriter, r *http.Request, x *exchange) error {
	text, err := readBody(w, r, "application/secevent+jwt")
	if err != nil {
		return err
	}
	var set securityEvent
	j, err := issuer.Parse(strings.TrimSpace(string(text)), eventTypes, &set)
	if err != nil {
		return refuse(malformed, err)
	}
	ctx := r.Context()
	if err := s.authenticateEvent(ctx, x, j, &set); err != nil {
		return err
	}
	use := s.use(x, j.IssuedAt.Time().Add(s.cfg.EventAge))
	switch n, err := use.Count(ctx, s.cfg.Replays, 0); {
	case err != nil:
		return failed(err)
	case n > 0:
		s.log.LogAttrs(ctx, slog.LevelInfo, "logout: event received before", x.attrs()...)
		return nil
	}
	if err := s.take(ctx, x, &set); err != nil {
		return err
	}
	if _, err := use.Count(ctx, s.cfg.Replays, 1); err != nil {
		return failed(err)
	}
	return nil
}

// authenticateEvent verifies a token. It has no end (SSF §4.1.7), so its age is bounded.
func (s *Server) authenticateEvent(ctx context.Context, x *exchange, j *issuer.JWT, set *securityEvent) error {
	now, skew := s.now(), s.cfg.Skew
	x.claims = &j.Claims
	switch {
	case j.ID == "" || len(set.Events) == 0 || j.IssuedAt == nil:
		return refuse(malformed, errors.New("jti, iat or events are missing"))
	case j.IssuedAt.Time().After(now.Add(skew)):
		return refuse(malformed, fmt.Errorf("iat is %s, in the future", issuer.Stamp(j.IssuedAt.Time())))
	case !now.Before(j.IssuedAt.Time().Add(s.cfg.EventAge + skew)):
		return refuse(malformed, fmt.Errorf("iat is %s, more than %v ago (Config.EventAge)", issuer.Stamp(j.IssuedAt.Time()), s.cfg.EventAge))
	case j.Expiry != nil && !now.Before(j.Expiry.Time().Add(skew)):
		return refuse(malformed, fmt.Errorf("exp is %s, it has expired", issuer.Stamp(j.Expiry.Time())))
	}
	return s.authenticate(ctx, x, j, false)
}

// take acts on the events of a token.
func (s *Server) take(ctx context.Context, x *exchange, set *securityEvent) error {
	for _, name := range revoking {
		if text, ok := set.Events[name]; ok {
			return s.takeRevoking(ctx, x, set, name, text)
		}
	}
	if text, ok := set.Events[Verification]; ok {
		p, err := readPayload(text)
		if err != nil {
			return err
		}
		s.log.LogAttrs(ctx, slog.LevelInfo, "logout: stream verified", append(x.attrs(), slog.String("state", issuer.Clip(p.State)))...)
		if s.cfg.Verified != nil {
			s.cfg.Verified(ctx, x.source, p.State)
		}
		return nil
	}
	names := strings.Join(slices.Sorted(maps.Keys(set.Events)), " ")
	s.log.LogAttrs(ctx, slog.LevelInfo, "logout: events ignored", append(x.attrs(), slog.String("events", issuer.Clip(names)))...)
	return nil
}

func (s *Server) takeRevoking(ctx context.Context, x *exchange, set *securityEvent, name string, text json.RawMessage) error {
	p, err := readPayload(text)
	if err != nil {
		return err
	}
	id := set.Subject
	if id == nil {
		id = p.Subject
	}
	if id == nil {
		return refuse(malformed, fmt.Errorf("the event has no sub_id: %w", errSubject))
	}
	req := Request{Source: x.source, Event: name, Payload: stdjson.RawMessage(text), Revocation: x.revocation(p.reason(name))}
	if err = x.source.identify(id, &req.Revocation); err == nil {
		err = s.end(ctx, x, req)
	}
	var e *refusal
	if errors.As(err, &e) && (e.kind == unknown || errors.Is(err, ErrLeave)) {
		s.report(ctx, x, e) // and the transmitter learns nothing of who is a user
		return nil
	}
	return err
}

func readPayload(text json.RawMessage) (p payload, err error) {
	if err := json.Unmarshal(text, &p); err != nil {
		return p, refuse(malformed, fmt.Errorf("the event cannot be read: %w", err))
	}
	return p, nil
}

// reason describes an event in the audit record: its type, and what the provider says.
func (p payload) reason(name string) string {
	text := name[strings.LastIndexByte(name, '/')+1:]
	if p.Initiator != "" {
		text += " by " + issuer.Clip(p.Initiator)
	}
	if why := p.reasonAdmin(); why != "" {
		text += fmt.Sprintf(": %q", issuer.Clip(why))
	}
	return text
}

// reasonAdmin returns the text of reason_admin, the English one of several.
func (p payload) reasonAdmin() string {
	var text string
	if json.Unmarshal(p.ReasonAdmin, &text) == nil {
		return text
	}
	var texts map[string]string
	if json.Unmarshal(p.ReasonAdmin, &texts) != nil || len(texts) == 0 {
		return ""
	}
	if text, ok := texts["en"]; ok {
		return text
	}
	return texts[slices.Min(slices.Collect(maps.Keys(texts)))]
}
