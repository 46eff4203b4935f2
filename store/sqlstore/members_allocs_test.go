//go:build !race

package sqlstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A member costs what the driver allocates for its column, and nothing besides.
func TestAllocationsOfMembers(t *testing.T) {
	for name, make := range map[string]func(testing.TB) database{"SQLite": sqlite, "PostgreSQL": postgreSQL, "MariaDB": mariaDB} {
		t.Run(name, func(t *testing.T) {
			groups, members := mixedGroup(t, make(t), 5000)
			allocs := testing.AllocsPerRun(3, func() {
				for _, err := range groups.Members(t.Context(), "g") {
					if err != nil {
						t.Fatal(err)
					}
				}
			})
			require.LessOrEqual(t, allocs/float64(len(members)), 3.1)
		})
	}
}
