package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed5f3efb56/scim/schema"
)

func TestPrimary(t *testing.T) {
	flag := &schema.Attribute{Name: "Primary", Type: schema.TypeBoolean}
	badge := func(a *schema.Attribute) *schema.Attribute {
		return &schema.Attribute{Name: "badges", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{a}}
	}
	for name, c := range map[string]struct {
		attributes []*schema.Attribute
		path       string
		want       bool
	}{
		"a boolean of any spelling": {[]*schema.Attribute{badge(flag)}, "badges.primary", true},
		"a string":                  {[]*schema.Attribute{badge(&schema.Attribute{Name: "primary"})}, "badges.primary", false},
		"a multi-valued boolean":    {[]*schema.Attribute{badge(&schema.Attribute{Name: "primary", Type: schema.TypeBoolean, MultiValued: true})}, "badges.primary", false},
		"a root attribute":          {[]*schema.Attribute{flag}, "primary", false},
	} {
		s, err := schema.New(schema.Schema{ID: "urn:example:Badge", Attributes: c.attributes})
		assert.NoError(t, err, name)
		base, err := schema.NewResourceType(schema.ResourceType{Name: "Badge", Endpoint: "/Badges", Schema: s})
		assert.NoError(t, err, name)
		p := base.MustResolve(c.path)
		assert.Equal(t, c.want, p.IsPrimary(), name)
		if len(p) > 1 {
			assert.Equal(t, c.want, p[0].Primary() != nil, name)
		}
		extended, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: schema.User, Extensions: []schema.Extension{{Schema: s}}})
		assert.NoError(t, err, name)
		assert.Equal(t, c.want, extended.MustResolve(s.ID+":"+c.path).IsPrimary(), name+", in an extension")
	}
}
