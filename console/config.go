package console

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/diagnose"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/requestlog"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Identity is the administrator who sent a request.
type Identity struct {
	// Actor names the administrator in the audit records of what is done here, for
	// example by e-mail address. Required.
	Actor string
	// Tenant bounds all that is shown and done; "" is the single tenant of an
	// application without tenants. The tenant has no other source.
	Tenant string
	// Session, if set, names the login. A form of one login is refused in another
	// one. It is not shown or logged.
	Session string
	// ReadOnly refuses whatever changes something or shows private values (403).
	ReadOnly bool
}

// Config is the configuration of [New]. Handler and Identify are required.
type Config struct {
	// Handler is the service whose resources are shown.
	Handler *scim.Handler

	// Identify is the application's login: it returns the administrator who sent
	// the request. With an error, or without an Actor, nothing is shown (401). It is
	// called once for each request and must be safe for concurrent use.
	Identify func(*http.Request) (Identity, error)

	// Prefix is the path under which the console is mounted, for example
	// "/admin/scim". A router may strip it or not. Default "/console".
	Prefix string

	// Product names the application in titles. Default "SCIM".
	Product string

	// Trail is the audit trail (memstore.DB and sqlstore.DB are trails): the section
	// Activity, and the history of each resource. It is a store.AuditTrail too, which
	// notes when private values are looked at or exported; otherwise New fails.
	Trail audit.Reader

	// Health knows how each connection does: the section Overview.
	Health *health.Monitor

	// Diagnosis knows what is wrong at each provider: a part of the page of a
	// connection. scim.Config.Observe calls it, beside the method of Health.
	Diagnosis *diagnose.Diagnosis

	// Requests keeps the last requests of a connection, masked, while an administrator
	// wants to see them: a page of each connection.
	Requests *requestlog.Log

	// Connections manages the connections to identity providers: the section with that
	// name. Its Handler is Handler.
	Connections *connection.Manager

	// Tokens are the credentials of the connections (memstore.DB and sqlstore.DB keep
	// them), by which the brake names its connections where Connections is not set.
	Tokens store.Tokens

	// Key signs the tokens of forms and seals positions in lists. Processes that
	// serve one console share it: 32 random bytes. Default: one of this process.
	Key []byte

	// Logger gets errors, without values of people. Default slog.Default().
	Logger *slog.Logger

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// New checks the configuration and returns the console. The error joins all
// problems that were found.
func New(cfg Config) (*Console, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = "/console"
	}
	cfg.Prefix = strings.TrimSuffix(cfg.Prefix, "/")
	if cfg.Product == "" {
		cfg.Product = "SCIM"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Key == nil {
		cfg.Key = paging.NewSecret()
	}
	c := &Console{cfg: cfg, sealer: paging.NewSealer(append([]byte("console\x00"), cfg.Key...)), reconciling: make(chan struct{}, 1), figures: newFigures(), patience: patience}
	for _, ep := range cfg.Handler.Config().Endpoints {
		c.types = append(c.types, c.newDirectoryType(ep))
	}
	c.setRoutes()
	return c, nil
}

func (cfg *Config) check() error {
	var errs []error
	if cfg.Handler == nil {
		errs = append(errs, errors.New("console: Config.Handler is required"))
	}
	if cfg.Identify == nil {
		errs = append(errs, errors.New("console: Config.Identify is required: it is the login of the administrators"))
	}
	if _, ok := cfg.Trail.(store.AuditTrail); cfg.Trail != nil && !ok {
		errs = append(errs, fmt.Errorf("console: Config.Trail (%T) is not a store.AuditTrail: it could not note who looks at private values", cfg.Trail))
	}
	if cfg.Key != nil && len(cfg.Key) < 16 {
		errs = append(errs, fmt.Errorf("console: Config.Key has %d bytes: take 32 random ones, or leave it out", len(cfg.Key)))
	}
	if cfg.Prefix != "" && !isPath(cfg.Prefix) {
		errs = append(errs, fmt.Errorf("console: Config.Prefix %q is not a path such as /admin/scim", cfg.Prefix))
	}
	return errors.Join(errs...)
}

// isPath reports whether a prefix needs no escaping in a URL or a route.
func isPath(prefix string) bool {
	if prefix[0] != '/' || strings.Contains(prefix, "//") || strings.Contains(prefix, "/.") {
		return false
	}
	return !strings.ContainsFunc(prefix, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-_.~", r))
	})
}

// usersOf returns the store of users, nil if there is none.
func usersOf(h *scim.Handler) store.Store {
	for _, ep := range h.Config().Endpoints {
		if ep.Type.Name == schema.UserType.Name {
			return ep.Store
		}
	}
	return nil
}
