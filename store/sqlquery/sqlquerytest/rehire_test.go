package sqlquerytest

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// rehire is an application on its own tables with the policy RestoreDeleted.
type rehire struct {
	*scimtest.Client
	conn   *sql.DB
	revoke error // what Hooks.Revoke returns

	mu   sync.Mutex
	seen []string
}

func openRehire(t *testing.T, d host) *rehire {
	conn, db := openHost(t, d)
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_anyone", Group: "team_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[hostTeam]{})
	require.NoError(t, err)
	outbox, err := sqlstore.New(conn, map[sqlquery.Dialect]sqlstore.Dialect{
		sqlquery.SQLite: sqlstore.SQLite, sqlquery.PostgreSQL: sqlstore.PostgreSQL, sqlquery.MySQL: sqlstore.MariaDB,
	}[d.dialect])
	require.NoError(t, err)
	require.NoError(t, outbox.Migrate(t.Context()))
	w := &rehire{conn: conn}
	endpoint := scim.Users(users)
	endpoint.OnTwin = scim.RestoreDeleted
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Outbox: outbox, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{endpoint, scim.Groups(teams)},
		Hooks: scim.Hooks{
			Before: func(_ context.Context, e *event.Event) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.seen = append(w.seen, string(e.Kind))
				return nil
			},
			Revoke: func(context.Context, *event.Event) error { return w.revoke },
		},
	})
	require.NoError(t, err)
	w.Client = scimtest.NewClient(t, h, "t")
	return w
}

// tenantless authenticates every request as the single tenant.
type tenantless struct{}

func (tenantless) Authenticate(*http.Request) (*scim.Principal, error) { return &scim.Principal{}, nil }
func (tenantless) Challenge() string                                   { return "Bearer" }

// team makes a group with one member.
func (w *rehire) team(member string) string {
	return w.NewGroup("g", `"members":[{"value":"`+scimtest.ID(member)+`"}]`)
}

// events returns the events of the hooks since its last call.
func (w *rehire) events() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return seen
}

func TestRestoreDeletedOnTables(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		w := openRehire(t, d)
		made := w.Post("/Users", scimtest.User("Straße@x", `"active":true`, `"title":"old"`, `"externalId":"1"`)).Is(201)
		path := "/Users/" + made.String("id")
		group := w.team(path)
		_, err := w.conn.Exec("UPDATE users SET password_hash = 'secret', plan = 'gold'")
		require.NoError(t, err)
		w.Delete(path).Is(204)
		w.Get(path).Is(404)
		w.events()

		back := w.Post("/Users", scimtest.User("STRASSE@X", `"externalId":"2"`)).Is(201)
		require.Equal(t, path, "/Users/"+back.String("id"))
		require.Equal(t, scimtest.BaseURL+path, back.Header.Get("Location"))
		require.Equal(t, []string{"restored", "reactivated", "updated"}, w.events())
		now := w.Get(path).Is(200)
		require.Equal(t, []string{"active", "externalId", "id", "meta", "schemas", "userName"}, now.Keys(""))
		require.Equal(t, made.String("meta.created"), now.String("meta.created"))
		require.NotEqual(t, made.String("meta.version"), now.String("meta.version"))
		w.Get(group).Is(200).Has("members", "")
		var hash, plan string
		require.NoError(t, w.conn.QueryRow("SELECT password_hash, plan FROM users").Scan(&hash, &plan))
		require.Equal(t, []string{"!", "gold"}, []string{hash, plan}, "Options.New makes the hash; T has no plan")

		w.Post("/Users", scimtest.User("strasse@x")).Fails(409, "uniqueness")
		w.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
		require.Equal(t, path, "/Users/"+w.Post("/Users", scimtest.User("strasse@x")).Is(201).String("id"), "the inactive twin")
	})
}

func TestRestoreDeletedOnceOnTables(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		w := openRehire(t, d)
		path := "/Users/" + w.Post("/Users", scimtest.User("a")).Is(201).String("id")
		for range 3 {
			w.Delete(path).Is(204)
			w.events()
			replies := make([]*scimtest.Reply, 10)
			sqltest.AtOnce(len(replies), func(i int) { replies[i] = w.Post("/Users", scimtest.User("A")) })
			counts := map[int]int{}
			for _, got := range replies {
				counts[got.Status]++
				if got.Status == 201 {
					require.Equal(t, path, "/Users/"+got.String("id"))
				}
			}
			require.Equal(t, map[int]int{201: 1, 409: 9}, counts)
			require.True(t, slices.Contains(w.events(), "restored"))
			w.Get("/Users").Has("totalResults", "1")
		}
	})
}

func TestRestoreDeletedCompletesPendingRevocationOnTables(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		w := openRehire(t, d)
		path := "/Users/" + w.Post("/Users", scimtest.User("a", `"active":true`)).Is(201).String("id")
		w.revoke = errors.New("Redis is down")
		w.Delete(path).Is(503)
		w.Post("/Users", scimtest.User("a")).Is(503)
		w.Get("/Users").Has("totalResults", "0")
		w.revoke = nil
		require.Equal(t, path, "/Users/"+w.Post("/Users", scimtest.User("a")).Is(201).String("id"))
	})
}

// Membership rows of a deleted user are removed when the user is restored.
func TestRestoreDeletedRemovesOldMembershipsOnTables(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		w := openRehire(t, d)
		path := "/Users/" + w.Post("/Users", scimtest.User("a")).Is(201).String("id")
		_, err := w.conn.Exec("UPDATE users SET email_key = NULL, former_key = 'a', deleted_at = '2024-01-02 03:04:05'")
		require.NoError(t, err)
		group := w.team(path)
		w.Get(group).Is(200).Has("members.#", "1")
		require.Equal(t, path, "/Users/"+w.Post("/Users", scimtest.User("a")).Is(201).String("id"))
		require.Contains(t, w.events(), "membersChanged")
		w.Get(group).Is(200).Has("members", "")
		w.Get(path).Is(200).Has("groups", "")
	})
}
