package patch

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// changeMembers applies an operation to the members, which are not loaded: it
// becomes part of the delta. Sub-attributes of a member are immutable (N-17).
func (w *run) changeMembers(op Op, t target, raw any) error {
	if t.attr.Mutability == schema.Immutable {
		return immutable()
	}
	w.nameMembers()
	switch {
	case op == Remove && t.filter == nil && t.sub != nil && t.sub == valueOf(t.attr) && !namesNoValue(raw):
		t.sub = nil // a member without value is not one
		return w.removeMembers(t, raw)
	case t.filter == nil && t.sub != nil:
		return prefixPath(t.sub, fail(schema.ErrorMutability, "members can be added and removed, not changed"))
	case op == Remove:
		return w.removeMembers(t, raw)
	case t.filter != nil:
		return w.touchMembers(op, t, raw)
	}
	return w.addMembers(op, t.attr, raw)
}

// nameMembers notes that an operation names the members.
func (w *run) nameMembers() {
	if w.members == nil {
		w.members = &memberSet{}
	}
}

func (w *run) addMembers(op Op, a *schema.Attribute, raw any) error {
	if op == Replace {
		if err := w.checkList(raw); err != nil {
			return err
		}
	}
	list, err := w.memberList(a, raw)
	if err != nil {
		return err
	}
	if op == Replace {
		w.members.clear()
	}
	for _, m := range list {
		w.members.add(m)
	}
	return nil
}

func (w *run) removeMembers(t target, raw any) error {
	if raw != nil {
		if err := w.checkRemove(); err != nil {
			return err
		}
	}
	named := !namesNoValue(raw)
	switch {
	case t.whole() && !named:
		w.members.clear()
		return nil
	case t.whole():
		list, err := w.memberList(t.attr, unwrapNamed(t.attr, raw))
		w.removeAll(list, nil)
		return err
	case t.sub != nil:
		return w.touchMembers(Remove, t, nil)
	}
	found, err := w.selectedMembers(t)
	if err != nil || !named {
		w.removeAll(found, nil)
		return err
	}
	list, err := w.memberList(t.attr, unwrapNamed(t.attr, raw))
	w.removeAll(found, list)
	return err
}

// selectedMembers returns the members that a path selects. Members selected by
// their ids are not looked at.
func (w *run) selectedMembers(t target) ([]schema.Member, error) {
	ids, ok := valueIDs(t.attr, t.filter.Filter)
	if !ok {
		return w.matching(t)
	}
	found := make([]schema.Member, len(ids))
	for i, id := range ids {
		found[i].Value = id
	}
	return found, nil
}

// removeAll removes members, with only among those only those in it.
func (w *run) removeAll(members, only []schema.Member) {
	in := make(map[string]bool, len(only))
	for _, m := range only {
		in[m.Value] = true
	}
	for _, m := range members {
		if only == nil || in[m.Value] {
			w.members.remove(m.Value)
		}
	}
}

// valueIDs returns the ids of a filter that only says which ones are meant:
// value eq "x", or several of them joined by or.
func valueIDs(a *schema.Attribute, e filter.Expr) ([]string, bool) {
	switch e := e.(type) {
	case filter.Or:
		left, okLeft := valueIDs(a, e.Left)
		right, okRight := valueIDs(a, e.Right)
		return append(left, right...), okLeft && okRight
	case filter.Compare:
		if e.Op == filter.EQ && !e.Null && len(e.Path) == 1 && e.Path[0] == a.Sub("value") {
			return []string{e.Value.Text()}, true
		}
	}
	return nil, false
}

// touchMembers is an operation on sub-attributes of single members. It can
// only succeed where it changes nothing.
func (w *run) touchMembers(op Op, t target, raw any) error {
	want, err := w.wantedMember(op, t, raw)
	if err != nil {
		return err
	}
	found, err := w.matching(t)
	if err != nil {
		return err
	}
	for _, m := range found {
		if !want.allows(m) {
			return immutable()
		}
	}
	if len(found) == 0 && op != Remove {
		return noMatch()
	}
	return nil
}
