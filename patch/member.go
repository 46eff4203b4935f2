package patch

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// memberList reads one member or a list of them. Elements that name no resource
// are left out under EmptyMembers.
func (w *run) memberList(a *schema.Attribute, raw any) ([]schema.Member, error) {
	raw = w.profile.FromText(raw)
	if raw == nil || raw == "" && w.profile.EmptyStrings {
		return nil, nil
	}
	elements, many := raw.([]any)
	if !many {
		elements = []any{raw}
	}
	list := make([]schema.Member, 0, len(elements))
	for _, one := range elements {
		if w.profile.EmptyMembers && schema.NamesNothing(one) {
			continue
		}
		m, err := w.member(a, one)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// member reads one member. Only its value and type are taken: $ref and display
// follow from them (N-18, P-45).
func (w *run) member(a *schema.Attribute, raw any) (schema.Member, error) {
	if _, nested := raw.([]any); nested {
		return schema.Member{}, fail(schema.ErrorInvalidValue, "a member must be an object, not an array")
	}
	object, ok, err := w.object(a, raw)
	if err != nil {
		return schema.Member{}, err
	}
	if !ok {
		return schema.Member{}, fail(schema.ErrorInvalidValue, "a member needs a value")
	}
	m, err := w.memberFields(a, object)
	if err == nil && m.Value == "" {
		err = prefixPath(a.Sub("value"), fail(schema.ErrorInvalidValue, "a member needs a value"))
	}
	return m, err
}

// memberFields reads value and type as far as they are given.
func (w *run) memberFields(a *schema.Attribute, object schema.JSONObject) (schema.Member, error) {
	var m schema.Member
	for _, f := range object {
		sub := a.Public(f.Name)
		if sub == nil && !w.profile.UnknownAttributes {
			return m, unknownSub(f.Name)
		}
		if sub == nil || sub.Mutability == schema.ReadOnly {
			continue
		}
		text, ok := w.text(f.Value)
		if !ok && f.Value != nil { // Entra ID sends "$ref": null
			return m, prefixPath(sub, fail(schema.ErrorInvalidValue, "must be a string"))
		}
		switch sub {
		case a.Sub("value"):
			m.Value = text
		case a.Sub("type"):
			m.Type = text
		}
	}
	return m, nil
}

// memberValue returns the member as a value that a filter can look at.
func memberValue(a *schema.Attribute, m schema.Member) schema.Value {
	var b schema.Builder
	set := func(name string, text string, v schema.Value) {
		if sub := a.Sub(name); sub != nil && text != "" {
			b.Set(sub, v)
		}
	}
	set("value", m.Value, schema.String(m.Value))
	set("type", m.Type, schema.String(m.Type))
	set("display", m.Display, schema.String(m.Display))
	set("$ref", m.Ref, schema.Reference(m.Ref))
	return schema.Complex(b.Object())
}

// wanted are the sub-attributes that an operation gives a member; nil fields are
// not mentioned.
type wanted struct {
	value, typ, ref *string
	anything        bool // some sub-attribute is to go or to become something else
}

// wantedMember reads the sub-attributes for the members that an operation selects.
func (w *run) wantedMember(op Op, t target, raw any) (wanted, error) {
	if op == Remove {
		return wanted{anything: true}, nil
	}
	if t.sub != nil {
		return w.wantedSub(t.sub, raw)
	}
	object, ok, err := w.object(t.attr, raw)
	if err != nil {
		return wanted{}, err
	}
	if !ok {
		return wanted{anything: op == Replace}, nil
	}
	m, err := w.memberFields(t.attr, object)
	if err != nil {
		return wanted{}, err
	}
	var want wanted
	if m.Value != "" {
		want.value = &m.Value
	}
	if m.Type != "" {
		want.typ = &m.Type
	}
	return want, nil
}

func (w *run) wantedSub(sub *schema.Attribute, raw any) (wanted, error) {
	raw = w.unwrapped(raw)
	if raw == nil {
		return wanted{anything: true}, nil
	}
	text, ok := raw.(string)
	if !ok {
		return wanted{}, prefixPath(sub, fail(schema.ErrorInvalidValue, "must be a string"))
	}
	switch strings.ToLower(sub.Name) {
	case "value":
		return wanted{value: &text}, nil
	case "type":
		return wanted{typ: &text}, nil
	case "$ref":
		return wanted{ref: &text}, nil
	}
	return wanted{anything: true}, nil
}

// allows reports whether the member already has the wanted sub-attributes. A type
// that is not known may be any; a $ref is the member's if it ends in its id.
func (want wanted) allows(m schema.Member) bool {
	switch {
	case want.anything:
		return false
	case want.value != nil && *want.value != m.Value:
		return false
	case want.typ != nil && m.Type != "" && !strings.EqualFold(*want.typ, m.Type):
		return false
	}
	return want.ref == nil || *want.ref == m.Value || strings.HasSuffix(*want.ref, "/"+m.Value)
}
