// Package nesting finds the groups above a group: those that have it as a member,
// those that have these as members, and so on.
package nesting

import (
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// GroupsOf returns the groups that have one of the ids as a direct member, as
// store.MemberStore.GroupsOf does.
type GroupsOf func(ctx context.Context, ids []string) (map[string][]store.GroupRef, error)

// Ancestry has the groups above the direct groups of some resources. nil has none.
type Ancestry struct {
	levels int
	above  map[string][]store.GroupRef // by the id of a group
}

// batch is the number of ids in one call of GroupsOf.
const batch = 1000

// stepCost is the cost of looking at one group above another.
const stepCost = 100

// Find looks up the groups above the direct groups, at most levels upwards. Each
// group is asked for once, so that a cycle ends. With more than most groups the
// error is tooMany.
func Find(ctx context.Context, direct map[string][]store.GroupRef, levels, most int, groupsOf GroupsOf) (*Ancestry, error) {
	if levels == 0 {
		return nil, nil
	}
	a := &Ancestry{levels: levels, above: map[string][]store.GroupRef{}}
	asked := map[string]bool{}
	level := unasked(asked, direct)
	for range levels {
		if len(asked) > most {
			return nil, &schema.Error{Type: schema.ErrorTooMany, Detail: "the groups are members of too many groups"}
		}
		found := map[string][]store.GroupRef{}
		for ids := range slices.Chunk(level, batch) {
			some, err := groupsOf(ctx, ids)
			if err != nil {
				return nil, err
			}
			for id, refs := range some {
				a.above[id], found[id] = refs, refs
			}
		}
		if level = unasked(asked, found); len(level) == 0 {
			break
		}
	}
	return a, nil
}

// unasked returns the ids of the groups that were not asked for, in order, and notes
// them.
func unasked(asked map[string]bool, groups map[string][]store.GroupRef) []string {
	var ids []string
	for _, refs := range groups {
		for _, g := range refs {
			if !asked[g.ID] {
				asked[g.ID] = true
				ids = append(ids, g.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// Of returns the groups above the direct groups of a resource, the nearest first,
// each once, and none of the direct ones. The error is that of the budget in ctx.
func (a *Ancestry) Of(ctx context.Context, direct []store.GroupRef) ([]store.GroupRef, error) {
	if a == nil {
		return nil, nil
	}
	seen := make(map[string]bool, len(direct))
	for _, g := range direct {
		seen[g.ID] = true
	}
	budget := filter.BudgetFrom(ctx)
	var out []store.GroupRef
	for level, n := direct, a.levels; n > 0 && len(level) > 0; n-- {
		before := len(out)
		for _, g := range level {
			if err := budget.Spend(stepCost * len(a.above[g.ID])); err != nil {
				return nil, err
			}
			for _, up := range a.above[g.ID] {
				if !seen[up.ID] {
					seen[up.ID] = true
					out = append(out, up)
				}
			}
		}
		level = out[before:]
	}
	return out, nil
}
