package patch

import (
	"fmt"
	"iter"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// defaultMaxMembers is the default of [Patcher.MaxMembers].
const defaultMaxMembers = 20_000

const (
	memberCost = 100  // the least cost of one comparison with a member
	readCost   = 2000 // of one member that is read from a store
)

// known are the members as they were before the request, read once, when the
// first operation has to look at them.
type known struct {
	members []schema.Member
	values  []schema.Value // the same, as a filter sees them
	ids     map[string]struct{}
}

func (k *known) has(id string) bool {
	_, ok := k.ids[id]
	return ok
}

// matching returns the members that the target's filter selects, as the
// operations so far have left them.
func (w *run) matching(t target) ([]schema.Member, error) {
	if err := w.know(t.attr); err != nil {
		return nil, err
	}
	if err := w.completeAdded(); err != nil {
		return nil, err
	}
	var found []schema.Member
	some, named := false, false
	for m, v := range w.current(t.attr) {
		ok, err := t.filter.MatchesWithin(v, w.budget)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, m)
		}
		some, named = true, named || m.Display != ""
	}
	if err := w.budget.Spend(0); err != nil {
		return nil, err
	}
	if some && !named && w.usesDisplay(t) {
		return nil, fail(schema.ErrorInvalidFilter, "members cannot be selected by display, which the service provider does not store")
	}
	return found, nil
}

// completeAdded gives the members that operations have added since it was called
// last the type and URI by which a filter may select them.
func (w *run) completeAdded() error {
	list := &w.members.added
	if w.complete == nil || list.complete == len(list.members) {
		return nil
	}
	var added []schema.Member
	for _, m := range list.members[list.complete:] {
		if m.Value != "" {
			added = append(added, m)
		}
	}
	done, err := w.complete(added)
	if err != nil {
		w.sourceErr = err
		return err
	}
	for _, m := range done {
		list.members[list.at[m.Value]] = m
	}
	list.complete = len(list.members)
	return nil
}

// usesDisplay reports whether the target's filter compares a member's display.
// Where no member has one, as with most stores, no member would be found, and a
// removal must not be reported as done.
func (w *run) usesDisplay(t target) bool {
	display := t.attr.Sub("display")
	return display != nil && filter.New(t.filter.Filter).Uses(display)
}

// current yields the members as the operations so far have left them. A member
// from before the request is as the store has it.
func (w *run) current(a *schema.Attribute) iter.Seq2[schema.Member, schema.Value] {
	return func(yield func(schema.Member, schema.Value) bool) {
		if !w.members.replace {
			for i, m := range w.known.members {
				if !w.members.removed.has(m.Value) && !yield(m, w.known.values[i]) {
					return
				}
			}
		}
		for m := range w.members.added.all() {
			if !w.members.replace && w.known.has(m.Value) {
				continue
			}
			if w.budget.Spend(3*memberCost) != nil || !yield(m, memberValue(a, m)) {
				return
			}
		}
	}
}

// know reads the members, unless that has been done or none of them is left.
// It stops as soon as there are more than the operations to come can look at.
func (w *run) know(a *schema.Attribute) error {
	if w.members.replace || w.source == nil || w.known.ids != nil {
		return nil
	}
	most := w.most()
	ahead := w.comparisonsAhead()
	w.known.ids = map[string]struct{}{}
	for m, err := range w.source() {
		if err != nil {
			w.sourceErr = err
			return err
		}
		if err := w.budget.Spend(readCost); err != nil {
			return err
		}
		n := len(w.known.members) + 1
		if n > most {
			return fail(schema.ErrorTooMany, fmt.Sprintf("the group has more than %d members; they can only be removed by value, not selected by another attribute", most))
		}
		if n*ahead*memberCost > w.budget.Left() {
			return w.budget.Spend(n * ahead * memberCost)
		}
		w.known.ids[m.Value] = struct{}{}
		w.known.members = append(w.known.members, m)
		w.known.values = append(w.known.values, memberValue(a, m))
	}
	return nil
}

func (w *run) most() int {
	if w.MaxMembers > 0 {
		return w.MaxMembers
	}
	return defaultMaxMembers
}

// comparisonsAhead returns how many comparisons the operations from this one
// on make with every member, as far as their paths say. What compiling those
// costs is not yet charged.
func (w *run) comparisonsAhead() int {
	budget := w.budget.Copy()
	n := 0
	for _, op := range w.ahead {
		if !op.HasPath {
			continue
		}
		p, err := w.resolver.Path(op.Path, budget)
		if err != nil {
			continue
		}
		if t, err := pathTarget(p); err == nil && t.attr == w.typ.Members() && t.looks(op.Op) {
			n += comparisons(t.filter.Filter)
		}
	}
	return n
}

// looks reports whether an operation on the members needs to know them: not if
// it names those to remove by their value.
func (t target) looks(op Op) bool {
	if t.filter == nil {
		return false
	}
	_, named := valueIDs(t.attr, t.filter.Filter)
	return op != Remove || t.sub != nil || !named
}

// comparisons returns how many comparisons an expression has.
func comparisons(e filter.Expr) int {
	switch e := e.(type) {
	case filter.And:
		return comparisons(e.Left) + comparisons(e.Right)
	case filter.Or:
		return comparisons(e.Left) + comparisons(e.Right)
	case filter.Not:
		return comparisons(e.Expr)
	}
	return 1
}
