// Quickstart is a whole SCIM 2.0 service provider: users and groups in a
// SQLite file, one bearer token, nothing to install. -db takes PostgreSQL and
// MariaDB too.
//
//	go run ./examples/quickstart
//
// It serves /scim/v2 until it is interrupted, and /console/ to this machine, behind
// the secret that is printed at start. With TLS in front and your own
// database it is a template for production.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/diagnose"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/requestlog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	addr, db, token, baseURL string
	client                   string
	strict, readiness        bool
	bulk                     int
	rate                     float64
	brake                    bool
	audit                    int
	console                  string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	f.StringVar(&o.db, "db", "scim.db", "SQLite `file`, a postgres:// or mysql:// URL, or memory to keep nothing")
	f.StringVar(&o.token, "token", os.Getenv("SCIM_TOKEN"), "bearer `token` (default $SCIM_TOKEN, else one made at first start)")
	f.StringVar(&o.baseURL, "base-url", "", "public `URL` of /scim/v2 behind a proxy (default http://ADDRESS/scim/v2)")
	f.BoolVar(&o.strict, "strict", false, "follow the RFCs to the letter (-client strict)")
	f.StringVar(&o.client, "client", "", "the `rules` of requests: default, strict, interop, ipsie-al1 or ipsie-al2")
	f.BoolVar(&o.readiness, "readiness", false, "print what of the interop and IPSIE profiles is fulfilled, and end")
	f.IntVar(&o.bulk, "bulk", 0, "most `operations` of one bulk request, of 4 KiB each on average (default 500, of 4 MiB together)")
	f.BoolVar(&o.brake, "brake", true, "stop a client that deactivates, deletes or creates very many")
	f.IntVar(&o.audit, "audit", 90, "keep an audit record of each write for so many `days`, 0 for none")
	f.StringVar(&o.console, "console", "loopback", "`where` the console is served: loopback (if -addr is of this machine), on or off")
	f.Float64Var(&o.rate, "rate", 100, "the most `requests` a second, inf for no limit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.console != "loopback" && o.console != "on" && o.console != "off" {
		return o, fmt.Errorf("-console %q: want loopback, on or off", o.console)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	db, err := open(ctx, o.db)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	token, err := db.token(ctx, o.token, stdout)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if token.Client = o.client; o.strict {
		token.Client = "strict"
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.baseURL == "" {
		o.baseURL = "http://" + reachable(listener.Addr()) + "/scim/v2"
	}
	cfg := scim.Config{
		BaseURL:   o.baseURL,
		Auth:      scim.BearerTokens(token),
		Endpoints: []scim.Endpoint{scim.Users(db.users), scim.Groups(db.groups)},
		Tx:        db.tables,
		Brake:     brake.Config{Off: !o.brake},
		Limits:    scim.Limits{BulkOperations: o.bulk, BulkPayload: int64(o.bulk) * 4 << 10, Rate: o.rate, TenantRate: o.rate},
		Logger:    slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	figures, _ := db.tables.(health.Store)
	monitor, err := health.New(health.Config{Store: figures, Tokens: db.tables, Logger: cfg.Logger})
	if err != nil {
		return err
	}
	diagnosis := diagnose.New(diagnose.Config{})
	requests, err := requestlog.New(requestlog.Config{})
	if err != nil {
		return err
	}
	if o.audit > 0 {
		cfg.AuditTrail = db.tables
		go audit.Keep(ctx, db.tables, o.audit, cfg.Logger)
	}
	withConsole := o.console == "on" || o.console == "loopback" && isLoopback(listener.Addr())
	if withConsole { // tokens that are made in the console, and what it shows
		cfg.Auth = scim.AnyOf(cfg.Auth, scim.StoredTokens(db.tables, nil))
		cfg.Connections = db.tables
		cfg.Observe = scim.Observers(monitor.Observe, diagnosis.Observe, requests.Observe)
	}
	h, err := scim.New(cfg)
	if err != nil {
		return err
	}
	monitor.Attach(h)
	requests.Attach(h)
	if o.readiness {
		_, err := fmt.Fprint(stdout, h.Readiness())
		return err
	}
	router := chi.NewRouter()
	router.Mount("/scim/v2", h)
	router.MethodNotAllowed(h.ServeHTTP) // methods that chi does not know, FOO for example
	if withConsole {
		secret := rand.Text()
		shown := console.Config{Handler: h, Health: monitor, Diagnosis: diagnosis, Requests: requests}
		if o.audit > 0 {
			shown.Trail = db.tables
		}
		pages, err := mountConsole(ctx, shown, db.tables, secret)
		if err != nil {
			return err
		}
		if o.console == "loopback" {
			pages = thisMachine(pages)
		}
		router.Mount("/console", pages)
		fmt.Fprintf(stdout, "Console (the secret is of this start): http://%s/console/\n%s\n", reachable(listener.Addr()), secret)
	}
	fmt.Fprintf(stderr, "quickstart: listening on %s\n", o.baseURL)
	return serve(ctx, listener, router, 20*time.Second)
}

// isLoopback reports whether only programs on this machine reach an address.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// reachable is the address under which a client on this machine reaches the
// listener.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
	}
	return a.String()
}

// serve answers requests until ctx ends, then waits for running requests for at
// most grace. The connections of slower clients are closed, which is not an error.
func serve(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.Close()
}
