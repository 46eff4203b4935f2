package sqlquerytest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// office is an application with users and sessions in one database.
type office struct {
	*scimtest.Client
	h     *scim.Handler
	conn  *sql.DB
	db    *sqlquery.DB
	users *sqlquery.Table[hostUser]
}

func openOffice(t *testing.T, d host) *office {
	conn, db := openHost(t, d)
	d.create(t, conn, []string{`CREATE TABLE sessions (user_id BIGINT NOT NULL)`})
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)
	o := &office{conn: conn, db: db, users: users}
	o.h, err = scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users)},
		Hooks: scim.Hooks{EndSessions: func(ctx context.Context, e *event.Event) error {
			return o.session(ctx, "DELETE FROM sessions WHERE user_id = %d", e.ResourceID)
		}},
	})
	require.NoError(t, err)
	o.Client = scimtest.NewClient(t, o.h, "t")
	return o
}

// session runs a statement on the sessions of a user, in the transaction of the
// context if it has one.
func (o *office) session(ctx context.Context, statement, id string) error {
	u, err := o.users.ParseID(id)
	if err != nil {
		return err
	}
	run := o.conn.ExecContext
	if tx, ok := sqlquery.Tx(ctx); ok {
		run = tx.ExecContext
	}
	_, err = run(ctx, fmt.Sprintf(statement, u.ID))
	return err
}

func (o *office) sessions(t *testing.T) (n int) {
	require.NoError(t, o.conn.QueryRow("SELECT count(*) FROM sessions").Scan(&n))
	return n
}

// leave has the requests that end the access of a user.
var leave = map[string]func(o *office, path string) int{
	"PATCH": func(o *office, path string) int {
		return do(o.h, "PATCH", path, scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`)).Code
	},
	"PUT": func(o *office, path string) int {
		return do(o.h, "PUT", path, scimtest.User("ada", `"active":false`)).Code
	},
	"DELETE": func(o *office, path string) int { return do(o.h, "DELETE", path, "").Code },
}

// overtake gives a request the time to end, as it does if a login has no lock.
func overtake(ended chan int, expected bool) {
	patience := 100 * time.Millisecond
	if expected {
		patience = 10 * time.Second
	}
	select {
	case code := <-ended:
		ended <- code
	case <-time.After(patience):
	}
}

// A deactivation that arrives while a session is made ends the session. Logins
// without the lock are the counter-examples: the first reads the user outside of
// the transaction, the second in the transaction but without ForUpdate, which is
// enough on SQLite, where one transaction writes at a time.
func TestSignInHoldsOffDeactivation(t *testing.T) {
	ways := map[string]struct {
		enter    func(o *office, begin func(ctx context.Context) error) error
		survives func(d host) bool
	}{
		"SignIn": {func(o *office, begin func(context.Context) error) error {
			return o.h.SignIn(context.Background(), "", scim.Person{UserName: "ADA"}, func(ctx context.Context, _ *schema.Resource) error { return begin(ctx) })
		}, func(host) bool { return false }},
		"SignIn in a transaction of the application": {func(o *office, begin func(context.Context) error) error {
			return o.db.InTx(context.Background(), func(ctx context.Context) error {
				tx, _ := sqlquery.Tx(ctx)
				ctx = o.db.WithTx(context.Background(), tx)
				return o.h.SignIn(ctx, "", scim.Person{ExternalID: "1"}, func(ctx context.Context, _ *schema.Resource) error { return begin(ctx) })
			})
		}, func(host) bool { return false }},
		"no transaction": {func(o *office, begin func(context.Context) error) error {
			return begin(context.Background())
		}, func(host) bool { return true }},
		"no lock": {func(o *office, begin func(context.Context) error) error {
			return o.db.InTx(context.Background(), func(ctx context.Context) error {
				p, err := o.users.List(ctx, &store.Query{Count: 1})
				if err != nil || len(p.Resources) != 1 {
					return fmt.Errorf("%d users: %w", len(p.Resources), err)
				}
				return begin(ctx)
			})
		}, func(d host) bool { return d.dialect != sqlquery.SQLite }},
	}
	hosts(t, func(t *testing.T, d host) {
		for request, send := range leave {
			for name, way := range ways {
				t.Run(request+"/"+name, func(t *testing.T) {
					o := openOffice(t, d)
					path := o.NewUser("ada", `"active":true`, `"externalId":"1"`)
					ended := make(chan int, 1)
					err := way.enter(o, func(ctx context.Context) error {
						go func() { ended <- send(o, path) }()
						overtake(ended, way.survives(d))
						return o.session(ctx, "INSERT INTO sessions (user_id) VALUES (%d)", scimtest.ID(path))
					})
					require.NoError(t, err)
					require.Less(t, <-ended, 300)
					require.Equal(t, way.survives(d), o.sessions(t) > 0, "a session survives")
					err = o.h.SignIn(t.Context(), "", scim.Person{UserName: "ada"}, nil)
					require.ErrorIs(t, err, scim.ErrSignInRefused)
				})
			}
		}
	})
}

// A user who is locked by a write that has not committed is looked at after the
// commit.
func TestSignInWaitsForWrite(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		for name, c := range map[string]struct {
			attribute string // "": the user is deleted
			value     schema.Value
			want      error
		}{
			"deactivated": {"active", schema.Boolean(false), scim.ErrInactive},
			"deleted":     {"", schema.Value{}, scim.ErrDeleted},
			"renamed":     {"userName", schema.String("grace"), scim.ErrUnknownUser},
		} {
			t.Run(name, func(t *testing.T) {
				o := openOffice(t, d)
				id := scimtest.ID(o.NewUser("ada", `"active":true`))
				refused := make(chan error, 1)
				require.NoError(t, o.db.InTx(t.Context(), func(ctx context.Context) error {
					r, err := o.users.Get(ctx, id, store.GetOptions{ForUpdate: true})
					require.NoError(t, err)
					if c.attribute == "" {
						err = o.users.Delete(ctx, &store.Change{ID: id, Before: r, At: time.Now()})
					} else {
						after := r.With(schema.User.Attribute(c.attribute), c.value)
						_, err = o.users.Update(ctx, &store.Change{ID: id, Before: r, After: after, At: time.Now()})
					}
					go func() { refused <- o.h.SignIn(context.Background(), "", scim.Person{UserName: "ada"}, nil) }()
					time.Sleep(100 * time.Millisecond)
					return err
				}))
				require.ErrorIs(t, <-refused, c.want)
			})
		}
	})
}

// Rows that the application itself marked as deleted are found by the keys that it
// left in them.
func TestSignInFindsRowsDeletedByTheApplication(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		o := openOffice(t, d)
		o.NewUser("ada", `"active":true`, `"externalId":"1"`)
		_, err := o.conn.Exec("UPDATE users SET deleted_at = '2024-01-02 03:04:05'")
		require.NoError(t, err)
		for _, p := range []scim.Person{{UserName: "ADA"}, {ExternalID: "1"}} {
			require.ErrorIs(t, o.h.SignIn(t.Context(), "", p, nil), scim.ErrDeleted)
		}
		require.ErrorIs(t, o.h.SignIn(t.Context(), "", scim.Person{UserName: "grace"}, nil), scim.ErrUnknownUser)
	})
}

// keyedUser clears the key of a deleted row and does not keep it.
type keyedUser struct {
	ID        int64      `scim:"id,prefix=u"`
	Email     string     `scim:"userName"`
	EmailKey  *string    `scim:"userName,key"`
	Disabled  *bool      `scim:"active,not"`
	Rest      string     `scim:",rest"`
	DeletedAt *time.Time `scim:",deleted"`
	FirstName string     `scim:"name.givenName"`
	Hash      string     `db:"password_hash"`
}

// Without a former key, and for attributes without a column, the table cannot tell
// whether a user was deleted.
func TestSignInFailsClosedWithoutFormerKey(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		_, db := openHost(t, d)
		users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[keyedUser]{
			New: func(context.Context, *schema.Resource) (*keyedUser, error) { return &keyedUser{Hash: "!"}, nil },
		})
		require.NoError(t, err)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Endpoints: []scim.Endpoint{scim.Users(users)},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "t")
		path := c.NewUser("ada", `"externalId":"1"`)
		require.Equal(t, 204, do(h, "DELETE", path, "").Code)
		for _, p := range []scim.Person{{UserName: "ada"}, {ExternalID: "1"}, {UserName: "never"}} {
			require.ErrorIs(t, h.SignIn(t.Context(), "", p, nil), scim.ErrUnknownOrDeleted)
		}
		require.ErrorIs(t, h.SignIn(t.Context(), "", scim.Person{ID: scimtest.ID(path)}, nil), scim.ErrDeleted)
	})
}
