package patch

import "github.com/seed5f3efb56/scim/schema"

// Joining returns the ids of the members that the operations may add, as far as
// the message tells without being applied, so that a store can lock them first.
// A text that is no id may be among them. Safe for concurrent use.
func (p *Patcher) Joining(ops []Operation) []string {
	return p.named(ops, func(op Op) bool { return op != Remove })
}

// Leaving returns the ids in the values of the operations that remove members.
// Safe for concurrent use.
func (p *Patcher) Leaving(ops []Operation) []string {
	return p.named(ops, func(op Op) bool { return op == Remove })
}

// named returns the ids of members in the values of some operations.
func (p *Patcher) named(ops []Operation, among func(Op) bool) []string {
	if p.typ.Members() == nil {
		return nil
	}
	var ids []string
	for _, op := range ops {
		switch {
		case !among(op.Op):
		case op.HasPath:
			ids = p.appendJoining(ids, op.Path, op.Value)
		default:
			ids = p.appendNamed(ids, op.Value)
		}
	}
	return ids
}

// appendNamed adds the ids in the attributes of a resource.
func (p *Patcher) appendNamed(ids []string, raw any) []string {
	object, _ := p.pathlessObject(raw)
	for _, m := range object {
		ids = p.appendJoining(ids, m.Name, m.Value)
	}
	return ids
}

// appendJoining adds the ids in a value for a path, if that path names the
// members.
func (p *Patcher) appendJoining(ids []string, path string, raw any) []string {
	if p.isOwnURI(path) {
		return p.appendNamed(ids, raw)
	}
	found, ok := p.typ.ResolveFor(path, p.profile)
	if !ok {
		return ids
	}
	if t := attrTarget(found); t.attr != p.typ.Members() || t.sub != nil {
		return ids
	}
	return p.appendIDs(ids, raw)
}

// appendIDs adds the ids in a list of members, or in one.
func (p *Patcher) appendIDs(ids []string, raw any) []string {
	raw = p.profile.FromText(raw)
	list, many := raw.([]any)
	if !many {
		list = []any{raw}
	}
	for _, one := range list {
		one = p.profile.FromText(one)
		if object, ok := one.(schema.JSONObject); ok {
			one, _ = object.Get("value")
		}
		switch id := one.(type) { // leniency: a member as the bare id, or a number
		case string:
			ids = append(ids, id)
		case schema.Number:
			ids = append(ids, string(id))
		}
	}
	return ids
}
