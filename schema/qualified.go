package schema

import (
	"reflect"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Unqualified returns a body in which each attribute stands under its own name
// ([Profile.QualifiedNames]): the members of an object under the type's own
// schema URI are those of the body, and a name with a schema URI or a
// sub-attribute (urn:…:User:active, name.givenName) is the attribute at that
// path. The argument is not changed. An attribute that is given in two ways with
// different values is an [*Error] of invalidSyntax.
func (t *ResourceType) Unqualified(body JSONObject, p Profile) (JSONObject, error) {
	if !p.QualifiedNames || !t.qualifies(body) {
		return body, nil
	}
	u := unqualified{members: make(JSONObject, 0, len(body)+4), at: make(map[string]int, len(body)+4)}
	err := t.unqualify(&u, body, p)
	return u.members, err
}

// unqualifiedValue is Unqualified for a body that is kept as nodes.
func (t *ResourceType) unqualifiedValue(body jsonValue, p Profile) (jsonValue, error) {
	if !p.QualifiedNames {
		return body, nil
	}
	for m := range body.parts() {
		if t.isQualified(m[0].name) {
			o, err := t.Unqualified(body.object(), p)
			return appendNodes(nil, "", o), err
		}
	}
	return body, nil
}

// unqualified collects the members of a body. Names are looked up in an index, so
// that time stays linear.
type unqualified struct {
	members JSONObject
	at      map[string]int
}

func (u *unqualified) put(path []string, value any) error {
	key := ascii.ToLower(path[0])
	i, there := u.at[key]
	if !there {
		i = len(u.members)
		u.at[key] = i
		u.members = append(u.members, JSONMember{Name: path[0]})
	}
	one := u.members[i : i+1 : i+1]
	if !there {
		one = one[:0]
	}
	return one.put(path, value)
}

// qualifies reports whether any name of a body is qualified.
func (t *ResourceType) qualifies(body JSONObject) bool {
	return slices.ContainsFunc(body, func(m JSONMember) bool { return t.isQualified(m.Name) })
}

// isQualified reports whether a name is not that of a root attribute but has a colon
// or a dot.
func (t *ResourceType) isQualified(name string) bool {
	return strings.ContainsAny(name, ":.") && t.root.Public(name) == nil
}

func (t *ResourceType) unqualify(out *unqualified, body JSONObject, p Profile) error {
	for _, m := range body {
		var err error
		object, isObject := m.Value.(JSONObject)
		switch path := t.qualified(m.Name, p); {
		case path != nil:
			err = out.put(path, m.Value)
		case !ascii.EqualFold(m.Name, t.Schema.ID):
			err = out.put([]string{m.Name}, m.Value)
		case isObject:
			err = t.unqualify(out, object, p)
		case m.Value != nil:
			err = &Error{ErrorInvalidValue, t.Schema.ID, typeWanted[TypeComplex]}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// qualified returns the names of the attributes on the path that a member name
// is, or nil if the name is that of a root attribute or of none.
func (t *ResourceType) qualified(name string, p Profile) []string {
	if t.root.Public(name) != nil {
		return nil
	}
	p.BareExtensionNames = false // in a body such a name is unknown
	path, ok := t.ResolveFor(name, p)
	if !ok {
		return nil
	}
	names := make([]string, len(path))
	for i, a := range path {
		names[i] = a.Name
	}
	return names
}

// put sets a value at a path of names. Objects that are in two places are one.
func (o *JSONObject) put(path []string, value any) error {
	for i := range *o {
		m := &(*o)[i]
		if !ascii.EqualFold(m.Name, path[0]) {
			continue
		}
		have, isObject := m.Value.(JSONObject)
		more, both := value.(JSONObject)
		switch {
		case len(path) > 1 && isObject:
			have = append(JSONObject(nil), have...)
			err := have.put(path[1:], value)
			m.Value = have
			return err
		case len(path) == 1 && isObject && both:
			have = append(JSONObject(nil), have...)
			err := have.putAll(more)
			m.Value = have
			return err
		case len(path) == 1 && reflect.DeepEqual(m.Value, value):
			return nil
		}
		return &Error{ErrorInvalidSyntax, m.Name, "the attribute is given more than once"}
	}
	if len(path) > 1 {
		var inner JSONObject
		err := inner.put(path[1:], value)
		value = inner
		if err != nil {
			return err
		}
	}
	*o = append(*o, JSONMember{path[0], value})
	return nil
}

func (o *JSONObject) putAll(more JSONObject) error {
	for _, m := range more {
		if err := o.put([]string{m.Name}, m.Value); err != nil {
			return err
		}
	}
	return nil
}
