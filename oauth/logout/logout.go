package logout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/ratelimit"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// Handler ends sessions: a *scim.Handler.
type Handler interface {
	RevokeSessions(ctx context.Context, r scim.Revocation) error
}

// Config is the configuration of [New]. Handler and Sources are required.
type Config struct {
	Handler Handler
	// Sources finds the issuers: a [List], or the application's own table.
	Sources Sources
	// Replays remembers which tokens were used, for example a sqlstore.DB. It is called
	// with the tenant "" in the context. Default: the memory of this process, of 10,000
	// tokens of each connection. Several processes need a shared one.
	Replays store.Counters
	// Decide, if set, is called with a verified request before sessions end, for example
	// to leave alone the account with which administrators repair the connection. nil ends
	// the sessions. [ErrLeave] leaves them, scim.ErrForbidden refuses the request; with any
	// other error it can be sent again.
	Decide func(ctx context.Context, r Request) error
	// Verified, if set, is called with the state of a verification event of the Shared
	// Signals Framework (§8.1.4), for an application that asked the transmitter for one.
	Verified func(ctx context.Context, s Source, state string)
	// Lifetime is the longest life of the JWT of a revocation request: 1 hour by default,
	// at most 24.
	Lifetime time.Duration
	// EventAge is how old a security event token may be, which has no end of its own: 24
	// hours by default, at most 7 days. For so long its jti is remembered.
	EventAge time.Duration
	// Skew is how far the clock of an issuer may differ: 1 minute by default, at most
	// 5 minutes.
	Skew time.Duration
	// Rate and Burst are how many requests a connection may send, a second in the long run
	// and at once: 10 and 100 by default. As many of one remote address may be refused as
	// not authenticated. One more is answered 429 with Retry-After, that of an address
	// before its body is read. Each process counts by itself. Rate math.Inf(1) is no bound.
	Rate  float64
	Burst int
	// RemoteAddress returns the address of the sender of a request, by which refusals are
	// counted; "" is not known, and they are not counted. Default: that of r.RemoteAddr,
	// unless it is one of a private network: that of a reverse proxy, which all senders
	// share. Behind a proxy, one with a public address in any case, give the address that
	// it has written to a header, never one
	// that a client can write.
	RemoteAddress func(r *http.Request) string
	// KeyHosts are the only hosts that key sets are fetched from (Source.Keys.URL), with a
	// port where it is not 443. "*.okta.com" is every host with one more label.
	KeyHosts []string
	// Transport fetches key sets. Default: a transport of the server's own, with the
	// proxy of the environment and TLS 1.2 at least.
	Transport http.RoundTripper
	// InsecureLoopback allows key sets at http URLs of loopback addresses. It is for tests.
	InsecureLoopback bool
	// Logger receives a record for each request, with the reason of a refusal, never a
	// token. Default slog.Default().
	Logger *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// ErrLeave is an answer of Config.Decide: the sessions stay. A revocation request is
// answered 422, an event is acknowledged.
var ErrLeave = errors.New("logout: the sessions are left as they are")

// Request is a verified request to end the sessions of a user, as Config.Decide gets it.
type Request struct {
	Source Source
	// Event is the type of the security event; "" is a revocation request.
	Event   string
	Payload json.RawMessage // of the event
	// Revocation is what the handler will be asked, with the Person or Email of the
	// subject. It is not known yet whether there is such a user.
	Revocation scim.Revocation
}

// Server has the two doors. It is safe for concurrent use. Make one with [New].
type Server struct {
	cfg   Config
	keys  *issuer.Fetcher
	rates *ratelimit.Limiter
	now   func() time.Time
	log   *slog.Logger
}

// New returns a server, or an error that joins all mistakes of the configuration and
// says what to do about each. The sources of a [List] are checked, too.
func New(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, now: cfg.Now, log: cfg.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.cfg.Replays == nil {
		s.cfg.Replays = &issuer.Memory{}
	}
	var keys error
	s.keys, keys = issuer.NewFetcher(issuer.Config{
		Hosts: cfg.KeyHosts, Transport: cfg.Transport, Loopback: cfg.InsecureLoopback, Now: s.now,
	})
	if keys != nil {
		keys = fmt.Errorf("logout: %w", keys)
	}
	errs := []error{keys, s.setTimes(), s.setRate()}
	if cfg.Handler == nil {
		errs = append(errs, errors.New("logout: Config.Handler is required: the scim.Handler"))
	}
	if cfg.Sources == nil {
		errs = append(errs, errors.New("logout: Config.Sources is required: a List, or a type that reads the application's table"))
	}
	if list, ok := cfg.Sources.(List); ok {
		errs = append(errs, s.checkList(list))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) setTimes() error {
	var errs []error
	set := func(name string, d *time.Duration, standard, least, most time.Duration) {
		if *d == 0 {
			*d = standard
		}
		if *d < least || *d > most || *d%time.Second != 0 {
			errs = append(errs, fmt.Errorf("logout: Config.%s is %v: give whole seconds from %v to %v, or 0 for %v", name, *d, least, most, standard))
		}
	}
	set("Lifetime", &s.cfg.Lifetime, time.Hour, time.Minute, 24*time.Hour)
	set("EventAge", &s.cfg.EventAge, 24*time.Hour, time.Minute, 7*24*time.Hour)
	set("Skew", &s.cfg.Skew, time.Minute, time.Second, 5*time.Minute)
	return errors.Join(errs...)
}

func (s *Server) setRate() error {
	c := &s.cfg
	if c.RemoteAddress == nil {
		c.RemoteAddress = issuer.RemoteAddress
	}
	if c.Rate == 0 {
		c.Rate = 10
	}
	if c.Burst == 0 {
		c.Burst = max(100, int(min(c.Rate, 1e6)))
	}
	if !(c.Rate > 0) || c.Burst < 0 {
		return fmt.Errorf("logout: Config.Rate is %v and Config.Burst %d: give positive numbers, or 0 for the default; Rate math.Inf(1) is no bound", c.Rate, c.Burst)
	}
	s.rates = ratelimit.New(ratelimit.Rate{PerSecond: c.Rate, Burst: c.Burst}, ratelimit.Rate{PerSecond: math.Inf(1)})
	return nil
}
