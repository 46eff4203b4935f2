package patch

import (
	"fmt"
	"iter"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// maxPasses bounds how often the operations of one request may make the
// members be read.
const maxPasses = 32

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
	ids, ok := valueIDs(t.attr, t.filter.Filter)
	if !ok {
		var err error
		if ids, err = w.matchingMembers(t); err != nil {
			return err
		}
	}
	for _, id := range ids {
		w.members.remove(id)
	}
	return nil
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
	found := false
	for m, err := range w.current() {
		if err != nil {
			return err
		}
		if !t.filter.Matches(memberValue(t.attr, m)) {
			continue
		}
		found = true
		if !want.allows(m) {
			return immutable()
		}
	}
	if !found && op != Remove {
		return noMatch()
	}
	return nil
}

func (w *run) matchingMembers(t target) ([]string, error) {
	var ids []string
	for m, err := range w.current() {
		if err != nil {
			return nil, err
		}
		if t.filter.Matches(memberValue(t.attr, m)) {
			ids = append(ids, m.Value)
		}
	}
	return ids, nil
}

// current yields the members as the operations so far have left them.
func (w *run) current() iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		if w.passes++; w.passes > maxPasses {
			yield(schema.Member{}, fail(schema.ErrorTooMany, fmt.Sprintf("more than %d operations need the members to be read", maxPasses)))
			return
		}
		kept := map[string]bool{} // of those added, the ones that were members before
		if !w.members.replace && w.source != nil {
			for m, err := range w.source() {
				if err != nil {
					w.sourceErr = err
					yield(schema.Member{}, err)
					return
				}
				if w.members.removed.has(m.Value) {
					continue
				}
				if w.members.added.has(m.Value) {
					kept[m.Value] = true
				}
				if !yield(m, nil) {
					return
				}
			}
		}
		for m := range w.members.added.all() {
			if !kept[m.Value] && !yield(m, nil) {
				return
			}
		}
	}
}
