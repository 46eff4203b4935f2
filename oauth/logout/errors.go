package logout

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// kind is why a request is refused.
type kind string

const (
	malformed       kind = "malformed"
	unauthenticated kind = "unauthenticated"
	wrongIssuer     kind = "wrong issuer"
	wrongAudience   kind = "wrong audience"
	wrongKey        kind = "wrong key"
	forbidden       kind = "forbidden"
	unknown         kind = "unknown subject"
	impossible      kind = "impossible"
	tooMany         kind = "too many requests"
	temporarily     kind = "temporarily unavailable"
	serverError     kind = "server error"
)

// refusal is a request that ended no sessions. The client learns of the kind; the log
// has the reason.
type refusal struct {
	kind   kind
	reason error
	wait   time.Duration // of tooMany
}

func (e *refusal) Error() string { return e.reason.Error() }
func (e *refusal) Unwrap() error { return e.reason }

// refuse makes an error a refusal, of its own kind if it may pass by itself.
func refuse(k kind, err error) error {
	var known *refusal
	var waits issuer.Unavailable
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &waits), errors.Is(err, store.ErrUnavailable):
		k = temporarily
	}
	return &refusal{kind: k, reason: err}
}

// failed refuses a request because of an error of the application.
func failed(err error) error { return refuse(serverError, err) }

func asRefusal(err error) *refusal {
	var e *refusal
	if !errors.As(err, &e) {
		e = &refusal{kind: serverError, reason: err}
	}
	return e
}

// authenticates reports whether a refusal is one of a request that is from a source.
func (e *refusal) authenticated() bool {
	switch e.kind {
	case unauthenticated, wrongIssuer, wrongAudience, wrongKey:
		return false
	}
	return true
}

// retryAfter is the time after a failure that may pass by itself.
const retryAfter = 10 * time.Second

// setRetryAfter sets Retry-After of a refusal that is answered 429 or 503.
func (e *refusal) setRetryAfter(h http.Header) {
	wait := e.wait
	if e.kind == temporarily {
		wait = retryAfter
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
}

// report logs a refusal.
func (s *Server) report(ctx context.Context, x *exchange, e *refusal) {
	level := slog.LevelWarn
	if e.kind == serverError || e.kind == impossible {
		level = slog.LevelError
	}
	s.log.LogAttrs(ctx, level, "logout: request refused", append(x.attrs(), slog.String("error", string(e.kind)), slog.String("reason", e.Error()))...)
}
