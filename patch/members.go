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
	if w.members == nil {
		w.members = &memberSet{}
	}
	switch {
	case t.filter == nil && t.sub != nil:
		return within(t.sub, fail(schema.ErrorMutability, "members can be added and removed, not changed"))
	case op == Remove:
		return w.removeMembers(t, raw)
	case t.filter != nil:
		return w.touchMembers(op, t, raw)
	}
	return w.addMembers(op, t.attr, raw)
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
		listed, err := w.removesListed(t)
		if err != nil {
			return err
		}
		if listed {
			return w.removeListedMembers(t.attr, raw)
		}
	}
	switch {
	case t.whole():
		w.members.clear()
		return nil
	case t.sub != nil:
		return w.touchMembers(Remove, t, nil)
	}
	if ids, ok := valueIDs(t.attr, t.filter.Filter); ok {
		for _, id := range ids {
			w.members.remove(id)
		}
		return nil
	}
	found, err := w.matching(t)
	for _, m := range found {
		w.members.remove(m.Value)
	}
	return err
}

func (w *run) removeListedMembers(a *schema.Attribute, raw any) error {
	list, err := w.memberList(a, unwrapNamed(a, raw))
	if err != nil {
		return err
	}
	for _, m := range list {
		w.members.remove(m.Value)
	}
	return nil
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
