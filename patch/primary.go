package patch

import (
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

func isPrimaryAttribute(sub *schema.Attribute) bool {
	return sub.Type == schema.TypeBoolean && !sub.MultiValued && strings.EqualFold(sub.Name, "primary")
}

// primaryOf returns the "primary" sub-attribute of a (RFC 7643 §2.4), or nil.
func primaryOf(a *schema.Attribute) *schema.Attribute {
	if sub := a.Sub("primary"); sub != nil && isPrimaryAttribute(sub) {
		return sub
	}
	return nil
}

func isPrimary(a *schema.Attribute, v schema.Value) bool {
	sub := primaryOf(a)
	return sub != nil && v.Object().Get(sub).Bool()
}

// setsPrimary reports whether the edit makes a value the primary one.
func (e edit) setsPrimary() bool {
	for _, f := range e.fields {
		if isPrimaryAttribute(f.attr) && f.value.Bool() {
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
	sub := primaryOf(a)
	for i, v := range list {
		if i != winner && isPrimary(a, v) {
			list[i] = schema.Complex(v.Object().With(sub, schema.Boolean(false)))
		}
	}
}
