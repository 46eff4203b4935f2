package patch

import "github.com/seed5f3efb56/scim/schema"

// guarded returns the value that attribute a may have after an operation: v,
// or old where a may not change and does not. It is the one place of
// the rules for immutable (RFC 7643 §7) and required attributes; readOnly ones
// are refused before.
func guarded(op Op, a *schema.Attribute, old, v schema.Value) (schema.Value, error) {
	if a.Mutability == schema.Immutable && old.Assigned() {
		if schema.Equal(a, old, v) {
			return old, nil
		}
		return old, immutable()
	}
	if v.Assigned() {
		return v, nil
	}
	if a.Required && (op != Remove || old.Assigned()) {
		return old, unassigning(op, "a required attribute")
	}
	if !a.MultiValued && holdsImmutable(a, old) {
		return old, immutable()
	}
	if (schema.AttrPath{a}).Extension() { // a namespace, of which hidden attributes stay
		return schema.Complex(old.Object().Hidden()), nil
	}
	return v, nil
}

// holdsImmutable reports whether unassigning a singular complex value would
// take away an immutable sub-attribute. Values of a multi-valued attribute may
// be removed as a whole, as members are (N-17, P-54).
func holdsImmutable(a *schema.Attribute, old schema.Value) bool {
	for sub := range old.Object().All() {
		if sub.Mutability == schema.Immutable {
			return true
		}
	}
	return false
}

func readOnly() error {
	return fail(schema.ErrorMutability, "the attribute is readOnly")
}

func immutable() error {
	return fail(schema.ErrorMutability, "the attribute is immutable; its value cannot be changed")
}

// unassigning is the error for leaving something required without a value:
// mutability for remove (RFC 7644 §3.5.2.2), invalidValue otherwise (Z-27).
func unassigning(op Op, what string) error {
	if op == Remove {
		return fail(schema.ErrorMutability, what+" cannot be removed")
	}
	return fail(schema.ErrorInvalidValue, what+" needs a value")
}
