// Events is a SCIM service provider on a SQLite file that tells a receiver of every
// change by security event tokens (RFC 9967), pushed over HTTPS (RFC 8935).
//
//	go run ./examples/events -receiver https://receiver.example.com/events
//
// It serves /scim/v2, and the public key of the tokens at /jwks.json.
package main

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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

	"github.com/go-jose/go-jose/v4"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/secevent"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "events:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	addr, url, db, token, key, receiver, roots string
	full                                       bool
	timeout                                    time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("events", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	f.StringVar(&o.url, "url", "", "public `URL` of the program, the issuer of the tokens (default http://ADDRESS)")
	f.StringVar(&o.db, "db", "scim.db", "SQLite `file`")
	f.StringVar(&o.token, "token", os.Getenv("SCIM_TOKEN"), "bearer `token` of the provider (default $SCIM_TOKEN)")
	f.StringVar(&o.key, "key", "key.json", "`file` with the private key as a JWK, made at first start")
	f.StringVar(&o.receiver, "receiver", "", "https `URL` that receives the tokens")
	f.StringVar(&o.roots, "roots", "", "PEM `file` with the certificates that the receiver is trusted by (default: those of the system)")
	f.BoolVar(&o.full, "full", false, "send the data of changes, not only the names of attributes")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "`time` that a delivery may take")
	return o, f.Parse(args)
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	db, err := sqlstore.OpenSQLite("sqlite", o.db)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	key, err := openKey(o.key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	h, err := o.handler(db, key, cmp.Or(o.url, "http://"+listener.Addr().String()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	worker := make(chan error, 1)
	go func() { worker <- h.Run(ctx) }() // delivers the events
	defer func() { cancel(); <-worker }()

	mux := http.NewServeMux()
	mux.Handle("/scim/v2/", h)
	mux.HandleFunc("GET /jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	fmt.Fprintf(stderr, "events: listening on http://%s/scim/v2\n", listener.Addr())
	return serve(ctx, listener, mux)
}

// handler returns the SCIM handler, whose changes are issued as tokens of app.
func (o *options) handler(db *sqlstore.DB, key jose.JSONWebKey, app string) (*scim.Handler, error) {
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	deliver, err := secevent.Push(secevent.PushConfig{URL: o.receiver, Client: client})
	if err != nil {
		return nil, err
	}
	issuer, err := secevent.New(secevent.Config{
		Issuer:   app,
		Audience: []string{o.receiver},
		Key:      jose.SigningKey{Algorithm: jose.ES256, Key: key},
		Full:     o.full,
		Deliver:  deliver,
	})
	if err != nil {
		return nil, err
	}
	return scim.New(scim.Config{
		BaseURL:   app + "/scim/v2",
		Auth:      scim.BearerTokens(scim.HashToken("provider", o.token)),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Tx:        db,
		Outbox:    db,
		Hooks:     scim.Hooks{Changed: issuer.Handle, AsyncResponse: issuer.Handle},
		EventURIs: issuer.EventURIs(),
		Limits:    scim.Limits{Revoke: o.timeout},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

// client returns a client that trusts the receiver.
func (o *options) client() (*http.Client, error) {
	if o.roots == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.roots)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", o.roots)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, nil
}

// openKey reads the private key, or makes one.
func openKey(file string) (jose.JSONWebKey, error) {
	var key jose.JSONWebKey
	text, err := os.ReadFile(file)
	if err == nil {
		return key, json.Unmarshal(text, &key)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key, err
	}
	key = jose.JSONWebKey{Key: private, KeyID: time.Now().UTC().Format("2006-01-02"), Algorithm: string(jose.ES256), Use: "sig"}
	if text, err = json.Marshal(key); err != nil {
		return key, err
	}
	return key, os.WriteFile(file, text, 0o600)
}

// serve answers requests until ctx ends, then waits for running requests.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return s.Shutdown(ctx)
}
