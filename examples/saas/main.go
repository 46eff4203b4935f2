// Saas is an application of several organisations that had accounts, teams, sessions
// and API keys before it had SCIM. The SCIM part is scim.go, with oauth.go for the
// credentials of providers.
//
//	go run ./examples/saas
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
	"strconv"
	"syscall"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "saas:", err)
		}
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	addr, db, baseURL, addAccount, role string
	org                                 int64
	tokens                              [2]string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("saas", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8082", "`address` to listen on")
	f.StringVar(&o.db, "db", "saas.db", "SQLite `file`, or a postgres:// URL")
	f.StringVar(&o.tokens[0], "token", "", "bearer `token` of organisation 1 (default a new one at each start)")
	f.StringVar(&o.tokens[1], "token2", "", "bearer `token` of organisation 2 (default a new one at each start)")
	f.StringVar(&o.baseURL, "base-url", "", "public `URL` of /scim/v2 behind a proxy (default http://ADDRESS/scim/v2)")
	f.StringVar(&o.addAccount, "add-account", "", "add an account with this `e-mail` address and the password $APP_PASSWORD, and exit")
	f.Int64Var(&o.org, "org", 1, "`organisation` of -add-account")
	f.StringVar(&o.role, "role", "", "`role` of -add-account, for example owner")
	if err := f.Parse(args); err != nil {
		return o, err
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
	defer db.close()
	a, err := newApp(ctx, db, bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	if o.addAccount != "" {
		return a.addFromCommandLine(ctx, o, stdout)
	}
	for i := range o.tokens {
		if o.tokens[i] == "" {
			o.tokens[i], _ = scim.NewToken()
			fmt.Fprintf(stdout, "Bearer token of organisation %d until the next start: %s\n", i+1, o.tokens[i])
		}
	}
	return a.listen(ctx, o, stderr)
}

func (a *app) addFromCommandLine(ctx context.Context, o options, stdout io.Writer) error {
	password := os.Getenv("APP_PASSWORD")
	if password == "" {
		return errors.New("-add-account takes the password from $APP_PASSWORD")
	}
	id, err := a.addAccount(ctx, o.org, o.addAccount, password)
	if err != nil {
		return err
	}
	if o.role != "" {
		if err := a.giveRole(ctx, id, o.role); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "account %d\n", id)
	return nil
}

// tokensOf are the tokens of organisations 1 and 2. A provider that is connected
// again with another token keeps what it provisioned, by the name of the connection.
func tokensOf(secrets [2]string) scim.Authenticator {
	var tokens []store.Token
	for i, secret := range secrets {
		org := strconv.Itoa(i + 1)
		token := scim.HashToken("organisation "+org, secret)
		token.Tenant, token.Connection = org, "scim"
		tokens = append(tokens, token)
	}
	return scim.BearerTokens(tokens...)
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
	handler, err := a.handler(o.baseURL, tokensOf(o.tokens))
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "saas: SCIM at %s\n", o.baseURL)
	return serve(ctx, listener, handler, 20*time.Second)
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
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
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
