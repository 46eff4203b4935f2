// Existing-app is a small application that had users, sessions and teams
// before it had SCIM. The SCIM part is scim.go; docs/embedding.md walks through
// it.
//
//	go run ./examples/existing-app
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "existing-app:", err)
		}
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	addr, db, tokens, token, baseURL, addUser string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("existing-app", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8081", "`address` to listen on")
	f.StringVar(&o.db, "db", "existing-app.db", "SQLite `file`, or a postgres:// URL")
	f.StringVar(&o.tokens, "tokens", "existing-app.tokens", "`directory` of API tokens")
	f.StringVar(&o.token, "token", "", "bearer `token` of the identity provider (default $SCIM_TOKEN, else a new one at each start)")
	f.StringVar(&o.baseURL, "base-url", "", "public `URL` of /scim/v2 behind a proxy (default http://ADDRESS/scim/v2)")
	f.StringVar(&o.addUser, "add-user", "", "add a user with this `e-mail` address and the password $APP_PASSWORD, and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.token == "" {
		o.token = os.Getenv("SCIM_TOKEN")
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
	a, err := newApp(db, tokenFiles(o.tokens), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	if o.addUser != "" {
		return a.addFromCommandLine(ctx, o.addUser, stdout)
	}
	if o.token == "" {
		o.token, _ = scim.NewToken()
		fmt.Fprintf(stdout, "Bearer token until the next start (set -token or $SCIM_TOKEN for one that stays):\n%s\n", o.token)
	}
	return a.listen(ctx, o, stderr)
}

func (a *app) addFromCommandLine(ctx context.Context, email string, stdout io.Writer) error {
	password := os.Getenv("APP_PASSWORD")
	if password == "" {
		return errors.New("-add-user takes the password from $APP_PASSWORD")
	}
	id, err := a.addUser(ctx, email, password)
	if err == nil {
		fmt.Fprintf(stdout, "user %d\n", id)
	}
	return err
}

func (a *app) listen(ctx context.Context, o options, stderr io.Writer) error {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.baseURL == "" {
		o.baseURL = "http://" + listener.Addr().String() + "/scim/v2"
	}
	a.secure = strings.HasPrefix(o.baseURL, "https://")
	handler, worker, err := a.handler(ctx, o.baseURL, scim.BearerTokens(scim.HashToken("provider", o.token)))
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "existing-app: SCIM at %s\n", o.baseURL)
	working, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		worker(working)
	}()
	defer func() { stop(); <-stopped }()
	return serve(ctx, listener, handler, 20*time.Second)
}

// handler is the application with SCIM mounted, and the worker to run beside.
func (a *app) handler(ctx context.Context, baseURL string, auth scim.Authenticator) (http.Handler, func(context.Context) error, error) {
	h, err := a.newSCIM(ctx, baseURL, auth)
	if err != nil {
		return nil, nil, err
	}
	a.scim = h
	router := chi.NewRouter()
	a.routes(router)
	router.Mount("/scim/v2", h)
	return router, h.Run, nil
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
