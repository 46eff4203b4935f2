package patch

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// create carries out an add or replace whose path selects nothing: noTarget, or
// under CreateOnNoMatch a new value with the sub-attributes that the filter and
// the client give. Entra ID sends emails[type eq "work"].value for an
// address that was never there (Z-25, Z-29).
func (w *run) create(op Op, t target, old schema.Value, e edit) (schema.Value, error) {
	if !w.creates(op, t) {
		return old, noMatch()
	}
	terms, all := eqTerms(t.filter.Filter)
	if !all {
		return old, noMatch()
	}
	if e.empties() {
		return old, nil // clearing an absent value
	}
	o, err := w.fromTerms(op, t, terms)
	if err != nil {
		return old, err
	}
	if o, err = merged(op, o, e.fields); err != nil {
		return old, err
	}
	created := schema.Complex(o)
	if !created.Assigned() || !t.filter.Matches(created) { // terms at odds with each other or the value
		return old, noMatch()
	}
	list, err := added(t.attr, old, schema.List(created), w.profile) // one with this type and value may be there
	if err != nil {
		return old, err
	}
	return guarded(op, t.attr, old, list)
}

// creates reports whether the profile lets this path make a value: a
// sub-attribute follows, or a whole value is added.
func (w *run) creates(op Op, t target) bool {
	return w.profile.CreateOnNoMatch && t.filter != nil && t.attr.MultiValued && (t.sub != nil || op == Add)
}

// empties reports whether the edit assigns nothing, or only empty strings.
func (e edit) empties() bool {
	for _, f := range e.fields {
		blank := !f.value.Assigned() || !f.value.IsList() && f.value.Type() == schema.TypeString && f.value.Text() == ""
		if !blank || f.secret {
			return false
		}
	}
	return true
}

// fromTerms makes an object of a filter's terms, under the rules for values
// that come in a body.
func (w *run) fromTerms(op Op, t target, terms []term) (*schema.Object, error) {
	d := w.decoder(op, t).descend(t.attr)
	var o *schema.Object
	for _, c := range terms {
		if c.attr.Mutability == schema.ReadOnly {
			return nil, noMatch()
		}
		f, err := d.edit(c.attr, c.raw())
		if err != nil {
			return nil, prefixPath(c.attr, err)
		}
		if o, err = merged(Add, o, []edit{f}); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// term is one sub-attribute that a filter fixes by eq.
type term struct {
	attr  *schema.Attribute
	value schema.Value
}

// raw returns the term's value as JSON would bring it.
func (c term) raw() any {
	switch c.value.Type() {
	case schema.TypeBoolean:
		return c.value.Bool()
	case schema.TypeInteger, schema.TypeDecimal:
		return schema.Number(c.value.Text())
	}
	return c.value.Text()
}

// eqTerms returns the eq comparisons of a conjunction, and whether it consists
// of nothing else.
func eqTerms(e filter.Expr) (terms []term, all bool) {
	switch e := e.(type) {
	case filter.And:
		left, allLeft := eqTerms(e.Left)
		right, allRight := eqTerms(e.Right)
		return append(left, right...), allLeft && allRight
	case filter.Compare:
		if e.Op == filter.EQ && !e.Null && len(e.Path) == 1 {
			return []term{{e.Path[0], e.Value}}, true
		}
	}
	return nil, false
}
