package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// app is the application: people of several organisations sign in, make API keys and
// see their teams and roles.
type app struct {
	db       *database
	scimDB   *sqlquery.DB
	kept     *sqlstore.DB // access tokens, passwords and counters, in tables of their own
	oauth    *oauth.Server
	limits   scim.Limits // defaults, but for the kit of handlers
	accounts *sqlquery.Table[account]
	teams    *sqlquery.GroupTable[team]
	scim     *scim.Handler
	cost     int // of bcrypt
	// unknownHash is compared if there is no such account.
	unknownHash string
}

func newApp(ctx context.Context, db *database, cost int) (*app, error) {
	a := &app{db: db, cost: cost}
	random, _ := scim.NewToken()
	var err error
	if a.unknownHash, err = a.hashPassword(random); err != nil {
		return nil, err
	}
	if a.kept, err = sqlstore.New(db.DB, db.kept); err != nil {
		return nil, err
	}
	if err := a.kept.Migrate(ctx, sqlstore.Tokens, sqlstore.Counters); err != nil {
		return nil, err
	}
	return a, a.openTables(ctx)
}

// errNotSignedIn: unknown account, wrong password, expired session (401).
var errNotSignedIn = errors.New("not signed in")

// handler returns the application, with SCIM under /scim/v2 and its token endpoint
// beside it.
func (a *app) handler(baseURL string, fixed scim.Authenticator) (_ http.Handler, err error) {
	if a.oauth, err = a.newOAuth(baseURL); err != nil {
		return nil, err
	}
	if a.scim, err = a.newSCIM(baseURL, a.authenticator(fixed)); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/scim/v2/", a.scim)
	mux.Handle(a.oauth.TokenPath(), a.oauth)
	mux.Handle(a.oauth.MetadataPath(), a.oauth)
	a.operate(mux)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /keys", a.newKey)
	mux.HandleFunc("POST /invitations/accept", a.accept)
	mux.HandleFunc("GET /me", a.me)
	return logged(mux), nil
}

// logged logs every request.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next.ServeHTTP(w, r)
		slog.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "duration", time.Since(start))
	})
}

const sessionTime = 12 * time.Hour

// login starts a session.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	a.signIn(w, r, "INSERT INTO sessions (account_id, token_hash, expires_at) VALUES ($1, $2, $3)", time.Now().Add(sessionTime).Unix())
}

// newKey makes an API key.
func (a *app) newKey(w http.ResponseWriter, r *http.Request) {
	a.signIn(w, r, "INSERT INTO api_keys (account_id, key_hash) VALUES ($1, $2)")
}

// signIn checks organisation, e-mail address and password in a request's body,
// writes a session or key with the insert statement, whose first arguments are the
// account and the hash of the secret, and answers the secret. The insert is part of
// the transaction of SignIn, which holds the account's row: a deactivation comes
// before, or finds what was inserted.
func (a *app) signIn(w http.ResponseWriter, r *http.Request, insert string, args ...any) {
	org, key, hash, err := a.authenticate(w, r)
	if err != nil {
		fail(w, err)
		return
	}
	secret, _ := scim.NewToken()
	err = a.scim.SignIn(r.Context(), org, scim.Person{UserName: key}, func(ctx context.Context, user *schema.Resource) error {
		tx, _ := sqlquery.Tx(ctx)
		var id int64
		// Not of an invited account, and not after a change of the password.
		err := tx.QueryRowContext(ctx, "SELECT id FROM accounts WHERE id = $1 AND status = 'active' AND password_hash = $2", a.key(user.ID), hash).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return errNotSignedIn
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, insert, append([]any{id, digest(secret)}, args...)...)
		return err
	})
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, map[string]string{"token": secret})
}

// authenticate checks a password. It returns the organisation, the key of the e-mail
// address and the hash that the password matched.
func (a *app) authenticate(w http.ResponseWriter, r *http.Request) (org, key, hash string, err error) {
	var in struct {
		Org             int64
		Email, Password string
	}
	if err := decode(w, r, &in); err != nil {
		return "", "", "", err
	}
	key = schema.FoldKey(in.Email)
	err = a.db.QueryRowContext(r.Context(), "SELECT password_hash FROM accounts WHERE org_id = $1 AND email_key = $2", in.Org, key).Scan(&hash)
	unknown := errors.Is(err, sql.ErrNoRows)
	if unknown {
		hash = a.unknownHash // takes as long as for a known account
	} else if err != nil {
		return "", "", "", err
	}
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(in.Password)) != nil || unknown {
		return "", "", "", errNotSignedIn
	}
	return strconv.FormatInt(in.Org, 10), key, hash, nil
}

// person is the account that is signed in.
type person struct {
	ID       int64    `json:"id"`
	Org      int64    `json:"org"`
	Email    string   `json:"email"`
	FullName string   `json:"fullName"`
	Roles    []string `json:"roles"`
}

func (a *app) me(w http.ResponseWriter, r *http.Request) {
	p, err := a.signedIn(r)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, p)
}

// signedIn returns the account of a session or an API key.
func (a *app) signedIn(r *http.Request) (*person, error) {
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p := &person{Roles: []string{}}
	err := a.db.QueryRowContext(r.Context(), `SELECT a.id, a.org_id, a.email, a.full_name FROM accounts a WHERE a.status = 'active' AND a.id IN (
		SELECT account_id FROM sessions WHERE token_hash = $1 AND expires_at > $2 UNION ALL SELECT account_id FROM api_keys WHERE key_hash = $1)`,
		digest(secret), time.Now().Unix()).Scan(&p.ID, &p.Org, &p.Email, &p.FullName)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNotSignedIn
	}
	if err == nil {
		err = a.readRoles(r.Context(), p)
	}
	return p, err
}

func (a *app) readRoles(ctx context.Context, p *person) error {
	rows, err := a.db.QueryContext(ctx, "SELECT role FROM roles WHERE account_id = $1 ORDER BY role", p.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var role string
		if err := rows.Scan(&role); err != nil {
			return err
		}
		p.Roles = append(p.Roles, role)
	}
	return rows.Err()
}

// addAccount makes an account of the application itself. A statement that writes an
// address writes its key too, so that SCIM clients find the account at once.
func (a *app) addAccount(ctx context.Context, org int64, email, password string) (id int64, err error) {
	hash, err := a.hashPassword(password)
	if err != nil {
		return 0, err
	}
	return a.insertAccount(ctx, org, email, "active", hash)
}

// giveRole gives a role by hand.
func (a *app) giveRole(ctx context.Context, id int64, role string) error {
	_, err := a.db.ExecContext(ctx, "INSERT INTO account_roles (account_id, role) VALUES ($1, $2)", id, role)
	return err
}

// invite makes an account and returns the secret of the invitation.
func (a *app) invite(ctx context.Context, org int64, email string) (secret string, err error) {
	secret, _ = scim.NewToken()
	_, err = a.insertAccount(ctx, org, email, "invited", invitation(secret))
	return secret, err
}

// invitation is the password_hash of an invited account; no password matches it.
func invitation(secret string) string { return "invitation " + digest(secret) }

func (a *app) insertAccount(ctx context.Context, org int64, email, status, hash string) (id int64, err error) {
	err = a.db.QueryRowContext(ctx, "INSERT INTO accounts (org_id, email, email_key, full_name, status, password_hash) VALUES ($1, $2, $3, $2, $4, $5) RETURNING id",
		org, email, schema.FoldKey(email), status, hash).Scan(&id)
	return id, err
}

// accept makes an invited account active. It changes a column with a tag, and so the
// version.
func (a *app) accept(w http.ResponseWriter, r *http.Request) {
	var in struct{ Invitation, Password string }
	if err := decode(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	hash, err := a.hashPassword(in.Password)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, err := a.db.ExecContext(r.Context(), "UPDATE accounts SET status = 'active', password_hash = $2, version = version + 1 WHERE password_hash = $1 AND status = 'invited'",
		invitation(in.Invitation), hash)
	if err != nil {
		fail(w, err)
		return
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		fail(w, errors.Join(errNotSignedIn, err))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// release lets an administrator release an account to a connection, which may then
// adopt it.
func (a *app) release(ctx context.Context, id int64, connection string) error {
	_, err := a.db.ExecContext(ctx, "UPDATE accounts SET released_to = $2 WHERE id = $1", id, connection)
	return err
}

// releasedTo returns the connection that may adopt an account, "" if none may.
func (a *app) releasedTo(ctx context.Context, id int64) (connection string, err error) {
	tx, _ := sqlquery.Tx(ctx)
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(released_to, '') FROM accounts WHERE id = $1", id).Scan(&connection)
	return connection, err
}

// endAccess ends every way into the application, in the transaction of the context.
func (a *app) endAccess(ctx context.Context, id int64) error {
	tx, _ := sqlquery.Tx(ctx)
	for _, statement := range []string{
		"DELETE FROM sessions WHERE account_id = $1",
		"DELETE FROM api_keys WHERE account_id = $1",
		"INSERT INTO audit (org_id, account_id, what) SELECT org_id, id, 'access ended' FROM accounts WHERE id = $1",
	} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return err
		}
	}
	return nil
}

// checkOwner returns an error if an organisation has no active owner after a team that
// gives the role owner was deleted, or active members have left it.
func (a *app) checkOwner(ctx context.Context, org, team string, deleted bool, leavers ...string) error {
	tx, _ := sqlquery.Tx(ctx)
	// Other changes of teams wait, so that two owners do not leave at the same time.
	if _, err := tx.ExecContext(ctx, "UPDATE organisations SET name = name WHERE id = $1", org); err != nil {
		return err
	}
	var lost bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM team_roles WHERE team_id = $1 AND role = 'owner') AND NOT EXISTS (
		SELECT 1 FROM accounts a JOIN roles r ON r.account_id = a.id WHERE a.org_id = $2 AND a.status = 'active' AND r.role = 'owner')`, team, org).Scan(&lost)
	if err != nil || !lost {
		return err
	}
	for _, id := range leavers {
		if err := tx.QueryRowContext(ctx, "SELECT status = 'active' FROM accounts WHERE id = $1", a.key(id)).Scan(&lost); err != nil {
			return err
		}
		if lost {
			return errLastOwner
		}
	}
	if deleted {
		return errLastOwner
	}
	return nil
}

var errLastOwner = &scim.Error{Status: http.StatusBadRequest, Type: schema.ErrorInvalidValue, Detail: "the organisation would have no owner"}

// noPassword is a hash that no password matches.
const noPassword = "!"

// hashPassword fails for a password longer than the 72 bytes of bcrypt.
func (a *app) hashPassword(password string) (string, error) {
	hashed, err := bcrypt.GenerateFromPassword([]byte(password), a.cost)
	return string(hashed), err
}

// setPassword sets a password in the transaction of the context.
func (a *app) setPassword(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error {
	hash, err := a.hashPassword(secrets.Get("password").Text())
	if err != nil {
		return &schema.Error{Type: schema.ErrorInvalidValue, Path: "password", Detail: err.Error()}
	}
	tx, _ := sqlquery.Tx(ctx)
	_, err = tx.ExecContext(ctx, "UPDATE accounts SET password_hash = $2 WHERE id = $1", a.key(r.ID), hash)
	return err
}

// slug returns a name as part of a URL. A team keeps its slug when it is renamed.
func slug(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	return cmp.Or(strings.Trim(ascii, "-"), "team")
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(into); err != nil {
		return errNotSignedIn
	}
	return nil
}

func fail(w http.ResponseWriter, err error) {
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
