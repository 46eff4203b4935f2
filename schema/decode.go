package schema

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
func (t *ResourceType) Decode(body JSONObject, p Profile) (Decoded, error) {
	panic("stub")
}

// DecodeValue reads the value of one attribute as PATCH brings it, under the
// rules of Decode: for a multi-valued attribute a list, or a lone element,
// which becomes a list of one; nil and [] are unassigned. With element the
// value is one element of a multi-valued attribute. readOnly and secret
// sub-attributes are left out; secrets go to the second result.
// Errors are [*Error] of invalidValue or, for unknown sub-attributes,
// invalidSyntax, with Path relative to a.
func DecodeValue(a *Attribute, value any, element bool, p Profile) (Value, Secrets, error) {
	panic("stub")
}

// Validate checks a whole resource before it is stored: required attributes
// and required extensions, sub-attributes required where their parent has a
// value, at most one primary (RFC 7643 §2.4, §7). Errors are [*Error] of
// invalidValue. A members attribute is not looked at.
func (t *ResourceType) Validate(o *Object) error {
	panic("stub")
}

// Carry returns what a PUT makes of a resource (RFC 7644 §3.5.1): after holds
// what the client sent; readOnly and immutable attributes that it left out are
// kept from before (Z-7). An immutable value that differs is an [*Error] of
// mutability. Secrets are not in the tree and so are kept by the host.
func (t *ResourceType) Carry(before, after *Object) (*Object, error) {
	panic("stub")
}

// DecodeStored reads what [Object.AppendJSON] wrote. It is tolerant where a
// schema has changed since: what no longer fits is left out and reported, each
// as an error, while the rest is returned. It fails (nil object) only on text
// that is not a JSON object.
func (t *ResourceType) DecodeStored(data []byte) (*Object, []error) {
	panic("stub")
}

// ParseScalar reads a literal given as text (a tag's default, a column) as one
// value of a simple attribute, under the syntax rules of its type; the error
// is an [*Error] of invalidValue.
func ParseScalar(a *Attribute, text string) (Value, error) {
	panic("stub")
}

// Secrets are values that never enter a [Resource]: passwords and other
// writeOnly or never returned attributes, by path. Printing or logging one
// shows only which attributes are present.
type Secrets struct {
	values map[string]Value
}

// Len returns the number of secrets.
func (s Secrets) Len() int { return len(s.values) }

// Get returns the secret at an attribute path in standard notation as the
// schema spells it, for example "password"; unassigned when the client sent
// none, or null.
func (s Secrets) Get(path string) Value { return s.values[path] }
