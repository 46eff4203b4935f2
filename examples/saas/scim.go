package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// account is a row of accounts, as far as SCIM is concerned. An invited account is
// active for a provider, so that active false suspends it and ends the invitation.
type account struct {
	ID           int64      `scim:"id,prefix=u"`
	OrgID        int64      `scim:",tenant"`
	Email        string     `scim:"userName"`
	EmailKey     *string    `scim:"userName,key"`
	FullName     string     `scim:",composed"`
	Status       string     `scim:"active,true=active|invited,false=suspended"`
	ExternalID   *string    `scim:"externalId"`
	Rest         string     `scim:",rest" db:"scim_rest"`
	Owner        *string    `scim:",owner" db:"provisioned_by"`
	Version      int64      `scim:"meta.version"`
	CreatedAt    time.Time  `scim:"meta.created"`
	ModifiedAt   time.Time  `scim:"meta.lastModified"` // a trigger keeps updated_at
	DeletedAt    *time.Time `scim:",deleted"`
	PasswordHash string     `db:"password_hash"`
}

// team is a row of teams.
type team struct {
	ID        string    `scim:"id,uuid"`
	OrgID     int64     `scim:",tenant"`
	Name      string    `scim:"displayName"`
	NameKey   string    `scim:"displayName,key"`
	Slug      string    `db:"slug"`
	Rest      string    `scim:",rest" db:"scim_rest"`
	Owner     *string   `scim:",owner" db:"provisioned_by"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
}

// openTables checks the tables and makes the keys of rows from before SCIM.
func (a *app) openTables(ctx context.Context) (err error) {
	if a.scimDB, err = sqlquery.New(a.db.DB, a.db.dialect); err != nil {
		return err
	}
	a.accounts, err = sqlquery.NewTable(ctx, a.scimDB, "accounts", schema.UserType, sqlquery.Options[account]{
		New: func(context.Context, *schema.Resource) (*account, error) {
			return &account{PasswordHash: noPassword}, nil
		},
		Complete: fullName, EnsureKeys: true,
	})
	if err != nil {
		return err
	}
	members := sqlquery.Members{Table: "team_members", Group: "team_id", Member: "account_id", Of: a.accounts}
	a.teams, err = sqlquery.NewGroupTable(ctx, a.scimDB, "teams", schema.GroupType, members, sqlquery.Options[team]{
		New: func(_ context.Context, r *schema.Resource) (*team, error) {
			return &team{Slug: slug(r.Text("displayName"))}, nil
		},
		EnsureKeys: true,
	})
	return err
}

// fullName keeps the column full_name right.
func fullName(_ context.Context, row *account, r *schema.Resource) error {
	name := strings.TrimSpace(r.Text("name.givenName") + " " + r.Text("name.familyName"))
	row.FullName = cmp.Or(name, r.Text("name.formatted"), row.FullName, r.Text("userName"))
	return nil
}

// newSCIM returns the handler to mount under baseURL.
func (a *app) newSCIM(baseURL string, auth scim.Authenticator) (*scim.Handler, error) {
	people, groups := scim.Users(a.accounts), scim.Groups(a.teams)
	people.Ownership, people.Adopt, groups.Ownership = scim.OwnResources, a.adopt, scim.OwnResources
	return scim.New(scim.Config{
		BaseURL: baseURL, Auth: auth, Tx: a.scimDB, Endpoints: []scim.Endpoint{people, groups}, Limits: a.limits,
		Counters: a.kept, Brake: brake.Config{Alert: alert}, SetPassword: a.setPassword,
		Hooks: scim.Hooks{
			EndSessions: func(ctx context.Context, e *event.Event) error { return a.endAccess(ctx, a.key(e.ResourceID)) },
			Before:      a.keepAnOwner,
		},
	})
}

// key returns the primary key of an account with an id of SCIM.
func (a *app) key(id string) int64 {
	row, err := a.accounts.ParseID(id)
	if err != nil {
		return 0 // no account has it
	}
	return row.ID
}

// adopt agrees for accounts that an administrator has released to the connection.
func (a *app) adopt(ctx context.Context, offer scim.Adoption) (bool, error) {
	to, err := a.releasedTo(ctx, a.key(offer.Existing.ID))
	return offer.Owner == "" && to == offer.Principal.Connection, err
}

// keepAnOwner refuses that a change of a team takes the last owner from an
// organisation. It keeps no account active, and lets inactive members leave.
func (a *app) keepAnOwner(ctx context.Context, e *event.Event) error {
	if e.Type == schema.GroupType.Name && e.Kind == event.Deleted {
		return a.checkOwner(ctx, e.Tenant, e.ResourceID, true)
	}
	if e.Kind == event.MembersChanged {
		return a.checkOwner(ctx, e.Tenant, e.ResourceID, false, e.Members.Remove...)
	}
	return nil
}
