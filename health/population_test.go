package health

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Numbers that took long to count are used for 50 times as long, and then until they
// are counted anew.
func TestPopulationIsRemembered(t *testing.T) {
	t.Parallel()
	m, err := New(Config{})
	require.NoError(t, err)
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: scim.InsecureNoAuthentication(), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	users, groups, err := m.Population(t.Context(), "acme")
	require.NoError(t, err)
	require.Nil(t, users, "no handler is attached")
	require.Nil(t, groups)
	m.Attach(h)
	user := &schema.Resource{ID: "1", Type: schema.UserType, Attributes: (*schema.Object)(nil).With(schema.UserType.MustResolve("userName")[0], schema.String("ada"))}
	_, err = db.Store(schema.UserType).Create(store.WithTenant(t.Context(), "acme"), &store.Change{ID: "1", After: user, At: time.Now()})
	require.NoError(t, err)
	k := key{"acme", nobody.connection}
	remember := func(age time.Duration) {
		m.populations.mu.Lock()
		defer m.populations.mu.Unlock()
		m.populations.all = map[key]*counted{k: {population: population{users: &Users{Active: 7}}, at: time.Now().Add(-age), cost: time.Minute}}
	}
	active := func() int {
		users, groups, err := m.Population(t.Context(), "acme")
		require.NoError(t, err)
		require.Nil(t, groups)
		return users.Active
	}
	require.Equal(t, 1, active(), "it is counted")
	remember(49 * time.Minute)
	require.Equal(t, 7, active(), "it is remembered")
	remember(51 * time.Minute)
	require.Equal(t, 7, active(), "it is counted in the background")
	require.Eventually(t, func() bool { return active() == 1 }, 10*time.Second, time.Millisecond)
	remember(501 * time.Minute)
	require.Equal(t, 1, active(), "it is too old")
}
