//go:build !race

// With the race detector these take many minutes; the same kit in one process is
// under it. The gate runs them without.

package sqlstore_test

import (
	"net/http"
	"testing"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

// Every case of the kit, with each request sent to another process than the
// previous one.
func TestReplicasAnswerAsOne(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		h := inTurn(d.replicas(t, 2))
		scimtest.Run(t, func(t *testing.T, _ scim.Authenticator) http.Handler { return h })
	})
}
