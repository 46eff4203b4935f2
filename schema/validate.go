package schema

import "strings"

// Validate checks a whole resource before it is stored: required attributes
// and required extensions, sub-attributes required where their parent has a
// value, at most one primary (RFC 7643 §2.4, §7). A required string is not
// blank (§4.1.1 userName). Errors are [*Error] of invalidValue. A members
// attribute is not looked at; neither are readOnly attributes, which are not
// the client's to give, and secrets, which are not in the tree.
func (t *ResourceType) Validate(o *Object) error {
	for _, e := range t.Extensions {
		if e.Required && !o.Get(e.Schema.extension).Assigned() {
			return below(e.Schema.extension, missing())
		}
	}
	return t.validate(t.root, o)
}

// validate checks one object of the complex attribute parent.
func (t *ResourceType) validate(parent *Attribute, o *Object) error {
	for _, a := range parent.SubAttributes {
		if a == t.members || a.Mutability == ReadOnly || a.Secret() {
			continue
		}
		if err := t.validateAttribute(a, o.Get(a)); err != nil {
			return below(a, err)
		}
	}
	return nil
}

func (t *ResourceType) validateAttribute(a *Attribute, v Value) error {
	if !v.Assigned() {
		if a.Required {
			return missing()
		}
		return nil // what is below it is required only with it
	}
	if a.Type == TypeComplex {
		return t.validateComplex(a, v)
	}
	if a.Required && a.Type == TypeString && !v.IsList() && strings.TrimSpace(v.text) == "" {
		return wrongType("is required and must not be blank")
	}
	return nil
}

func (t *ResourceType) validateComplex(a *Attribute, v Value) error {
	for i, n := 0, v.Len(); i < n; i++ {
		if err := t.validate(a, v.At(i).Object()); err != nil {
			return err
		}
	}
	if list, ok := v.node.([]Value); ok {
		return onePrimary(a, list)
	}
	return nil
}

func missing() error {
	return &Error{Type: ErrorInvalidValue, Detail: "is required"}
}
