package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestWithOwnerAddsAHiddenAttribute(t *testing.T) {
	t.Parallel()
	owned := schema.WithOwner(schema.UserType)
	require.Same(t, owned, schema.WithOwner(schema.UserType))
	require.Same(t, owned, schema.WithOwner(owned))
	require.Equal(t, schema.UserType.Extensions, owned.Extensions)
	require.Same(t, schema.UserType.Schema, owned.Schema)

	path := owned.MustResolve("$owner")
	require.Same(t, schema.OwnerAttribute, path.Last())
	for _, profile := range []schema.Profile{schema.Lenient(), schema.Strict()} {
		_, found := owned.ResolveFor("$owner", profile)
		require.False(t, found)
	}
	_, found := schema.UserType.Resolve("$owner")
	require.False(t, found)
}

func TestOwnerIsStoredAndKeptByReplacement(t *testing.T) {
	t.Parallel()
	owned := schema.WithOwner(schema.UserType)
	name := owned.MustResolve("userName").Last()
	before := (&schema.Object{}).With(name, schema.String("ada")).WithOwner("okta")

	read, errs := owned.DecodeStored(before.AppendJSON(nil))
	require.Empty(t, errs)
	require.Equal(t, "okta", (&schema.Resource{Attributes: read}).Owner())

	after, err := owned.Carry(before, (&schema.Object{}).With(name, schema.String("ada2")))
	require.NoError(t, err)
	require.Equal(t, "okta", (&schema.Resource{Attributes: after}).Owner())
	require.Empty(t, (&schema.Resource{Attributes: before.WithOwner("")}).Owner())
}
