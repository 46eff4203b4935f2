package schema

import (
	"slices"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Decoded is what a request body says.
type Decoded struct {
	// Attributes are the readWrite and immutable attributes, checked for type
	// and syntax, with readOnly ones, id and meta left out (RFC 7644 §3.3).
	Attributes *Object
	// Secrets are the attributes for which [Attribute.Secret] holds.
	Secrets Secrets
	// Mentioned are the root attributes the body named, also with null or [].
	Mentioned []*Attribute
}

// Decode reads the body of a POST or PUT (RFC 7644 §3.3, §3.5.1) against the
// resource type: schemas, names, types, canonical values, at most one primary.
// Whether required attributes are there is asked by [ResourceType.Validate],
// once defaults and kept values are in. Errors are [*Error]: invalidSyntax for
// the message's form (schemas missing or wrong, an attribute named twice,
// unknown attributes unless the profile allows them), invalidValue for values.
//
// Elements of a multi-valued attribute with the same type and value are one
// (RFC 7643 §2.4), members with exactly the same value likewise: ids are
// case-exact (§3.1).
func (t *ResourceType) Decode(body JSONObject, p Profile) (Decoded, error) {
	if err := t.checkSchemas(body, p); err != nil {
		return Decoded{}, err
	}
	d := decoder{profile: p, members: t.members}
	b := Builder{fields: make([]field, 0, min(len(body), len(t.Attributes())))}
	mentioned := make([]*Attribute, 0, cap(b.fields))
	for _, m := range body {
		a := t.root.Public(m.Name)
		if a == nil {
			if !p.UnknownAttributes {
				return Decoded{}, unknown(m.Name)
			}
			continue
		}
		if slices.Contains(mentioned, a) {
			return Decoded{}, twice(a)
		}
		mentioned = append(mentioned, a)
		if err := d.field(&b, a, m.Value); err != nil {
			return Decoded{}, err
		}
	}
	return Decoded{Attributes: b.Object(), Secrets: secretsOf(d.secrets), Mentioned: mentioned}, nil
}

// DecodeValue reads the value of one attribute as PATCH brings it, under the
// rules of Decode: for a multi-valued attribute a list, or a lone element,
// which becomes a list of one; nil and [] are unassigned. With element the
// value is one element of a multi-valued attribute. readOnly sub-attributes are
// left out under IgnoreReadOnly, and otherwise an error of mutability whatever
// they hold (RFC 7644 §3.5.2). Secrets go to the second result, by paths that begin with a
// itself ([Secrets.Within] puts a's parents in front).
//
// Whether the client may change a itself is not asked. Errors are [*Error] of
// mutability, invalidValue or, for unknown sub-attributes and ones named twice,
// invalidSyntax, with Path relative to a.
func DecodeValue(a *Attribute, value any, element bool, p Profile) (Value, Secrets, error) {
	d := decoder{profile: p, patch: true, path: AttrPath{a}}
	v, err := d.decode(a, value, element)
	if err != nil {
		return Value{}, Secrets{}, err
	}
	if !a.Secret() {
		return v, secretsOf(d.secrets), nil
	}
	d.keep(v)
	return Value{}, secretsOf(d.secrets), nil
}

func (d *decoder) decode(a *Attribute, value any, element bool) (Value, error) {
	if !a.MultiValued {
		return d.single(a, value)
	}
	if element {
		return d.element(a, value)
	}
	if _, isList := value.([]any); !isList && !d.blank(value) {
		value = []any{value}
	}
	return d.list(a, value)
}

// checkSchemas checks the schemas member (RFC 7643 §3). URIs of extensions
// are not compared with the data: what a resource has decides what its schemas
// are (Z-2).
func (t *ResourceType) checkSchemas(body JSONObject, p Profile) error {
	value, _ := body.Get("schemas")
	list, _ := value.([]any)
	if len(list) == 0 {
		return &Error{ErrorInvalidSyntax, "schemas", "schemas must be a non-empty array of schema URIs"}
	}
	var base, others bool
	for _, one := range list {
		uri, ok := one.(string)
		switch {
		case !ok:
			return &Error{ErrorInvalidSyntax, "schemas", "a schema URI must be a string"}
		case ascii.EqualFold(uri, t.Schema.ID):
			base = true
		case t.root.Sub(uri) != nil && t.root.Sub(uri).order == orderExtension:
			others = true
		case !p.UnknownAttributes:
			return &Error{ErrorInvalidSyntax, "schemas", Quote(uri) + " is not a schema of resource type " + t.Name}
		}
	}
	// OneLogin's SCIM 1.0 templates name only URIs nobody defines.
	if base || !others && p.UnknownAttributes {
		return nil
	}
	return &Error{ErrorInvalidSyntax, "schemas", "schemas must contain " + t.Schema.ID}
}

func unknown(name string) error {
	return &Error{Type: ErrorInvalidSyntax, Detail: "unknown attribute " + Quote(name)}
}

func twice(a *Attribute) error {
	return &Error{Type: ErrorInvalidSyntax, Path: a.Name, Detail: "the attribute is given more than once"}
}
