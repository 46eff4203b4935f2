package memstore

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// kind is a resource type of the database.
type kind struct {
	*schema.ResourceType
	number int               // its place in tenant.collections
	paths  []schema.AttrPath // those that are indexed
	unique int               // how many of the paths, the first ones, are unique

	memberValue *schema.Attribute // members.value; nil without members
}

// lookups are the attributes, besides unique ones, by which identity providers
// look for a resource before they create it (Entra ID by any of them), and the
// owner, by which package scim selects.
var lookups = []string{"externalId", "userName", "displayName", "emails.value", schema.OwnerAttribute.Name}

func newKind(t *schema.ResourceType, number int) *kind {
	k := &kind{ResourceType: t, number: number, paths: t.Unique()}
	k.unique = len(k.paths)
	for _, name := range lookups {
		p, ok := t.Resolve(name)
		if ok && p.Last().Type == schema.TypeString && k.place(p) < 0 {
			k.paths = append(k.paths, p)
		}
	}
	if m := t.Members(); m != nil {
		k.memberValue = m.Sub("value")
	}
	return k
}

// place returns the place of a path among the indexed ones, -1 if it is not one.
func (k *kind) place(p schema.AttrPath) int {
	return slices.IndexFunc(k.paths, func(q schema.AttrPath) bool { return slices.Equal(p, q) })
}
