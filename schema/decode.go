package schema

import (
	"slices"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Decoded is the content of a request body.
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
	b := NewBody(body)
	defer b.Release()
	return t.DecodeBody(b, p)
}

// DecodeBody is [ResourceType.Decode] of a body that was read by [ReadBody].
func (t *ResourceType) DecodeBody(body Body, p Profile) (Decoded, error) {
	if err := t.checkSchemas(body, p); err != nil {
		return Decoded{}, err
	}
	value, err := t.unqualifiedValue(body.value, p)
	if err != nil {
		return Decoded{}, err
	}
	n := int(value[0].len)
	d := decoder{profile: p, members: t.members}
	b := Builder{fields: make([]field, 0, min(n, len(t.Attributes())))}
	mentioned := make([]*Attribute, 0, cap(b.fields))
	for m := range value.parts() {
		a := t.root.Public(m[0].name)
		if a == nil || p.NoPassword && a == t.Schema.Password() {
			if !p.UnknownAttributes {
				return Decoded{}, unknown(m[0].name)
			}
			d.ignore(m)
			continue
		}
		if slices.Contains(mentioned, a) {
			return Decoded{}, twice(a)
		}
		mentioned = append(mentioned, a)
		if err := d.field(&b, a, m); err != nil {
			return Decoded{}, err
		}
	}
	o := b.Object()
	if err := t.CheckDeactivation(d.ignored, o); err != nil {
		return Decoded{}, err
	}
	return Decoded{Attributes: o, Secrets: secretsOf(d.secrets), Mentioned: mentioned}, nil
}

// DecodeValue reads the value of one attribute as PATCH brings it, under the
// rules of Decode: for a multi-valued attribute a list, or a lone element,
// which becomes a list of one; nil and [] are unassigned. With element the
// value is one element of a multi-valued attribute. readOnly sub-attributes are
// left out under IgnoreReadOnly, and otherwise an error of mutability whatever
// they hold (RFC 7644 §3.5.2). Secrets go to the second result, by paths that begin with a
// itself ([Secrets.Within] puts a's parents in front).
//
// Whether the client may change a itself is not checked. Errors are [*Error] of
// mutability, invalidValue or, for unknown sub-attributes and ones named twice,
// invalidSyntax, with Path relative to a.
func DecodeValue(a *Attribute, value any, element bool, p Profile) (Value, Secrets, error) {
	d := decoder{profile: p, patch: true, path: AttrPath{a}}
	var room [4]node
	v, err := d.decode(a, appendNodes(room[:0], "", value), element)
	if err != nil {
		return Value{}, Secrets{}, err
	}
	if !a.Secret() {
		return v, secretsOf(d.secrets), nil
	}
	d.keep(v)
	return Value{}, secretsOf(d.secrets), nil
}

func (d *decoder) decode(a *Attribute, value jsonValue, element bool) (Value, error) {
	if !a.MultiValued {
		return d.single(a, value)
	}
	if a.Type == TypeComplex {
		value = d.profile.fromText(value)
	}
	if element {
		return d.element(a, value)
	}
	if value.kind() != jsonArray && !d.blank(value) {
		return d.elements(a, value, 1)
	}
	return d.list(a, value)
}

// checkSchemas checks the schemas member (RFC 7643 §3). URIs of extensions
// are not compared with the data: the schemas of a resource follow from its
// attributes (Z-2).
func (t *ResourceType) checkSchemas(body Body, p Profile) error {
	uris, err := body.SchemaURIs(p)
	if err != nil {
		return err
	}
	base := false
	for _, uri := range uris {
		a := t.root.Sub(uri)
		switch {
		case ascii.EqualFold(uri, t.Schema.ID):
			base = true
		case a != nil && a.order == orderExtension:
		case !p.UnknownAttributes || isMessage(uri):
			return &Error{ErrorInvalidSyntax, "schemas", Quote(uri) + " is not a schema of resource type " + t.Name}
		}
	}
	// OneLogin's SCIM 1.0 templates name only URIs that no schema has.
	if base || p.MissingSchemas {
		return nil
	}
	return &Error{ErrorInvalidSyntax, "schemas", "must contain " + t.Schema.ID}
}

// SchemaURIs returns the URIs in the schemas member of a body or message.
// Errors are [*Error] of invalidSyntax: for a member that is not an array of
// strings, and unless the profile has MissingSchemas for one that is absent,
// empty or a string.
func SchemaURIs(body JSONObject, p Profile) ([]string, error) {
	value, _ := body.Get("schemas")
	var room [4]node
	return schemaURIs(appendNodes(room[:0], "", value), p)
}

// schemaURIs is SchemaURIs for the value of schemas, nil if there is none.
func schemaURIs(value jsonValue, p Profile) ([]string, error) {
	var list jsonValue
	switch {
	case value.kind() == jsonArray:
		list = value[1:]
	case value.kind() != jsonNull && p.MissingSchemas:
		list = value
	}
	if len(list) == 0 && !p.MissingSchemas {
		return nil, &Error{ErrorInvalidSyntax, "schemas", "must be a non-empty array of schema URIs"}
	}
	uris := make([]string, 0, 2)
	for one := range list.each() {
		if one.kind() != jsonString {
			return nil, &Error{ErrorInvalidSyntax, "schemas", "a schema URI must be a string"}
		}
		if uri := one[0].text; uri != "" || !p.MissingSchemas {
			uris = append(uris, uri)
		}
	}
	return uris, nil
}

// CheckMessage checks the schemas of a message (RFC 7644 §3.1): they contain its
// URI or, with MissingSchemas, do not contain the URI of another message. Errors
// are [*Error] of invalidSyntax.
func CheckMessage(body JSONObject, uri string, p Profile) error {
	uris, err := SchemaURIs(body, p)
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(uris, func(s string) bool { return ascii.EqualFold(s, uri) })
	if named || p.MissingSchemas && !slices.ContainsFunc(uris, isMessage) {
		return nil
	}
	return &Error{ErrorInvalidSyntax, "schemas", "must contain " + uri}
}

// isMessage reports whether a URI is that of a protocol message (RFC 7644
// §8.2).
func isMessage(uri string) bool {
	const prefix = "urn:ietf:params:scim:api:messages:"
	return len(uri) >= len(prefix) && ascii.EqualFold(uri[:len(prefix)], prefix)
}

func unknown(name string) error {
	return &Error{Type: ErrorInvalidSyntax, Detail: "unknown attribute " + Quote(name)}
}

func twice(a *Attribute) error {
	return &Error{Type: ErrorInvalidSyntax, Path: a.Name, Detail: "the attribute is given more than once"}
}
