package oauth

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/internal/ratelimit"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

// Config is the configuration of [New]. Clients is required; Issuer and Tokens are
// required for a token endpoint.
type Config struct {
	// Issuer is the issuer identifier of the server (RFC 8414 §2): an absolute https
	// URL without query and fragment, for example https://app.example.com/oauth. The
	// token endpoint is Issuer + "/token". "" is no token endpoint: the server is only
	// an authenticator.
	Issuer string
	// Clients finds the clients: a [List], or the application's own table.
	Clients Clients
	// Tokens keeps the access tokens. [Server.Authenticate] accepts every token in it.
	Tokens store.Tokens
	// Connections, if set, are those of scim.Config.Connections: a client whose
	// connection is off or does not exist gets no access token (invalid_client), one
	// whose connection is paused is answered 503. Access tokens that it has already are
	// refused by the handler.
	Connections connection.Store
	// Replays remembers which assertions were used. It is called with the tenant "" in
	// the context. Default: Tokens, if that is a store.Counters (sqlstore.DB and
	// memstore.DB are), otherwise the memory of this process: 10,000 assertions of each
	// client that have not ended; of 100,000 in all 100. A client beyond that is
	// answered 503. Several processes need a shared one.
	Replays store.Counters
	// TokenLifetime is how long an access token lives: 1 hour by default, at least a
	// minute and at most 6 hours.
	TokenLifetime time.Duration
	// AssertionLifetime is the longest life of a JWT that is accepted, from its iat
	// and from now to its exp: 2 hours by default, at most 24 hours.
	AssertionLifetime time.Duration
	// Skew is how far the clock of an issuer may differ: 1 minute by default, at most
	// 5 minutes.
	Skew time.Duration
	// Rate and Burst are how many access tokens one client may get, a second in the long
	// run and at once: 10 and 100 by default. As many requests of one remote address may
	// be refused for what is in them. One more is answered 429 with Retry-After, that of
	// an address before its body is read. Each process counts by itself. Rate
	// math.Inf(1) is no bound.
	Rate  float64
	Burst int
	// RemoteAddress returns the address of the sender of a request, by which refusals are
	// counted; "" is not known, and they are not counted. Default: that of r.RemoteAddr,
	// unless it is one of a private network: that of a reverse proxy, which all senders
	// share. Behind a proxy, one with a public address in any case, give the address that
	// it has written to a header, never one
	// that a client can write.
	RemoteAddress func(r *http.Request) string
	// KeyHosts are the only hosts that key sets are fetched from ([Keys].URL), for
	// example "login.microsoftonline.com"; with a port where it is not 443. "*.okta.com"
	// is every host with one more label.
	KeyHosts []string
	// Transport fetches key sets. Default: a transport of the server's own, with the
	// proxy of the environment and TLS 1.2 at least.
	Transport http.RoundTripper
	// InsecureLoopback allows http URLs of loopback addresses for Issuer and key sets.
	// It is for tests.
	InsecureLoopback bool
	// Logger receives a record for each token and each refusal, with its reason, never
	// a secret, an assertion or a token. Default slog.Default().
	Logger *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Server is a token endpoint with its metadata, and an authenticator. It is safe for
// concurrent use. Make one with [New].
type Server struct {
	cfg     Config
	issuer  *url.URL // nil: no token endpoint
	stored  scim.Authenticator
	keys    *issuer.Fetcher
	rates   *ratelimit.Limiter
	bearers bearers
	now     func() time.Time
	log     *slog.Logger
}

var _ scim.Authenticator = (*Server)(nil)

const (
	maxTokenLifetime     = 6 * time.Hour
	maxAssertionLifetime = 24 * time.Hour
	maxSkew              = 5 * time.Minute
)

// New returns a server, or an error that joins all mistakes of the configuration and
// says what to do about each. The clients of a [List] are checked, too.
func New(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, now: cfg.Now, log: cfg.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	errs := []error{s.setIssuer(), s.setTokens(), s.setLifetimes(), s.setRate(), s.setKeys()}
	if cfg.Clients == nil {
		errs = append(errs, errors.New("oauth: Config.Clients is required: a List, or a type that reads the application's table"))
	}
	if list, ok := cfg.Clients.(List); ok {
		errs = append(errs, s.checkList(list))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) setIssuer() error {
	if s.cfg.Issuer == "" {
		return nil
	}
	u, err := issuer.ParseURL(s.cfg.Issuer, s.cfg.InsecureLoopback)
	if err != nil {
		return fmt.Errorf("oauth: Config.Issuer: %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery || strings.HasSuffix(u.Path, "/") {
		return fmt.Errorf("oauth: Config.Issuer %q has a query, or ends in a slash: give the URL without (RFC 8414 §2)", s.cfg.Issuer)
	}
	s.issuer = u
	return nil
}

func (s *Server) setTokens() error {
	if s.cfg.Tokens == nil {
		if s.issuer != nil || s.cfg.Issuer != "" {
			return errors.New("oauth: Config.Tokens is required with Config.Issuer: access tokens are kept there")
		}
		return nil
	}
	s.stored = scim.StoredTokens(s.cfg.Tokens, s.now)
	if s.cfg.Replays == nil {
		s.cfg.Replays, _ = s.cfg.Tokens.(store.Counters)
	}
	if s.cfg.Replays == nil {
		s.cfg.Replays = &issuer.Memory{}
	}
	return nil
}

func (s *Server) setLifetimes() error {
	var errs []error
	set := func(name string, d *time.Duration, standard, least, most time.Duration) {
		if *d == 0 {
			*d = standard
		}
		if *d < least || *d > most || *d%time.Second != 0 {
			errs = append(errs, fmt.Errorf("oauth: Config.%s is %v: give whole seconds from %v to %v, or 0 for %v", name, *d, least, most, standard))
		}
	}
	set("TokenLifetime", &s.cfg.TokenLifetime, time.Hour, time.Minute, maxTokenLifetime)
	set("AssertionLifetime", &s.cfg.AssertionLifetime, 2*time.Hour, time.Minute, maxAssertionLifetime)
	set("Skew", &s.cfg.Skew, time.Minute, time.Second, maxSkew)
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
		return fmt.Errorf("oauth: Config.Rate is %v and Config.Burst %d: give positive numbers, or 0 for the default; Rate math.Inf(1) is no bound", c.Rate, c.Burst)
	}
	one := ratelimit.Rate{PerSecond: c.Rate, Burst: c.Burst}
	s.rates = ratelimit.New(one, ratelimit.Rate{PerSecond: math.Inf(1)})
	return nil
}

func (s *Server) setKeys() error {
	var err error
	s.keys, err = issuer.NewFetcher(issuer.Config{
		Hosts: s.cfg.KeyHosts, Transport: s.cfg.Transport, Loopback: s.cfg.InsecureLoopback, Now: s.now,
	})
	if err != nil {
		return fmt.Errorf("oauth: %w", err)
	}
	return nil
}
