package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func openNew(t *testing.T) *database {
	db, err := open(filepath.Join(t.TempDir(), "people.json"), schema.UserType, schema.GroupType, storetest.ThingType)
	require.NoError(t, err)
	return db
}

func TestStorePassesTheKitForStores(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		db := openNew(t)
		return storetest.Fixture{Users: db.users(), Groups: db.groups(), Things: resources{db, storetest.ThingType}, Tx: db}
	})
}

func TestFileKeepsResourcesAndMembers(t *testing.T) {
	t.Parallel()
	db := openNew(t)
	ctx := store.WithTenant(t.Context(), "acme")
	attributes, errs := schema.GroupType.DecodeStored([]byte(`{"displayName":"<Engines>","externalId":"7"}`))
	require.Empty(t, errs)
	group := &schema.Resource{Type: schema.GroupType, ID: "g", Attributes: attributes}
	made, _, err := db.groups().PutMembers(ctx, storetest.Creation(group, schema.Member{Value: "1", Type: "User"}))
	require.NoError(t, err)

	again, err := open(db.name, schema.UserType, schema.GroupType)
	require.NoError(t, err)
	got, err := again.groups().Get(ctx, "g", store.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, made.Version, got.Version)
	require.True(t, schema.IdenticalObjects(made.Attributes, got.Attributes))
	for m, err := range again.groups().Members(ctx, "g") {
		require.NoError(t, err)
		require.Equal(t, schema.Member{Value: "1", Type: "User"}, m)
	}
	_, err = open(db.name, schema.UserType)
	require.ErrorContains(t, err, "unknown type Group")
}

func TestAnnouncementsAreTrue(t *testing.T) {
	t.Parallel()
	h, err := newHandler(openNew(t), scim.BearerTokens(scim.HashToken("token", "secret")), scim.Limits{MaxResults: 20, PageSize: 10})
	require.NoError(t, err)
	scimtest.Probe(t, h, "secret")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(nil, "secret"), "usage")
	require.ErrorContains(t, run([]string{"people.json"}, ""), "usage")
	require.Error(t, run([]string{t.TempDir()}, "secret"), "a directory")
}
