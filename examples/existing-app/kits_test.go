package main

import (
	"bytes"
	"go/format"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestSCIMFileHas120Lines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("scim.go")
	require.NoError(t, err)
	formatted, err := format.Source(text)
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(text))
	require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 120)
}

func TestTablesPassTheKitForStores(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			tx, users, teams, err := startNew(t, fresh).tables(t.Context())
			require.NoError(t, err)
			return storetest.Fixture{Users: users, Groups: teams, Tx: tx, SingleTenant: true, MembersAreUsers: true}
		})
	})
}
