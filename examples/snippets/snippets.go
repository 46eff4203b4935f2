// Package snippets holds the code of the documents that stands in no other
// program: what the documents show is compiled.
package snippets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// User is the shortest row of a user.
type User struct {
	ID       int64   `scim:"id,prefix=u"`
	Email    string  `scim:"userName"`
	EmailKey *string `scim:"userName,key"`
	Disabled *bool   `scim:"active,not"`
	Rest     string  `scim:",rest" db:"scim_rest"`
}

// Team is the shortest row of a team.
type Team struct {
	ID   int64  `scim:"id,prefix=t"`
	Name string `scim:"displayName"`
}

// Revivable is a row that can come back after it was deleted.
type Revivable struct {
	User
	FormerKey *string `scim:"userName,former"`
}

// Revive restores deleted users.
func Revive(users *sqlquery.Table[Revivable]) scim.Endpoint {
	people := scim.Users(users)
	people.OnTwin = scim.RestoreDeleted
	return people
}

// TeamsAreNotDeleted serves teams that no client deletes.
func TeamsAreNotDeleted(teams store.Store) scim.Endpoint {
	e := scim.Groups(teams)
	e.Without = []scim.OperationKind{scim.OperationDelete}
	return e
}

// Subjects is what an application knows about the subjects of its tokens.
type Subjects interface {
	// UserOf returns the id of the User of a subject, "" if it never had one.
	UserOf(ctx context.Context, subject string) (id string, err error)
	// Bind records the User of a subject in the transaction in ctx. It fails if the
	// subject has one.
	Bind(ctx context.Context, subject, id string) error
}

// OwnUser serves the User of the subject at /Me.
func OwnUser(cfg *scim.Config, subjects Subjects) {
	cfg.Me = func(ctx context.Context, p *scim.Principal) (string, error) {
		return subjects.UserOf(ctx, p.TokenID)
	}
	cfg.BindMe = func(ctx context.Context, p *scim.Principal, user *schema.Resource) error {
		return subjects.Bind(ctx, p.TokenID, user.ID)
	}
}

// ByKey finds a user of the application.
func ByKey(ctx context.Context, db *sql.DB, address string) (id int64) {
	const byKey = "SELECT id FROM users WHERE email_key = $1 AND disabled IS NOT TRUE"
	err := db.QueryRowContext(ctx, byKey, schema.FoldKey(address)).Scan(&id)
	if err != nil {
		log.Fatal(err)
	}
	return id
}

// PrintGuard prints the statements for a migration.
func PrintGuard(users *sqlquery.Table[User]) {
	for _, statement := range users.KeyGuard() {
		fmt.Println(statement + ";")
	}
}

// WriteMigrations writes the tables of the outbox as files for goose.
func WriteMigrations(directory string) error {
	migrations, err := sqlstore.Schema(sqlstore.PostgreSQL, sqlstore.Outbox, sqlstore.Tokens)
	if err != nil {
		return err
	}
	for _, m := range migrations {
		text := "-- +goose Up\n" + m.SQL // Atlas and Flyway take m.SQL as it is
		if err := os.WriteFile(filepath.Join(directory, m.Name+".sql"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Prepared keeps the tenants of a pool apart by row-level security.
func Prepared(pool *sql.DB) (*sqlquery.DB, error) {
	db, err := sqlquery.New(pool, sqlquery.PostgreSQL, sqlquery.Prepare(
		func(ctx context.Context, tx *sql.Tx, tenant string) error {
			_, err := tx.ExecContext(ctx, "SELECT set_config('app.tenant', $1, true)", tenant)
			return err
		}))
	return db, err
}

// Application is an application with tables.
type Application struct {
	pool   *sql.DB
	db     *sqlquery.DB
	users  *sqlquery.Table[User]
	teams  *sqlquery.GroupTable[Team]
	router chi.Router
}

// Mount mounts SCIM beside the routes of the application.
func (a Application) Mount(ctx context.Context, baseURL string, auth scim.Authenticator, hooks scim.Hooks) error {
	pool, db, users, teams, router := a.pool, a.db, a.users, a.teams, a.router
	outbox, err := sqlstore.New(pool, sqlstore.PostgreSQL)
	if err != nil {
		return err
	}
	if err := outbox.Migrate(ctx, sqlstore.Outbox, sqlstore.Counters); err != nil {
		return err
	}
	h, err := scim.New(scim.Config{
		BaseURL: baseURL, Auth: auth, Tx: db, Outbox: outbox, Counters: outbox, Hooks: hooks,
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(teams)},
	})
	if err != nil {
		return err
	}
	router.Mount("/scim/v2", h)
	go h.Run(ctx)
	return nil
}

// Providers serves several providers, each with a token of its own.
func (a Application) Providers(ctx context.Context, outbox *sqlstore.DB) (http.Handler, error) {
	users, teams := a.users, a.teams
	secret, sum := scim.NewToken()
	err := outbox.AddToken(ctx, store.Token{
		ID: "entra", SHA256: sum, Policy: "careful", Created: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	people := scim.Users(users)
	people.Policies = map[string]scim.Policy{"careful": {OnDelete: scim.DeactivateOnDelete}}
	log.Print("shown once: ", secret)
	return scim.New(scim.Config{
		Auth:      scim.StoredTokens(outbox, nil),
		Endpoints: []scim.Endpoint{people, scim.Groups(teams)},
	})
}

// Kit runs the conformance kit on the tables of an application.
func Kit(t *testing.T, open func(t *testing.T) Application) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		a := open(t)
		return storetest.Fixture{Users: a.users, Groups: a.teams, Tx: a.db, SingleTenant: true, MembersAreUsers: true}
	})
}

// Place stands for a store by hand.
type Place interface {
	store.Transactor
	users() store.Store
	groups() store.MemberStore
}

// ByHand runs the conformance kit on a store by hand.
func ByHand(t *testing.T, openNew func(t *testing.T) Place) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		db := openNew(t)
		return storetest.Fixture{Users: db.users(), Groups: db.groups(), Tx: db}
	})
}

var errNotSignedIn = errors.New("wrong name or password")

// SignIn is the callback of single sign-on.
func SignIn(ctx context.Context, h *scim.Handler, tenant, subject string, startSession, createJustInTime func(context.Context, string) error) error {
	err := h.SignIn(ctx, tenant, scim.Person{Subject: subject}, func(ctx context.Context, user *schema.Resource) error {
		return startSession(ctx, user.ID)
	})
	switch {
	case err == nil:
		return nil // hand out the session
	case errors.Is(err, scim.ErrUnknownUser):
		return createJustInTime(ctx, subject) // or refuse
	case errors.Is(err, scim.ErrSignInRefused):
		slog.InfoContext(ctx, "sign-in refused", "reason", err)
		return errNotSignedIn // one message for all reasons
	default:
		return err
	}
}

// DryRun reports what the first sync will do.
func DryRun(ctx context.Context, export io.Reader, tenant string, users store.Store) error {
	records := reconcile.CSV(export, reconcile.Columns{
		UserName: "login", ExternalID: "id", Email: "email", Active: "status", ActiveValues: []string{"ACTIVE", "PROVISIONED"},
	})
	report, err := reconcile.DryRun(store.WithTenant(ctx, tenant), records, users, reconcile.Options{})
	if err != nil {
		return err
	}
	return report.WriteText(os.Stdout) // or WriteJSON
}

// Listed are the users of a provider that serves SCIM itself.
func Listed(ctx context.Context, baseURL, token string) iter.Seq2[reconcile.Record, error] {
	records := (&remote.Client{BaseURL: baseURL, Token: token}).Users(ctx)
	return records
}

// Release lets a connection go on after the brake stopped it.
func Release(ctx context.Context, h *scim.Handler) error {
	err := h.ReleaseBrake(ctx, "acme", brake.Release{
		Connection: "okta", Kind: brake.Leavers, Type: "User", More: 400,
		Actor: "grace@acme.example", Reason: "the site in Springfield was closed",
	})
	return err
}

// EndSessions ends the sessions of a user who stays active.
func EndSessions(ctx context.Context, h *scim.Handler, userID string) error {
	err := h.Revoke(ctx, "acme", userID, "a lost laptop")
	return err
}
