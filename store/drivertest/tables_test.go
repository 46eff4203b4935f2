package drivertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// account is a row of an application that has indexes and constraints of its
// own.
type account struct {
	ID        int64     `scim:"id,prefix=u"`
	Login     string    `scim:"userName"`
	LoginKey  *string   `scim:"userName,key"`
	Nick      *string   `scim:"nickName"`
	Title     *string   `scim:"title"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
	Rest      []byte    `scim:",rest"`
	Hash      []byte    `db:"hash"`
}

var tables = []string{
	`CREATE TABLE accounts (id SERIAL, login WORD NOT NULL, login_key WORD, nick WORD, title WORD CHECK (title <> 'Forbidden'),
		version BIGINT NOT NULL, created_at INSTANT NOT NULL, updated_at INSTANT NOT NULL, rest LONGTEXT NOT NULL, hash WORD NOT NULL)`,
	`CREATE UNIQUE INDEX accounts_login ON accounts (login_key)`,
}

func (s setting) accounts(t *testing.T, more ...string) (*sqlquery.DB, *sqlquery.Table[account]) {
	pool := s.open(t)
	for _, statement := range slices.Concat(tables, more) {
		_, err := pool.Exec(s.types.Replace(statement))
		require.NoError(t, err)
	}
	db, err := sqlquery.New(pool, s.query)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[account]{
		New: func(context.Context, *schema.Resource) (*account, error) { return &account{Hash: []byte("!")}, nil },
	})
	require.NoError(t, err)
	return db, users
}

func TestTables(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			db, users := s.accounts(t)
			return storetest.Fixture{Users: users, Tx: db, SingleTenant: true}
		})
	})
}

// An index and a constraint of the application's own are answered as the
// client's mistakes.
func TestConstraintsOfTheApplication(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		db, users := s.accounts(t, "CREATE UNIQUE INDEX accounts_nick ON accounts (nick)")
		h, err := scim.New(scim.Config{
			BaseURL: "https://example.com/scim/v2", Auth: scim.InsecureNoAuthentication(), Tx: db,
			Endpoints: []scim.Endpoint{scim.Users(users)},
		})
		require.NoError(t, err)
		require.Equal(t, 201, post(h, `"userName": "ada", "nickName": "a"`).Code)
		w := post(h, `"userName": "bob", "nickName": "a"`)
		require.Equal(t, 409, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"scimType":"uniqueness"`)
		w = post(h, `"userName": "bob", "title": "Forbidden"`)
		require.Equal(t, 400, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"scimType":"invalidValue"`)
		require.Equal(t, 201, post(h, `"userName": "bob", "locale": "en-GB"`).Code)
	})
}

func post(h http.Handler, attributes string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(
		`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], `+attributes+`}`))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestTimesAreNotRounded: a time is stored to the microsecond that it is in. A text
// with nanoseconds, as lib/pq sends it, would be rounded by PostgreSQL, here to the
// next second.
func TestTimesAreNotRounded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 999_999_999, time.UTC)
	onEach(t, func(t *testing.T, s setting) {
		_, users := s.accounts(t)
		for name, users := range map[string]store.Store{"sqlquery": users, "sqlstore": s.sqlStore(t).Store(schema.UserType)} {
			userName := schema.UserType.MustResolve("userName").Last()
			var attributes *schema.Object
			made, err := users.Create(t.Context(), storetest.Creation(&schema.Resource{
				Type: schema.UserType, ID: "00000000-0000-4000-8000-000000000001", Created: at, LastModified: at,
				Attributes: attributes.With(userName, schema.String("ada")),
			}))
			require.NoError(t, err)
			got, err := users.Get(t.Context(), made.ID, store.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, at.Truncate(time.Microsecond), got.Created.UTC().Truncate(time.Microsecond), name)
			require.Equal(t, at.Truncate(time.Microsecond), got.LastModified.UTC().Truncate(time.Microsecond), name)
		}
	})
}
