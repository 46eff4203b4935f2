package sqlstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/internal/ownertest"
	"github.com/seed5f3efb56/scim/schema"
)

func TestOwnership(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		ownertest.Run(t, func(t *testing.T) ownertest.Fixture {
			db := d.store(t)
			return ownertest.Fixture{
				Users: db.Store(schema.WithOwner(schema.UserType)), Groups: db.Store(schema.WithOwner(schema.GroupType)), Tx: db,
			}
		})
	})
}
