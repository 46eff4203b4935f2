package sqlquery

import (
	"github.com/seed5f3efb56/scim/schema"
)

// reduce returns the resource type without the attributes that have no field,
// and moves the paths of the fields to that type.
func (b *builder) reduce() *schema.ResourceType {
	keep := b.kept()
	t := *b.typ
	base, err := reduceSchema(t.Schema, keep)
	if err != nil {
		b.fail("", "%s", err)
		return nil
	}
	t.Schema, t.Extensions, t.Owned = base, nil, keep[schema.OwnerAttribute]
	for _, e := range b.typ.Extensions {
		s, err := reduceSchema(e.Schema, keep)
		if err != nil {
			b.fail("", "%s", err)
			return nil
		}
		if len(s.Attributes) > 0 {
			t.Extensions = append(t.Extensions, schema.Extension{Schema: s, Required: e.Required})
		}
	}
	reduced, err := schema.NewResourceType(t)
	if err != nil {
		b.fail("", "%s", err)
		return nil
	}
	b.moveTo(reduced)
	return reduced
}

// kept returns the attributes to keep: those with a field, those that contain
// them, those that selectors name, members and groups.
func (b *builder) kept() map[*schema.Attribute]bool {
	keep := map[*schema.Attribute]bool{}
	for _, f := range b.fields {
		for _, a := range f.path {
			keep[a] = true
		}
		for _, t := range f.terms {
			keep[t.sub] = true
		}
		if f.primary {
			keep[f.list().Last().Primary()] = true
		}
	}
	for _, whole := range []*schema.Attribute{b.typ.Members(), b.typ.Groups()} {
		if whole == nil {
			continue
		}
		keep[whole] = true
		for _, a := range whole.SubAttributes {
			keep[a] = true
		}
	}
	return keep
}

func reduceSchema(s *schema.Schema, keep map[*schema.Attribute]bool) (*schema.Schema, error) {
	return schema.New(schema.Schema{
		ID: s.ID, Name: s.Name, Description: s.Description,
		Attributes: reduceAttributes(s.Attributes, keep),
	})
}

// reduceAttributes returns the attributes to keep and the secrets, which the
// application gets with each request.
func reduceAttributes(as []*schema.Attribute, keep map[*schema.Attribute]bool) []*schema.Attribute {
	var out []*schema.Attribute
	for _, a := range as {
		subs := reduceAttributes(a.SubAttributes, keep)
		if !keep[a] && !a.Secret() && len(subs) == 0 {
			continue
		}
		c := *a
		if !a.Secret() {
			c.SubAttributes = subs
		}
		out = append(out, &c)
	}
	return out
}

func (b *builder) moveTo(t *schema.ResourceType) {
	for _, f := range b.fields {
		if f.path == nil {
			continue
		}
		f.path = t.MustResolve(f.path.String())
		f.codec.attr = f.path.Last()
		for i := range f.terms {
			f.terms[i].sub = f.list().Last().Sub(f.terms[i].sub.Name)
		}
	}
}
