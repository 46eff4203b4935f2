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
)

// app is the application: people sign in with e-mail address and password and
// see their teams.
type app struct {
	db     *database
	tokens tokenService
	secure bool   // cookies only over TLS
	cost   int    // of bcrypt
	nobody string // the hash that is compared when there is no such user
	now    func() time.Time
}

func newApp(db *database, tokens tokenService, cost int) (*app, error) {
	a := &app{db: db, tokens: tokens, cost: cost, now: time.Now}
	random, _ := scim.NewToken()
	var err error
	a.nobody, err = a.hashPassword(random)
	return a, err
}

// account is who is signed in.
type account struct {
	ID    int64  `json:"id"`
	Email string `json:"email"`
}

// errNobody: no such user, wrong password, session over. 401.
var errNobody = errors.New("not signed in")

func (a *app) routes(r chi.Router) {
	r.Post("/login", a.login)
	r.Post("/tokens", a.newToken)
	r.Post("/logout", a.logout)
	r.Get("/me", a.signedIn(a.me))
	r.Get("/teams", a.signedIn(a.teams))
}

// login answers a session, as a cookie.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	u, err := a.authenticate(w, r)
	var secret string
	if err == nil {
		secret, err = a.startSession(r.Context(), u)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	a.setCookie(w, secret, int(sessionTime.Seconds()))
	answer(w, u.account)
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

// authenticated is an account whose password was right while it was this one.
type authenticated struct {
	account
	passwordHash string
}

// authenticate checks e-mail address and password in a request's body.
func (a *app) authenticate(w http.ResponseWriter, r *http.Request) (authenticated, error) {
	var in struct{ Email, Password string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in); err != nil {
		return authenticated{}, errNobody
	}
	var u authenticated
	err := a.db.QueryRowContext(r.Context(), "SELECT id, email, password_hash FROM users WHERE email_key = $1", schema.FoldKey(in.Email)).
		Scan(&u.ID, &u.Email, &u.passwordHash)
	if errors.Is(err, sql.ErrNoRows) {
		u.passwordHash = a.nobody // takes as long as for somebody
	} else if err != nil {
		return u, err
	}
	if bcrypt.CompareHashAndPassword([]byte(u.passwordHash), []byte(in.Password)) != nil || u.ID == 0 {
		return u, errNobody
	}
	return u, nil
}

// mayWork is the condition on rows of users who may sign in.
const mayWork = "id = $1 AND password_hash = $2 AND disabled IS NOT TRUE AND deleted_at IS NULL"

// startSession makes a session in the database. The lock on the user's row is
// the login's one duty: a deactivation comes either before it, and is seen, or
// after the commit, and ends the new session too. (With SQLite the transaction
// itself is the lock: it was begun IMMEDIATE.)
func (a *app) startSession(ctx context.Context, u authenticated) (string, error) {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(ctx, "SELECT id FROM users WHERE "+mayWork+a.db.forShare, u.ID, u.passwordHash).Scan(new(int64))
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNobody
	}
	if err != nil {
		return "", err
	}
	secret, _ := scim.NewToken()
	_, err = tx.ExecContext(ctx, "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
		hash(secret), u.ID, a.now().Add(sessionTime).Unix())
	if err != nil {
		return "", err
	}
	return secret, tx.Commit()
}

// newToken answers an API token.
func (a *app) newToken(w http.ResponseWriter, r *http.Request) {
	u, err := a.authenticate(w, r)
	var secret string
	if err == nil {
		secret, err = a.issue(r.Context(), u)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	answer(w, map[string]string{"token": secret})
}

// issue makes a token, which lives elsewhere: no lock reaches there. So the
// duty is to look at the user once more when the token exists. A deactivation
// that this look does not see revokes after it, and finds the token.
func (a *app) issue(ctx context.Context, u authenticated) (string, error) {
	secret, err := a.tokens.Issue(ctx, u.account)
	if err != nil {
		return "", err
	}
	err = a.db.QueryRowContext(ctx, "SELECT id FROM users WHERE "+mayWork, u.ID, u.passwordHash).Scan(new(int64))
	if err == nil {
		return secret, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return "", err // nobody gets to know the token
	}
	return "", errors.Join(errNobody, a.tokens.Revoke(ctx, u.ID))
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

// signedIn finds out who sent a request.
func (a *app) signedIn(next func(http.ResponseWriter, *http.Request, account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := a.who(r)
		if err != nil {
			a.fail(w, err)
			return
		}
		next(w, r, u)
	}
}

func (a *app) who(r *http.Request) (account, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return a.tokens.Find(r.Context(), secret)
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return account{}, errNobody
	}
	var u account
	err = a.db.QueryRowContext(r.Context(), "SELECT u.id, u.email FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2",
		hash(c.Value), a.now().Unix()).Scan(&u.ID, &u.Email)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNobody
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

// noPassword is a hash that no password has.
const noPassword = "!"

// hashPassword fails for a password that bcrypt would cut off at 72 bytes.
func (a *app) hashPassword(password string) (string, error) {
	hashed, err := bcrypt.GenerateFromPassword([]byte(password), a.cost)
	return string(hashed), err
}

// addUser makes a user by the application's own means. Whoever writes an
// address writes its key; clients of SCIM find the user at once.
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
	if errors.Is(err, errNobody) {
		http.Error(w, errNobody.Error(), http.StatusUnauthorized)
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
