package patch

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// setsPrimary reports whether the edit makes a value the primary one.
func (e edit) setsPrimary() bool {
	for _, f := range e.fields {
		if f.attr == e.attr.Primary() && f.value.Bool() {
			return true
		}
	}
	return false
}

// settlePrimary makes the values at the positions, which an operation has made
// primary, the only primary one. If they are not one value it is an error: one
// operation brings one primary value (RFC 7643 §2.4).
func settlePrimary(a *schema.Attribute, list []schema.Value, at []int) ([]schema.Value, error) {
	winner := schema.KeyOf(a, list[at[0]])
	for _, i := range at[1:] {
		if schema.KeyOf(a, list[i]) != winner {
			return nil, fail(schema.ErrorInvalidValue, "more than one value would be primary")
		}
	}
	list = schema.Distinct(a, list)
	resetPrimary(a, list, slices.IndexFunc(list, func(v schema.Value) bool { return schema.KeyOf(a, v) == winner }))
	return list, nil
}

// resetPrimary sets primary to false in all values but the winner (RFC 7644
// §3.5.2).
func resetPrimary(a *schema.Attribute, list []schema.Value, winner int) {
	for i, v := range list {
		if i != winner && a.IsPrimary(v) {
			list[i] = schema.Complex(v.Object().With(a.Primary(), schema.Boolean(false)))
		}
	}
}
