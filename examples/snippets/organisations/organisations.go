// Package organisations is an application with several organisations, as the documents
// show it.
package organisations

import (
	"context"
	"database/sql"
	"net/http"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// Account is a user of one organisation.
type Account struct {
	ID       int64   `scim:"id,prefix=u"`
	OrgID    int64   `scim:",tenant"`
	Email    string  `scim:"userName"`
	EmailKey *string `scim:"userName,key"`
	Disabled *bool   `scim:"active,not"`
	Owner    *string `scim:",owner" db:"provisioned_by"`
	Rest     string  `scim:",rest" db:"scim_rest"`
}

// Squad is a team of one organisation.
type Squad struct {
	ID    int64   `scim:"id,prefix=t"`
	OrgID int64   `scim:",tenant"`
	Name  string  `scim:"displayName"`
	Owner *string `scim:",owner" db:"provisioned_by"`
}

// Organisations is an application with several organisations.
type Organisations struct {
	db       *sqlquery.DB
	outbox   *sqlstore.DB
	accounts *sqlquery.Table[Account]
	teams    *sqlquery.GroupTable[Squad]
	scim     *scim.Handler
}

// Connect makes the credential of an organisation's provider.
func (a *Organisations) Connect(ctx context.Context, org int64, id string) (string, error) {
	outbox := a.outbox
	secret, sum := scim.NewToken()
	err := outbox.AddToken(ctx, store.Token{
		ID: id, SHA256: sum, Created: time.Now(),
		Tenant:     strconv.FormatInt(org, 10),
		Connection: "okta",
	})
	return secret, err
}

// Handler serves each connection what it provisioned or adopted.
func (a *Organisations) Handler(baseURL string) (http.Handler, error) {
	accounts, teams := a.accounts, a.teams
	people, groups := scim.Users(accounts), scim.Groups(teams)
	people.Policy = scim.Policy{Ownership: scim.OwnResources, Adopt: a.adopt}
	groups.Policy = scim.Policy{Ownership: scim.OwnResources}
	return scim.New(scim.Config{
		BaseURL: baseURL, Tx: a.db, Outbox: a.outbox, Auth: scim.StoredTokens(a.outbox, nil),
		Hooks:     scim.Hooks{EndSessions: a.endSessions},
		Endpoints: []scim.Endpoint{people, groups},
	})
}

// adopt agrees for the accounts that an administrator of the organisation has
// released to the connection.
func (a *Organisations) adopt(ctx context.Context, offer scim.Adoption) (bool, error) {
	if offer.Owner != "" {
		return false, nil // another connection has it
	}
	account, err := a.accounts.ParseID(offer.Existing.ID)
	if err != nil {
		return false, err
	}
	tx, _ := sqlquery.Tx(ctx)
	var released bool
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM released WHERE account_id = $1 AND connection = $2)",
		account.ID, offer.Principal.Connection).Scan(&released)
	return released, err
}

// SignIn begins a session in one organisation, by address and password.
func (a *Organisations) SignIn(ctx context.Context, org int64, email, hash string) (session string, err error) {
	err = a.scim.SignIn(ctx, strconv.FormatInt(org, 10), scim.Person{UserName: email}, func(ctx context.Context, user *schema.Resource) error {
		account, err := a.accounts.ParseID(user.ID)
		if err != nil {
			return err
		}
		tx, _ := sqlquery.Tx(ctx)
		session, err = begin(ctx, tx, account.ID, hash)
		return err
	})
	return session, err
}

// Enter begins a session of a person, who has signed in, in one of the
// organisations.
func (a *Organisations) Enter(ctx context.Context, login, org, account int64) (session string, err error) {
	person := scim.Person{ID: "u" + strconv.FormatInt(account, 10)}
	err = a.scim.SignIn(ctx, strconv.FormatInt(org, 10), person, func(ctx context.Context, _ *schema.Resource) error {
		tx, _ := sqlquery.Tx(ctx)
		var id int64
		err := tx.QueryRowContext(ctx, "SELECT id FROM accounts WHERE id = $1 AND org_id = $2 AND login_id = $3", account, org, login).Scan(&id)
		if err != nil {
			return err // sql.ErrNoRows: not an account of this person
		}
		session, err = newSession(ctx, tx, account)
		return err
	})
	return session, err
}

// endSessions ends the sessions of one account, in its organisation only.
func (a *Organisations) endSessions(ctx context.Context, e *event.Event) error {
	if e.Type != "User" {
		return nil
	}
	account, err := a.accounts.ParseID(e.ResourceID)
	if err != nil {
		return err
	}
	tx, _ := sqlquery.Tx(ctx)
	_, err = tx.ExecContext(ctx, "DELETE FROM sessions WHERE account_id = $1", account.ID)
	return err
}

// begin begins a session if the password is right.
func begin(ctx context.Context, tx *sql.Tx, account int64, hash string) (string, error) {
	var id int64
	err := tx.QueryRowContext(ctx, "SELECT id FROM accounts WHERE id = $1 AND password_hash = $2", account, hash).Scan(&id)
	if err != nil {
		return "", err
	}
	return newSession(ctx, tx, id)
}

func newSession(ctx context.Context, tx *sql.Tx, account int64) (string, error) {
	secret, sum := scim.NewToken()
	_, err := tx.ExecContext(ctx, "INSERT INTO sessions (digest, account_id) VALUES ($1, $2)", sum[:], account)
	return secret, err
}
