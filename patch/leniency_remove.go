package patch

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// RFC 7644 §3.5.2.2 knows no value of a remove. Read literally, Entra ID's
// {"op":"remove","path":"members","value":[…]} would empty the group. Under
// RemoveValues the value names the parts of the target that are removed, and no
// other part is; without it the operation is an error (Z-46).

// checkRemove refuses the value of a remove unless the profile reads it.
func (w *run) checkRemove() error {
	if !w.profile.RemoveValues {
		return fail(schema.ErrorInvalidValue, "remove takes no value")
	}
	return nil
}

// emptyRemove reads the value of a remove that names nothing. done is true if
// nothing is to be removed: an empty list of values to remove is written as [],
// null or "". For any other target, serializers write null and ""
// for no value.
func (w *run) emptyRemove(t target, raw any) (done bool) {
	if !w.profile.RemoveValues {
		return false
	}
	if list, ok := raw.([]any); ok {
		return len(list) == 0
	}
	return namesNoValue(raw) && t.whole() && t.attr.MultiValued
}

func namesNoValue(raw any) bool { return raw == nil || raw == "" }

// removeFrom returns a value of attribute a without the parts that raw names: of a list the elements that raw lists, of a complex value the
// sub-attributes with the values given, or all of it if they include its
// "value", of a simple one the value itself.
func (w *run) removeFrom(a *schema.Attribute, old schema.Value, raw any) (schema.Value, error) {
	switch {
	case !old.Assigned():
		return old, nil
	case a.MultiValued:
		return w.removeElements(a, old, allOf(old), raw)
	case a.Type == schema.TypeComplex:
		return w.removeFields(a, old, raw)
	}
	listed, err := w.listed(a, raw)
	if err != nil {
		return old, err
	}
	for _, v := range listed {
		if schema.Equal(a, old, v) {
			return guarded(Remove, a, old, schema.Value{})
		}
	}
	return old, nil
}

// removeFields is removeFrom for a singular complex value.
func (w *run) removeFields(a *schema.Attribute, old schema.Value, raw any) (schema.Value, error) {
	object, ok, err := w.object(a, raw)
	if err != nil || !ok {
		return old, err
	}
	o := old.Object()
	for _, m := range object {
		sub := a.Public(m.Name)
		if sub == nil || sub.Mutability == schema.ReadOnly || m.Value == nil {
			continue
		}
		left, err := w.removeFrom(sub, o.Get(sub), m.Value)
		if err != nil {
			return old, prefixPath(sub, err)
		}
		if sub == valueOf(a) && !left.Assigned() && o.Get(sub).Assigned() {
			return guarded(Remove, a, old, schema.Value{})
		}
		if sub == valueOf(a) {
			return old, nil // another value
		}
		o = o.With(sub, left)
	}
	return guarded(Remove, a, old, schema.Complex(o))
}

// removeElements is removeFrom for a list, of which the elements at the
// positions are meant.
func (w *run) removeElements(a *schema.Attribute, old schema.Value, at []int, raw any) (schema.Value, error) {
	value, _, err := schema.DecodeValue(a, unwrapNamed(a, raw), false, w.profile)
	if err != nil {
		return old, err
	}
	list := values(old)
	listed := newListing(a, value, list, at)
	if err := w.budget.Spend(len(at) * len(listed.parts) * partCost); err != nil {
		return old, err
	}
	for _, i := range at {
		if listed.has(list[i]) {
			list[i] = schema.Value{}
		}
	}
	return guarded(Remove, a, old, schema.List(list...))
}

// partCost is the cost of comparing an element with listed sub-attributes.
const partCost = 200

// listing are the elements that a remove lists of a multi-valued attribute: by their
// "value", and "type" if one is given; without "value" those that are equal as a
// whole, or if there are none those with the sub-attributes given.
type listing struct {
	attr  *schema.Attribute
	keys  map[schema.ElementKey]bool
	parts []*schema.Object
}

func newListing(a *schema.Attribute, listed schema.Value, list []schema.Value, at []int) *listing {
	there := make(map[schema.ElementKey]bool, len(at))
	for _, i := range at {
		there[schema.KeyOf(a, list[i])] = true
	}
	l := &listing{attr: a, keys: make(map[schema.ElementKey]bool, listed.Len())}
	for _, v := range listed.All() {
		key, value := schema.KeyOf(a, v), a.Public("value")
		named := a.Type != schema.TypeComplex || value != nil && v.Object().Get(value).Assigned()
		if named || there[key] {
			l.keys[key] = true
		} else {
			l.parts = append(l.parts, v.Object())
		}
	}
	return l
}

func (l *listing) has(v schema.Value) bool {
	if key := schema.KeyOf(l.attr, v); l.keys[key] || l.keys[key.WithoutType()] {
		return true
	}
	for _, part := range l.parts {
		if includes(v.Object(), part) {
			return true
		}
	}
	return false
}

// includes reports whether an object has all sub-attributes of another one with
// equal values.
func includes(o, part *schema.Object) bool {
	for sub, v := range part.All() {
		if !schema.Equal(sub, o.Get(sub), v) && !(sub.Name == "primary" && isUnset(o.Get(sub), v)) {
			return false
		}
	}
	return part.Len() > 0
}

// listed decodes one value of a simple attribute, or several.
func (w *run) listed(a *schema.Attribute, raw any) ([]schema.Value, error) {
	raw = unwrapNamed(a, raw)
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	out := make([]schema.Value, 0, len(list))
	for _, one := range list {
		v, _, err := schema.DecodeValue(a, unwrapNamed(a, one), false, w.profile)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// removedNamed returns the attribute's value without the parts of the target that
// the value of the operation names.
func (w *run) removedNamed(t target, old schema.Value, raw any) (schema.Value, error) {
	if t.whole() {
		return w.removeFrom(t.attr, old, raw)
	}
	at, err := t.locate(old, w.budget)
	if err != nil {
		return old, err
	}
	if t.sub == nil && t.attr.MultiValued {
		return w.removeElements(t.attr, old, at, raw)
	}
	list := values(old)
	for _, i := range at {
		v, err := w.removedFromElement(t, list[i], raw)
		if err != nil {
			return old, err
		}
		list[i] = v
	}
	if t.attr.MultiValued {
		list = schema.Distinct(t.attr, list)
	}
	return guarded(Remove, t.attr, old, listOf(t.attr, list))
}

func (w *run) removedFromElement(t target, v schema.Value, raw any) (schema.Value, error) {
	if t.sub == nil {
		return w.removeFrom(t.attr, v, raw)
	}
	left, err := w.removeFrom(t.sub, v.Object().Get(t.sub), raw)
	if err != nil {
		return v, prefixPath(t.sub, err)
	}
	return schema.Complex(v.Object().With(t.sub, left)), nil
}

// allOf returns the positions of all single values.
func allOf(v schema.Value) []int {
	at := make([]int, v.Len())
	for i := range at {
		at[i] = i
	}
	return at
}

// unwrapNamed takes the value out of {"members": […]}, as clients in the manner
// of Salesforce send it for path members, and out of {"value": …} for a simple
// attribute.
func unwrapNamed(a *schema.Attribute, raw any) any {
	o, ok := raw.(schema.JSONObject)
	if !ok || len(o) != 1 || a.Sub(o[0].Name) != nil {
		return raw
	}
	if strings.EqualFold(o[0].Name, a.Name) || a.Type != schema.TypeComplex && strings.EqualFold(o[0].Name, "value") {
		return o[0].Value
	}
	return raw
}
