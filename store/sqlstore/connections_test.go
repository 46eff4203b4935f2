package sqlstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/internal/connectiontest"
)

func TestConnectionsOverHTTP(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		connectiontest.Run(t, func(t *testing.T) connectiontest.DB { return make(t).store(t) })
	})
}
