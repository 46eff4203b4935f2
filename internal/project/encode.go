package project

import "github.com/seed5f3efb56/scim/schema"

// Append appends the JSON of a resource as the projection returns it. The
// attributes members and groups, if the type has them, are not in the tree: Append
// encodes members and groups when the projection returns them; flush is called with the
// text so far whenever it has grown large, and returns the buffer to go on with. Each of
// them may be nil.
func (p *Projection) Append(dst []byte, r *schema.Resource, members *Members, groups []schema.Member, flush func([]byte) ([]byte, error)) ([]byte, error) {
	if text, done, err := p.splice(dst, r, members, groups, flush); done {
		return text, err
	}
	dst = append(dst, '{')
	first := true
	l := p.root()
	for _, a := range p.t.Attributes() {
		in, named, excluded, sent := l.child(a)
		if !in {
			continue
		}
		sub := level{named, excluded, sent}
		if a == p.t.Members() && members != nil {
			var err error
			if dst, first, err = appendMembers(dst, first, a, sub, members, flush); err != nil {
				return dst, err
			}
			continue
		}
		if a == p.t.Groups() && len(groups) > 0 {
			dst, first = appendGroups(dst, first, a, sub, groups)
			continue
		}
		dst, first = appendRoot(dst, first, a, r, sub)
	}
	return append(dst, '}'), nil
}

// splice appends a resource whose attributes are returned as they are stored, around
// the text that the store has of them; otherwise it appends nothing and returns false.
func (p *Projection) splice(dst []byte, r *schema.Resource, members *Members, groups []schema.Member, flush func([]byte) ([]byte, error)) ([]byte, bool, error) {
	if p.root() != (level{}) || r.ID == "" {
		return dst, false, nil
	}
	start := len(dst)
	dst = r.AppendSchemas(append(dst, `{"schemas":`...))
	dst = schema.AppendJSONString(append(dst, `,"id":`...), r.ID)
	before := len(dst)
	dst, whole := r.Attributes.AppendReturned(append(dst, ','))
	if !whole {
		return dst[:start], false, nil
	}
	if len(dst) == before+1 {
		dst = dst[:before] // no attributes, no comma
	}
	if a := p.t.Groups(); a != nil && p.Includes(a) {
		dst, _ = appendGroups(dst, false, a, level{}, groups)
	}
	if a := p.t.Members(); a != nil && members != nil && p.Includes(a) {
		var err error
		if dst, _, err = appendMembers(dst, false, a, level{}, members, flush); err != nil {
			return dst, true, err
		}
	}
	return append(r.AppendMeta(append(dst, `,"meta":`...)), '}'), true, nil
}

// appendRoot appends a root attribute. schemas and meta, which every response has,
// and what is returned as it is stored, do not become values first.
func appendRoot(dst []byte, first bool, a *schema.Attribute, r *schema.Resource, l level) ([]byte, bool) {
	switch whole := l == (level{}); {
	case whole && a == schema.SchemasAttribute:
		return r.AppendSchemas(appendName(dst, first, a)), false
	case whole && a == schema.MetaAttribute:
		return r.AppendMeta(appendName(dst, first, a)), false
	case whole && a != schema.IDAttribute && a.ReturnedWhole():
		name := len(dst)
		if text, assigned := r.Attributes.AppendValue(appendName(dst, first, a), a); assigned {
			return text, false
		}
		return dst[:name], first
	}
	return appendField(dst, first, a, r.Get(a), l)
}

func appendName(dst []byte, first bool, a *schema.Attribute) []byte {
	if !first {
		dst = append(dst, ',')
	}
	dst = schema.AppendJSONString(dst, a.Name)
	return append(dst, ':')
}

// appendField appends one member of an object, or nothing if the projection
// leaves nothing of the value. It returns whether the next one is the first.
func appendField(dst []byte, first bool, a *schema.Attribute, v schema.Value, l level) ([]byte, bool) {
	if !v.Assigned() {
		return dst, first
	}
	start := len(dst)
	dst = appendName(dst, first, a)
	if a.Type != schema.TypeComplex {
		return v.AppendJSON(dst), false
	}
	var any bool
	if v.IsList() {
		dst, any = appendObjects(dst, v, l)
	} else {
		dst, any = appendObject(dst, v.Object(), l)
	}
	if !any {
		return dst[:start], first
	}
	return dst, false
}

func appendObjects(dst []byte, v schema.Value, l level) ([]byte, bool) {
	dst = append(dst, '[')
	some := false
	for _, one := range v.All() {
		start := len(dst)
		if some {
			dst = append(dst, ',')
		}
		body, any := appendObject(dst, one.Object(), l)
		if !any {
			dst = dst[:start]
			continue
		}
		dst, some = body, true
	}
	return append(dst, ']'), some
}

func appendObject(dst []byte, o *schema.Object, l level) ([]byte, bool) {
	dst = append(dst, '{')
	first := true
	for a, v := range o.All() {
		in, named, excluded, sent := l.child(a)
		if in {
			dst, first = appendField(dst, first, a, v, level{named, excluded, sent})
		}
	}
	return append(dst, '}'), !first
}
