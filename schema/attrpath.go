package schema

import (
	"iter"
	"strings"
)

// AttrPath is a resolved attribute path (attrPath of RFC 7644 §3.4.2.2 in the
// notation of §3.10): the attributes from the root to the one that is meant.
// An attribute of an extension has the extension's attribute in front.
type AttrPath []*Attribute

// Root returns the attribute at the root of the resource.
func (p AttrPath) Root() *Attribute { return p[0] }

// Last returns the attribute the path names.
func (p AttrPath) Last() *Attribute { return p[len(p)-1] }

// MultiValued reports whether any attribute on the path is multi-valued.
func (p AttrPath) MultiValued() bool {
	for _, a := range p {
		if a.MultiValued {
			return true
		}
	}
	return false
}

// String returns the path in standard notation with the names as the schema
// spells them: userName, name.givenName,
// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value.
// Equal strings mean equal paths of one resource type.
func (p AttrPath) String() string {
	switch len(p) {
	case 0:
		return ""
	case 1:
		return p[0].Name
	}
	var b strings.Builder
	for i, a := range p {
		switch {
		case i == 0:
		case i == 1 && p[0].order == orderExtension:
			b.WriteByte(':')
		default:
			b.WriteByte('.')
		}
		b.WriteString(a.Name)
	}
	return b.String()
}

// join appends a relative path.
func (p AttrPath) join(rest string) string {
	switch {
	case rest == "":
		return p.String()
	case len(p) == 1 && p.Extension():
		return p[0].Name + ":" + rest
	}
	return p.String() + "." + rest
}

// Extension reports whether the path leads into an extension.
func (p AttrPath) Extension() bool { return p[0].order == orderExtension }

// IsPrimary reports whether the path names the "primary" of a complex value,
// which is false where it is missing (RFC 7643 §2.4).
func (p AttrPath) IsPrimary() bool {
	n := len(p)
	return n > 1 && p[n-1] == p[n-2].primary
}

// Values yields every single value at the path, in order, walking through all
// values of a multi-valued attribute on the way.
func (p AttrPath) Values(r *Resource) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		p[1:].walk(r.Get(p[0]), yield)
	}
}

func (p AttrPath) walk(v Value, yield func(Value) bool) bool {
	for i, n := 0, v.Len(); i < n; i++ {
		one := v.At(i)
		if len(p) == 0 {
			if !yield(one) {
				return false
			}
			continue
		}
		if !p[1:].walk(one.Object().Get(p[0]), yield) {
			return false
		}
	}
	return true
}
