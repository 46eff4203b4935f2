package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/store"
)

// backend is a database that the console can look into. memstore.DB and sqlstore.DB
// are ones.
type backend interface {
	store.Transactor
	store.Tokens
	store.AuditTrail
	audit.Reader
	connection.Store
}

// mountConsole makes the console of a service on a database, behind the secret.
func mountConsole(ctx context.Context, cfg console.Config, db backend, secret string) (http.Handler, error) {
	connections, err := connection.New(connection.Config{Handler: cfg.Handler, Store: db})
	if err != nil {
		return nil, err
	}
	door := newDoor(secret)
	cfg.Connections, cfg.Tokens, cfg.Product, cfg.Identify = connections, db, "SCIM quickstart", door.identify
	pages, err := console.New(cfg)
	if err != nil {
		return nil, err
	}
	go cfg.Health.Run(ctx)
	door.inside = pages
	return http.NewCrossOriginProtection().Handler(door), nil
}

// thisMachine refuses requests by a name of another host, which may lead here all the
// same (DNS rebinding), and those that a proxy passes on.
func thisMachine(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		_, passedOn := r.Header["X-Forwarded-For"]
		if passedOn || r.Header.Get("Forwarded") != "" || host != "localhost" && !net.ParseIP(host).IsLoopback() {
			http.Error(w, "The console is for this machine alone. Start with -console on to change that.", http.StatusForbidden)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// door is a login with one secret. An application has a login already, and gives its
// own function as console.Config.Identify.
type door struct {
	secret [sha256.Size]byte
	inside http.Handler

	mu       sync.Mutex
	sessions map[string]time.Time // by token, with their ends
	wrong    int                  // attempts since the last right one
	closed   time.Time            // no attempt is looked at before
}

const (
	sessionLife = 12 * time.Hour
	mostWrong   = 5           // attempts, and then
	pause       = time.Minute // until the next one
	cookieName  = "console"
)

func newDoor(secret string) *door {
	return &door{secret: sha256.Sum256([]byte(secret)), sessions: map[string]time.Time{}}
}

var errSignedOut = errors.New("not signed in")

// identify is the console.Config.Identify of the quickstart: a session of a browser, or
// the secret itself as a bearer token, which the command scim sends.
func (d *door) identify(r *http.Request) (console.Identity, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		if problem := d.check(secret); problem != "" {
			return console.Identity{}, errSignedOut
		}
		return console.Identity{Actor: "administrator"}, nil
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return console.Identity{}, errSignedOut
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if end, ok := d.sessions[c.Value]; !ok || time.Now().After(end) {
		return console.Identity{}, errSignedOut
	}
	return console.Identity{Actor: "administrator", Session: c.Value}, nil
}

// ServeHTTP asks for the secret first.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/console/login" {
		d.login(w, r)
		return
	}
	if _, err := d.identify(r); err != nil && r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/console/static/") {
		http.Redirect(w, r, "/console/login", http.StatusSeeOther)
		return
	}
	d.inside.ServeHTTP(w, r)
}

// login shows the form, or opens the door.
func (d *door) login(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		showLogin(w, http.StatusOK, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	session, problem := d.open(r.PostFormValue("secret"))
	if problem != "" {
		showLogin(w, http.StatusForbidden, problem)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: session, Path: "/console", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/console/", http.StatusSeeOther)
}

// open returns a session for the secret, or what is wrong.
func (d *door) open(secret string) (session, problem string) {
	if problem := d.check(secret); problem != "" {
		return "", problem
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for token, end := range d.sessions {
		if now.After(end) {
			delete(d.sessions, token)
		}
	}
	session = rand.Text()
	d.sessions[session] = now.Add(sessionLife)
	return session, ""
}

// check returns what is wrong with a secret, "" if it is the right one.
func (d *door) check(secret string) (problem string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Before(d.closed) {
		return "Too many attempts. Wait a minute."
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	if subtle.ConstantTimeCompare(sum[:], d.secret[:]) == 0 {
		if d.wrong++; d.wrong >= mostWrong {
			d.wrong, d.closed = 0, now.Add(pause)
		}
		return "This is not the secret that the program printed when it was started."
	}
	d.wrong = 0
	return ""
}

//go:embed login.html
var loginText string

var (
	loginPage = template.Must(template.New("login").Parse(loginText))
	// loginStyle names the style sheet in the page, the only one that a browser may use.
	loginStyle = func() string {
		_, rest, _ := strings.Cut(loginText, "<style>")
		style, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(style))
		return base64.StdEncoding.EncodeToString(sum[:])
	}()
)

func showLogin(w http.ResponseWriter, status int, problem string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+loginStyle+"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = loginPage.Execute(w, problem)
}
