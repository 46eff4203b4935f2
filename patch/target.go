package patch

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// target is an attribute that a path names, of the resource or of one of its
// extensions, and within it possibly some of its values (filter) and one of
// their sub-attributes (sub).
type target struct {
	extension *schema.Attribute // holds attr; nil for the resource itself
	attr      *schema.Attribute // an extension as a whole is an attribute, too
	filter    *filter.Path      // selects values of attr; nil without brackets
	sub       *schema.Attribute // nil when whole values are meant
}

// pathTarget returns the target of a compiled PATCH path.
func pathTarget(p *filter.Path) (target, error) {
	t := attrTarget(p.Attr)
	if p.Filter == nil {
		return t, nil
	}
	if t.sub != nil {
		return t, fail(schema.ErrorInvalidPath, "a value filter cannot follow a sub-attribute")
	}
	t.filter = p
	if t.attr.Type == schema.TypeComplex { // a simple value has no sub-attributes
		t.sub = p.Sub
	}
	return t, nil
}

// attrTarget returns the target of an attribute path.
func attrTarget(p schema.AttrPath) target {
	var t target
	if len(p) > 1 && p.Extension() {
		t.extension, p = p[0], p[1:]
	}
	t.attr = p[0]
	if len(p) > 1 {
		t.sub = p[1]
	}
	return t
}

// path returns the target's attribute path.
func (t target) path() schema.AttrPath {
	p := make(schema.AttrPath, 0, 3)
	for _, a := range []*schema.Attribute{t.extension, t.attr, t.sub} {
		if a != nil {
			p = append(p, a)
		}
	}
	return p
}

// readOnly reports whether the target is readOnly or part of something that is.
func (t target) readOnly() bool {
	return t.attr.Mutability == schema.ReadOnly || t.sub != nil && t.sub.Mutability == schema.ReadOnly
}

// whole reports whether the target is an attribute with all its values.
func (t target) whole() bool { return t.filter == nil && t.sub == nil }

// selects reports whether the target is among the values of the attribute, so
// that there may be none, one or many of it.
func (t target) selects() bool {
	return t.filter != nil || t.sub != nil && t.attr.MultiValued
}

// locate returns the positions of the values that the target selects.
func (t target) locate(old schema.Value, b *filter.Budget) ([]int, error) {
	var at []int
	for i, v := range old.All() {
		ok := true
		if t.filter != nil {
			var err error
			if ok, err = t.filter.MatchesWithin(v, b); err != nil {
				return nil, err
			}
		}
		if ok {
			at = append(at, i)
		}
	}
	return at, nil
}

// prefixPath returns err, whose path is relative to the attribute, with the path
// from the resource.
func (t target) prefixPath(err error) error {
	err = prefixPath(t.attr, err)
	if t.extension != nil {
		err = prefixPath(t.extension, err)
	}
	return err
}
