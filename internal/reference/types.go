package reference

import (
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Types are the references of a resource type that lead to resources of certain
// types (referenceTypes without external and uri, RFC 7643 §7).
type Types []schema.AttrPath

// FindTypes returns the references of a resource type that a client writes and that
// are kept as they are sent.
func FindTypes(t *schema.ResourceType) Types {
	var out Types
	var walk func(prefix schema.AttrPath, as []*schema.Attribute)
	walk = func(prefix schema.AttrPath, as []*schema.Attribute) {
		for _, a := range as {
			path := append(prefix[:len(prefix):len(prefix)], a)
			if a == t.Members() || a == t.Groups() || a.Mutability == schema.ReadOnly {
				continue
			}
			if types := a.ReferenceTypes; len(types) > 0 && !slices.Contains(types, "external") && !slices.Contains(types, "uri") {
				out = append(out, path)
			}
			walk(path, a.SubAttributes)
		}
	}
	walk(nil, t.Attributes())
	return out
}

// Check rejects a URI of a resource whose type is not one of the attribute's
// referenceTypes, as a *schema.Error of invalidValue. typeOf names the type of a
// resource of this service provider, "" for any other URI, which may be of a resource
// elsewhere. A value that was there before is not checked again.
func (ts Types) Check(d schema.Diff, typeOf func(uri string) string) error {
	for _, path := range ts {
		before, after, differs := d.Change(path[0])
		if !differs {
			continue
		}
		var old []string
		each(before, path, func(uri string) { old = append(old, uri) })
		allowed, wrong := path.Last().ReferenceTypes, ""
		each(after, path, func(uri string) {
			if name := typeOf(uri); name != "" && !slices.Contains(allowed, name) && !slices.Contains(old, uri) {
				wrong = name
			}
		})
		if wrong != "" {
			return &schema.Error{Type: schema.ErrorInvalidValue, Path: path.String(), Detail: "refers to a resource of type " + wrong + "; expected " + strings.Join(allowed, " or ")}
		}
	}
	return nil
}

// each calls f with each value at a path, of which v is that of the first attribute.
func each(v schema.Value, path schema.AttrPath, f func(uri string)) {
	for _, one := range v.All() {
		if len(path) == 1 {
			f(one.Text())
			continue
		}
		each(one.Object().Get(path[1]), path[1:], f)
	}
}
