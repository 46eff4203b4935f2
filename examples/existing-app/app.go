package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// app is the application: users sign in with e-mail address and password and see
// their teams.
type app struct {
	db     *database
	tokens tokenService
	scim   *scim.Handler
	secure bool // cookies only over TLS
	cost   int  // of bcrypt
	// unknownHash is compared if there is no such user.
	unknownHash string
	now         func() time.Time
	limits      scim.Limits // defaults, but for the kit of handlers
}

func newApp(db *database, tokens tokenService, cost int) (*app, error) {
	a := &app{db: db, tokens: tokens, cost: cost, now: time.Now}
	random, _ := scim.NewToken()
	var err error
	a.unknownHash, err = a.hashPassword(random)
	return a, err
}

// account is the user that is signed in.
type account struct {
	ID    int64  `json:"id"`
	Email string `json:"email"`
}

// errNotSignedIn: unknown user, wrong password or expired session (401).
var errNotSignedIn = errors.New("not signed in")

func (a *app) routes(r chi.Router) {
	r.Post("/login", a.login)
	r.Post("/tokens", a.newToken)
	r.Post("/logout", a.logout)
	r.Get("/me", a.signedIn(a.me))
	r.Get("/teams", a.signedIn(a.teams))
}

// login starts a session and sets its cookie.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	var secret string
	u, err := a.signIn(w, r, func(ctx context.Context, u account) (err error) {
		secret, err = a.startSession(ctx, u)
		return err
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	a.setCookie(w, secret, int(sessionTime.Seconds()))
	answer(w, u)
}

const (
	sessionTime = 12 * time.Hour
	cookieName  = "session"
)

func (a *app) setCookie(w http.ResponseWriter, secret string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: secret, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode,
	})
}

// signIn checks the e-mail address and password in a request's body, and calls
// begin with the account in the transaction of SignIn, which keeps the user's row
// locked: what begin makes, in the database or elsewhere, is ended by a
// deactivation that comes later.
func (a *app) signIn(w http.ResponseWriter, r *http.Request, begin func(context.Context, account) error) (account, error) {
	var u account
	key, hash, err := a.authenticate(w, r)
	if err != nil {
		return u, err
	}
	err = a.scim.SignIn(r.Context(), "", scim.Person{UserName: key}, func(ctx context.Context, _ *schema.Resource) error {
		tx, _ := sqlquery.Tx(ctx)
		err := tx.QueryRowContext(ctx, "SELECT id, email FROM users WHERE email_key = $1 AND password_hash = $2", key, hash).Scan(&u.ID, &u.Email)
		if errors.Is(err, sql.ErrNoRows) {
			return errNotSignedIn // the password was changed meanwhile
		}
		if err != nil {
			return err
		}
		return begin(ctx, u)
	})
	return u, err
}

// authenticate checks a password. It returns the key of the e-mail address and the
// hash that the password matched.
func (a *app) authenticate(w http.ResponseWriter, r *http.Request) (key, hash string, err error) {
	var in struct{ Email, Password string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in); err != nil {
		return "", "", errNotSignedIn
	}
	key = schema.FoldKey(in.Email)
	err = a.db.QueryRowContext(r.Context(), "SELECT password_hash FROM users WHERE email_key = $1", key).Scan(&hash)
	unknown := errors.Is(err, sql.ErrNoRows)
	if unknown {
		hash = a.unknownHash // takes as long as for a known user
	} else if err != nil {
		return "", "", err
	}
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(in.Password)) != nil || unknown {
		return "", "", errNotSignedIn
	}
	return key, hash, nil
}

// startSession makes a session in the database.
func (a *app) startSession(ctx context.Context, u account) (string, error) {
	secret, _ := scim.NewToken()
	tx, _ := sqlquery.Tx(ctx)
	_, err := tx.ExecContext(ctx, "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
		hash(secret), u.ID, a.now().Add(sessionTime).Unix())
	return secret, err
}

// newToken returns a new API token. Tokens are outside of the database.
func (a *app) newToken(w http.ResponseWriter, r *http.Request) {
	var secret string
	_, err := a.signIn(w, r, func(ctx context.Context, u account) (err error) {
		secret, err = a.tokens.Issue(ctx, u)
		return err
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	answer(w, map[string]string{"token": secret})
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		if _, err := a.db.ExecContext(r.Context(), "DELETE FROM sessions WHERE token_hash = $1", hash(c.Value)); err != nil {
			a.fail(w, err)
			return
		}
	}
	a.setCookie(w, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

// signedIn calls next with the account of a request, or answers 401.
func (a *app) signedIn(next func(http.ResponseWriter, *http.Request, account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := a.accountOf(r)
		if err != nil {
			a.fail(w, err)
			return
		}
		next(w, r, u)
	}
}

func (a *app) accountOf(r *http.Request) (account, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return a.tokens.Find(r.Context(), secret)
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return account{}, errNotSignedIn
	}
	var u account
	err = a.db.QueryRowContext(r.Context(), "SELECT u.id, u.email FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2",
		hash(c.Value), a.now().Unix()).Scan(&u.ID, &u.Email)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNotSignedIn
	}
	return u, err
}

func (a *app) me(w http.ResponseWriter, _ *http.Request, u account) { answer(w, u) }

func (a *app) teams(w http.ResponseWriter, r *http.Request, u account) {
	teams, err := a.teamsOf(r.Context(), u.ID)
	if err != nil {
		a.fail(w, err)
		return
	}
	answer(w, teams)
}

func (a *app) teamsOf(ctx context.Context, userID int64) ([]string, error) {
	rows, err := a.db.QueryContext(ctx, "SELECT t.name FROM teams t JOIN team_members m ON m.team_id = t.id WHERE m.user_id = $1 ORDER BY t.name, t.id", userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	teams := []string{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		teams = append(teams, name)
	}
	return teams, rows.Err()
}

// noPassword is a hash that no password matches.
const noPassword = "!"

// hashPassword fails for a password longer than the 72 bytes of bcrypt.
func (a *app) hashPassword(password string) (string, error) {
	hashed, err := bcrypt.GenerateFromPassword([]byte(password), a.cost)
	return string(hashed), err
}

// addUser makes a user without SCIM. A statement that writes an address also
// writes its key, so that SCIM clients find the user at once.
func (a *app) addUser(ctx context.Context, email, password string) (int64, error) {
	hashed, err := a.hashPassword(password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = a.db.QueryRowContext(ctx, "INSERT INTO users (email, email_key, password_hash, updated_at) VALUES ($1, $2, $3, CURRENT_TIMESTAMP) RETURNING id",
		email, schema.FoldKey(email), hashed).Scan(&id)
	return id, err
}

func (a *app) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, errNotSignedIn) || errors.Is(err, scim.ErrSignInRefused) {
		http.Error(w, errNotSignedIn.Error(), http.StatusUnauthorized)
		return
	}
	slog.Error("request failed", "error", err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}
