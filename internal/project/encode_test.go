package project_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
)

// A resource that keeps its attributes as text is sent as one that has them as values,
// whatever the characteristics of members, groups and another attribute are.
func TestAppendIsTheSameOfTextAndValues(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]schema.Attribute{
		"default":      {},
		"always":       {Returned: schema.ReturnedAlways},
		"on request":   {Returned: schema.ReturnedRequest},
		"never":        {Returned: schema.ReturnedNever},
		"hidden":       {Hidden: true},
		"hidden, read": {Hidden: true, Mutability: schema.ReadOnly},
	} {
		list := a
		list.Type, list.MultiValued, list.SubAttributes = schema.TypeComplex, true, []*schema.Attribute{{Name: "value"}}
		groups, members := list, list
		groups.Name, groups.Mutability, members.Name = "groups", schema.ReadOnly, "members"
		a.Name = "remark"
		s, err := schema.New(schema.Schema{ID: "urn:example:thing", Name: "Thing", Attributes: []*schema.Attribute{{Name: "name"}, &a, &groups, &members}})
		require.NoError(t, err)
		rt, err := schema.NewResourceType(schema.ResourceType{Name: "Thing", Endpoint: "/Things", Schema: s, MembersAttribute: "members", GroupsAttribute: "groups"})
		require.NoError(t, err)

		values := (*schema.Object)(nil).With(rt.MustResolve("name")[0], schema.String("n"))
		if !s.Attribute("remark").Secret() { // secrets are not in a resource
			values = values.With(rt.MustResolve("remark")[0], schema.String("r"))
		}
		one := []schema.Member{{Value: "m"}}
		sent := func(o *schema.Object) string {
			each := func(yield func(schema.Member, error) bool) { yield(one[0], nil) }
			r := &schema.Resource{Type: rt, ID: "1", Attributes: o}
			text, err := project.All(rt).Append(nil, r, &project.Members{Each: each}, one, nil)
			require.NoError(t, err)
			return string(text)
		}
		text := rt.Encoded(values)
		require.NotSame(t, values, text)
		require.Equal(t, sent(values), sent(text), name)
	}
}
