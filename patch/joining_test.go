package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

func TestJoining(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, operations string
		want             []string
	}{
		{"a list", `{"op":"add","path":"members","value":[{"value":"1"},{"Value":"2","type":"User"}]}`, []string{"1", "2"}},
		{"one, replaced, in other letters", `{"op":"Replace","path":"Members","value":{"value":"1"}}`, []string{"1"}},
		{"bare ids", `{"op":"add","path":"members","value":["1","2"]}`, []string{"1", "2"}},
		{"the path with its schema URI", `{"op":"add","path":"` + schema.GroupURI + `:members","value":[{"value":"1"}]}`, []string{"1"}},
		{"a schema URI without a path", `{"op":"add","value":{"` + schema.GroupURI + `:members":[{"value":"1"}]}}`, []string{"1"}},
		{"without a path", `{"op":"add","value":{"displayName":"x","members":[{"value":"1"}]}}`, []string{"1"}},
		{"several operations", `{"op":"add","path":"members","value":"1"},{"op":"add","path":"members","value":"2"}`, []string{"1", "2"}},
		{"members that leave", `{"op":"remove","path":"members","value":[{"value":"1"}]}`, nil},
		{"something else", `{"op":"replace","path":"displayName","value":"1"}`, nil},
		{"values that are no ids", `{"op":"add","path":"members","value":[{"value":true},{"x":"1"},null,false,[]]}`, nil},
		{"no members", `{"op":"add","value":{"displayName":"x"}},{"op":"add","value":"x"},{"op":"add","path":"members"}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body, err := schema.ParseJSON([]byte(`{"schemas":["` + patch.MessageURI + `"],"Operations":[` + tt.operations + `]}`))
			require.NoError(t, err)
			ops, err := patch.Parse(body, 0, schema.Strict())
			require.NoError(t, err)
			require.Equal(t, tt.want, newPatcher(schema.GroupType, schema.Lenient()).Joining(ops))
		})
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	body, err := schema.ParseJSON([]byte(`{"schemas":["` + patch.MessageURI + `"],"Operations":[{"op":"add","path":"members","value":["1"]},
		{"op":"remove","path":"members","value":["2",{"value":"3"}]},{"op":"remove","path":"members[value eq \"4\"]"}]}`))
	require.NoError(t, err)
	ops, err := patch.Parse(body, 0, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, []string{"2", "3"}, newPatcher(schema.GroupType, schema.Lenient()).Leaving(ops))
	require.Empty(t, newPatcher(schema.UserType, schema.Lenient()).Leaving(ops))
}

func TestJoiningFollowsTheMembersAttribute(t *testing.T) {
	t.Parallel()
	s, err := schema.New(schema.Schema{ID: "urn:example:Crew", Attributes: []*schema.Attribute{
		{Name: "members"},
		{Name: "people", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "value"}}},
	}})
	require.NoError(t, err)
	crew, err := schema.NewResourceType(schema.ResourceType{Name: "Crew", Endpoint: "/Crews", Schema: s, MembersAttribute: "people"})
	require.NoError(t, err)
	ops := []patch.Operation{
		{Op: patch.Add, HasPath: true, Path: "people", HasValue: true, Value: "1"},
		{Op: patch.Add, HasPath: true, Path: "members", HasValue: true, Value: "2"},
	}
	require.Equal(t, []string{"1"}, newPatcher(crew, schema.Lenient()).Joining(ops))
	require.Empty(t, newPatcher(schema.UserType, schema.Lenient()).Joining(ops))
}
