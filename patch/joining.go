package patch

import "github.com/seed5f3efb56/scim/schema"

// Joining returns the ids of the members that the operations may add, as far as
// the message tells without being applied, so that a store can lock them first.
// A text that is no id may be among them. Safe for concurrent use.
func (p *Patcher) Joining(ops []Operation) []string {
	if p.typ.Members() == nil {
		return nil
	}
	var ids []string
	for _, op := range ops {
		switch {
		case op.Op == Remove:
		case op.HasPath:
			ids = p.appendJoining(ids, op.Path, op.Value)
		default:
			object, _ := op.Value.(schema.JSONObject)
			for _, m := range object {
				ids = p.appendJoining(ids, m.Name, m.Value)
			}
		}
	}
	return ids
}

// appendJoining adds the ids in a value for a path, if that path names the
// members.
func (p *Patcher) appendJoining(ids []string, path string, raw any) []string {
	found, ok := p.typ.ResolveFor(path, p.profile)
	if !ok {
		return ids
	}
	if t := attrTarget(found); t.attr != p.typ.Members() || t.sub != nil {
		return ids
	}
	return appendIDs(ids, raw)
}

// appendIDs adds the ids in a list of members, or in one.
func appendIDs(ids []string, raw any) []string {
	list, many := raw.([]any)
	if !many {
		list = []any{raw}
	}
	for _, one := range list {
		switch v := one.(type) {
		case string: // leniency: a member as the bare id
			ids = append(ids, v)
		case schema.JSONObject:
			value, _ := v.Get("value")
			if id, ok := value.(string); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
