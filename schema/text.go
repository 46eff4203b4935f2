package schema

import "strings"

// Text returns the value at a path as [Value.Text] does. A path is one of
//
//	userName, id, meta.created     a single value
//	name.givenName                 a sub-attribute
//	urn:…:User:department          an attribute of an extension
//	emails.value                   of the primary element, else of the first
//	emails[primary eq true].value  of the primary element; "" if there is none
//	emails[type eq "work"].value   of the first element with that sub-attribute
//
// Names are compared without case. Text returns "" if there is no value, for a
// complex attribute, and for a path that the type does not have or that has
// another form. Secrets are not part of a resource.
func (r *Resource) Text(path string) string {
	before, rest, selects := strings.Cut(path, "[")
	end := strings.LastIndexByte(rest, ']')
	if selects && end < 0 {
		return ""
	}
	if !selects {
		return r.text(path, preferred)
	}
	list, ok := r.Type.Resolve(before)
	if !ok || !list.Last().MultiValued {
		return ""
	}
	return r.text(before+rest[end+1:], func(a *Attribute, v Value) Value { return selected(a, v, rest[:end]) })
}

// text returns the value at a path. choose returns one element of a multi-valued
// attribute.
func (r *Resource) text(path string, choose func(*Attribute, Value) Value) string {
	p, ok := r.Type.Resolve(path)
	if !ok {
		return ""
	}
	v := r.Get(p[0])
	for i, a := range p {
		if i > 0 {
			v = v.Object().Get(a)
		}
		if a.MultiValued {
			v = choose(a, v)
		}
	}
	return v.Text()
}

// preferred returns the primary element of a list, else the first.
func preferred(a *Attribute, v Value) Value {
	var first Value
	for i, e := range v.All() {
		if a.IsPrimary(e) {
			return e
		}
		if i == 0 {
			first = e
		}
	}
	return first
}

// selected returns the first element that satisfies a selector of the form
// sub eq value.
func selected(a *Attribute, v Value, selector string) Value {
	name, literal, _ := strings.Cut(selector, " ")
	op, literal, _ := strings.Cut(literal, " ")
	sub := a.Sub(name)
	if sub == nil || !strings.EqualFold(op, "eq") {
		return Value{}
	}
	if text, ok := strings.CutPrefix(literal, `"`); ok {
		literal = strings.TrimSuffix(text, `"`)
	}
	want, err := ParseScalar(sub, literal)
	if err != nil {
		return Value{}
	}
	for _, e := range v.All() {
		if sub == a.Primary() && a.IsPrimary(e) == want.Bool() || Equal(sub, e.Object().Get(sub), want) {
			return e
		}
	}
	return Value{}
}
