package patch

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// selected applies an add or replace to those values of an attribute that a
// path selects: all that match the filter, or all there are for a path like
// emails.type (Z-30).
func (w *run) selected(op Op, t target, old schema.Value, raw any) (schema.Value, error) {
	if t.attr.Type != schema.TypeComplex {
		return w.selectedSimple(op, t, old, raw)
	}
	t = w.valueTarget(t, raw)
	e, err := w.selectedEdit(op, t, raw)
	if err != nil {
		return old, err
	}
	at, err := t.locate(old, w.budget)
	if err != nil {
		return old, err
	}
	if len(at) == 0 {
		return w.create(op, t, old, e)
	}
	list := values(old)
	for _, i := range at {
		if list[i], err = changedElement(op, t, list[i], e); err != nil {
			return old, err
		}
	}
	if e.setsPrimary() {
		list, err = settlePrimary(t.attr, list, at)
	} else {
		list = schema.Distinct(t.attr, list)
	}
	if err != nil {
		return old, err
	}
	return guarded(op, t.attr, old, listOf(t.attr, list))
}

// selectedEdit decodes the edit of each selected value.
func (w *run) selectedEdit(op Op, t target, raw any) (edit, error) {
	d := w.decoder(op, t)
	if t.sub == nil {
		return d.mergeEdit(t.attr, raw)
	}
	f, err := d.descend(t.attr).edit(t.sub, raw)
	if err != nil {
		return edit{}, prefixPath(t.sub, err)
	}
	return edit{attr: t.attr, merge: true, fields: []edit{f}}, nil
}

// changedElement returns one selected value after the edit. A replace of the whole
// value keeps sub-attributes that the client did not send only if they are
// readOnly, immutable or hidden, or fixed by the filter (P-65, Z-28).
func changedElement(op Op, t target, old schema.Value, e edit) (schema.Value, error) {
	if !e.merge && op == Add {
		return old, nil // nothing to add
	}
	if !e.merge {
		return schema.Value{}, nil
	}
	o := old.Object()
	if op == Replace && t.sub == nil && t.attr.MultiValued {
		terms, _ := eqTerms(t.filter.Filter)
		o = keptOnReplace(terms, o)
	}
	o, err := merged(op, o, e.fields)
	return schema.Complex(o), err
}

// keptOnReplace returns the sub-attributes that a replace of the whole value keeps.
// fixed are those of the filter that selected it.
func keptOnReplace(fixed []term, o *schema.Object) *schema.Object {
	var b schema.Builder
	for sub, v := range o.All() {
		named := slices.ContainsFunc(fixed, func(c term) bool { return c.attr == sub })
		if named || sub.Hidden || sub.Mutability == schema.ReadOnly || sub.Mutability == schema.Immutable {
			b.Set(sub, v)
		}
	}
	return b.Object()
}

// selectedSimple gives every selected value of a simple multi-valued attribute
// another one.
func (w *run) selectedSimple(op Op, t target, old schema.Value, raw any) (schema.Value, error) {
	v, err := w.decoder(op, t).value(t.attr, w.unwrapped(raw), true)
	if err != nil {
		return old, err
	}
	at, err := t.locate(old, w.budget)
	if err != nil {
		return old, err
	}
	if len(at) == 0 {
		return old, noMatch()
	}
	if op == Add && !v.Assigned() {
		return old, nil // nothing to add
	}
	list := values(old)
	for _, i := range at {
		list[i] = v
	}
	return guarded(op, t.attr, old, schema.List(schema.Distinct(t.attr, list)...))
}

func noMatch() error {
	return fail(schema.ErrorNoTarget, "the path selects no value") // RFC 7644 §3.5.2.3
}

// values returns the single values of v in a new slice.
func values(v schema.Value) []schema.Value {
	list := make([]schema.Value, 0, v.Len()+1)
	for _, one := range v.All() {
		list = append(list, one)
	}
	return list
}

// listOf returns the value of attribute a that has these single values; a
// singular attribute has one at most.
func listOf(a *schema.Attribute, list []schema.Value) schema.Value {
	if a.MultiValued {
		return schema.List(list...)
	}
	if len(list) == 0 {
		return schema.Value{}
	}
	return list[0]
}
