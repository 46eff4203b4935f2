package main

import (
	"context"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// user is a row of users, as far as SCIM is concerned.
type user struct {
	ID           int64      `scim:"id,prefix=u"`
	Email        string     `scim:"userName"`
	EmailKey     *string    `scim:"userName,key"`
	FirstName    *string    `scim:"name.givenName"`
	LastName     *string    `scim:"name.familyName"`
	Disabled     *bool      `scim:"active,not"`
	ExternalID   *string    `scim:"externalId"`
	Rest         string     `scim:",rest" db:"scim_rest"`
	Version      int64      `scim:"meta.version"`
	CreatedAt    time.Time  `scim:"meta.created"`
	UpdatedAt    time.Time  `scim:"meta.lastModified"`
	DeletedAt    *time.Time `scim:",deleted"`
	PasswordHash string     `db:"password_hash"`
}

// team is a row of teams.
type team struct {
	ID         int64     `scim:"id,prefix=t"`
	Name       string    `scim:"displayName"`
	NameKey    string    `scim:"displayName,key"`
	ExternalID *string   `scim:"externalId"`
	Rest       string    `scim:",rest" db:"scim_rest"`
	Version    int64     `scim:"meta.version"`
	CreatedAt  time.Time `scim:"meta.created"`
	UpdatedAt  time.Time `scim:"meta.lastModified"`
}

// tables are the application's tables, as stores of users and groups.
func (a *app) tables(ctx context.Context) (*sqlquery.DB, *sqlquery.Table[user], *sqlquery.GroupTable[team], error) {
	db, err := sqlquery.New(a.db.DB, a.db.query)
	if err != nil {
		return nil, nil, nil, err
	}
	users, err := sqlquery.NewTable(ctx, db, "users", schema.UserType, sqlquery.Options[user]{
		New:        func(context.Context, *schema.Resource) (*user, error) { return &user{PasswordHash: noPassword}, nil },
		EnsureKeys: true, // of rows from before the key columns
		Lists: map[string]sqlquery.ListTable{"emails": {
			Table: "user_emails", Owner: "user_id",
			Values: map[string]string{"value": "value", "type": "type"},
			Keys:   map[string]string{"value": "value_key", "type": "type_key"},
		}},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	teams, err := sqlquery.NewGroupTable(ctx, db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_members", Group: "team_id", Member: "user_id", Of: users}, sqlquery.Options[team]{EnsureKeys: true})
	return db, users, teams, err
}

// newSCIM returns the handler to mount under baseURL.
func (a *app) newSCIM(ctx context.Context, baseURL string, auth scim.Authenticator) (*scim.Handler, error) {
	db, users, teams, err := a.tables(ctx)
	if err != nil {
		return nil, err
	}
	outbox, err := sqlstore.New(a.db.DB, a.db.kept)
	if err != nil {
		return nil, err
	}
	if err := outbox.Migrate(ctx, sqlstore.Outbox, sqlstore.Counters, sqlstore.Audit); err != nil {
		return nil, err
	}
	return scim.New(scim.Config{
		BaseURL: baseURL, Auth: auth, Tx: db, Outbox: outbox, Counters: outbox, AuditTrail: outbox, Now: a.now, Limits: a.limits,
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(teams)},
		SetPassword: func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error {
			hash, err := a.hashPassword(secrets.Get("password").Text())
			if err != nil {
				return &schema.Error{Type: schema.ErrorInvalidValue, Path: "password", Detail: err.Error()}
			}
			return execUser(ctx, users, r.ID, "UPDATE users SET password_hash = $2 WHERE id = $1", hash)
		},
		Hooks: scim.Hooks{
			EndSessions: func(ctx context.Context, e *event.Event) error {
				return execUser(ctx, users, e.ResourceID, "DELETE FROM sessions WHERE user_id = $1")
			},
			Revoke: func(ctx context.Context, e *event.Event) error {
				u, err := users.ParseID(e.ResourceID)
				if err != nil {
					return err
				}
				return a.tokens.Revoke(ctx, u.ID)
			},
		},
	})
}

// execUser runs a statement in the transaction of a write; $1 is the user's key.
func execUser(ctx context.Context, users *sqlquery.Table[user], id, statement string, args ...any) error {
	u, err := users.ParseID(id)
	if err != nil {
		return err
	}
	tx, _ := sqlquery.Tx(ctx)
	_, err = tx.ExecContext(ctx, statement, append([]any{u.ID}, args...)...)
	return err
}
