package oauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// Errors of RFC 6749 §5.2, and two of §4.1.2.1 for failures that are
// not the client's.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	unsupportedGrantType = "unsupported_grant_type"
	invalidScope         = "invalid_scope"
	temporarily          = "temporarily_unavailable"
	serverError          = "server_error"
)

const retryAfter = 10 * time.Second // after a failure that may pass by itself

// refusal is a request that gets no token. The client learns the code and the
// description, which is about the form of its request and never about credentials.
type refusal struct {
	code        string
	description string
	reason      error         // for the log; nil: the description
	wait        time.Duration // of a client or address that sends too much; 0: of no such one
}

func (e *refusal) Error() string {
	if e.reason == nil {
		return e.description
	}
	return e.reason.Error()
}

// malformed refuses a request for its form.
func malformed(code, description string) error {
	return &refusal{code: code, description: description}
}

// refuse makes an error a refusal with a code: 503 if it may pass by itself, 500 if
// the application failed.
func refuse(code string, err error) error {
	var known *refusal
	var waits issuer.Unavailable
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &waits), errors.Is(err, store.ErrUnavailable):
		code = temporarily
	}
	return &refusal{code: code, reason: err}
}

// tooMany refuses a request beyond a rate. RFC 6749 has no word of its own for it.
func tooMany(wait time.Duration, reason string) error {
	return &refusal{code: temporarily, description: "too many requests", reason: errors.New(reason), wait: wait}
}

// failed refuses a request because of an error of the application's store.
func failed(err error) error { return refuse(serverError, err) }

func (e *refusal) status() int {
	switch {
	case e.wait > 0:
		return http.StatusTooManyRequests
	case e.code == invalidClient:
		return http.StatusUnauthorized
	case e.code == temporarily:
		return http.StatusServiceUnavailable
	case e.code == serverError:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// writeError answers a request that gets no token.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, req *tokenRequest, err error) {
	var e *refusal
	if !errors.As(err, &e) {
		e = &refusal{code: serverError, reason: err}
	}
	level := slog.LevelWarn
	if e.code == serverError {
		level = slog.LevelError
	}
	s.log.LogAttrs(r.Context(), level, "oauth: request refused", append(req.attrs(), slog.String("error", e.code), slog.String("reason", e.Error()))...)
	switch e.code {
	case invalidClient: // RFC 6749 §5.2
		w.Header().Set("WWW-Authenticate", `Basic realm="oauth", charset="UTF-8"`)
	case temporarily:
		wait := retryAfter
		if e.wait > 0 {
			wait = e.wait + time.Second - 1 // rounded up
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	writeJSON(w, e.status(), struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.code, e.description})
}

// writeJSON writes a response that must not be cached (RFC 6749 §5.1).
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // of types that have no such error
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error means that the client is gone
}
