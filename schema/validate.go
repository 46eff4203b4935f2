package schema

import (
	"slices"
	"strings"
	"unicode"
)

// Validate checks a whole resource before it is stored: required attributes
// and required extensions, sub-attributes required where their parent has a
// value, at most one primary (RFC 7643 §2.4, §7). A string that is required or
// unique has a visible character (§4.1.1 userName), and a unique one, which
// identifies people, has no control characters, those of bidirectional text
// included (RFC 8264 §9). Errors are [*Error] of
// invalidValue. A members attribute is not looked at; neither are readOnly and
// hidden attributes, which are not the client's to give, and secrets, which are not in
// the tree.
func (t *ResourceType) Validate(o *Object) error { return t.ValidateChange(NewDiff(nil, o)) }

// ValidateChange is [ResourceType.Validate] for a resource that was there
// before. A value that does not change is not checked again: it is not the
// mistake of this client, and must not prevent a change that ends access.
func (t *ResourceType) ValidateChange(d Diff) error {
	for _, e := range t.Extensions {
		if e.Required && !d.after.shows(e.Schema.extension) {
			return below(e.Schema.extension, missing())
		}
	}
	for _, a := range t.required {
		if !d.after.has(a) {
			return below(a, missing())
		}
	}
	return d.check(func(a *Attribute, before, v Value) error {
		if !t.isChecked(a) || !v.Assigned() {
			return nil
		}
		return t.validateValue(a, before, v)
	})
}

// isChecked reports whether a value of the attribute is that of a client.
func (t *ResourceType) isChecked(a *Attribute) bool {
	return a != t.members && !a.kept() && !a.Secret()
}

// requiredAttributes returns the root attributes that every resource has.
func (t *ResourceType) requiredAttributes() []*Attribute {
	return slices.DeleteFunc(slices.Clone(t.root.SubAttributes), func(a *Attribute) bool { return !a.Required || !t.isChecked(a) })
}

// validate checks one object of the complex attribute parent.
func (t *ResourceType) validate(parent *Attribute, before, o *Object) error {
	for _, a := range parent.SubAttributes {
		if !t.isChecked(a) {
			continue
		}
		if err := t.validateAttribute(a, before.Get(a), o.Get(a)); err != nil {
			return below(a, err)
		}
	}
	return nil
}

func (t *ResourceType) validateAttribute(a *Attribute, before, v Value) error {
	switch {
	case !v.Assigned() && a.Required:
		return missing()
	case !v.Assigned(), Identical(before, v):
		return nil // its sub-attributes are required only with it
	}
	return t.validateValue(a, before, v)
}

// validateValue checks a value that is assigned and was another one before.
func (t *ResourceType) validateValue(a *Attribute, before, v Value) error {
	switch a.Type {
	case TypeComplex:
		return t.validateComplex(a, before, v)
	case TypeString:
		return validateString(a, v)
	}
	return nil
}

func (t *ResourceType) validateComplex(a *Attribute, before, v Value) error {
	if !v.IsList() {
		return t.validate(a, before.Object(), v.Object())
	}
	list := v.node.([]Value)
	for _, one := range list {
		if err := t.validate(a, nil, one.Object()); err != nil {
			return err
		}
	}
	return onePrimary(a, list)
}

func validateString(a *Attribute, v Value) error {
	unique := a.Uniqueness != UniquenessNone
	for _, one := range v.All() {
		switch {
		case (unique || a.Required && !v.IsList()) && isBlank(one.text):
			return wrongType("must not be blank")
		case unique && strings.ContainsFunc(one.text, isControl):
			return wrongType("must not contain control characters")
		}
	}
	return nil
}

// isBlank reports whether a text has no visible character.
func isBlank(s string) bool {
	key := strings.TrimSpace(FoldKey(s))
	return key == "" || key == ignorable
}

// isControl reports whether a character is a control character, or turns the
// direction of text so that one name looks like another.
func isControl(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

func missing() error {
	return &Error{Type: ErrorInvalidValue, Detail: "a value is required"}
}
