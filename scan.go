package scim

import (
	"context"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// scanCost is what reading one byte of a resource costs, by its weight.
const scanCost = 3

// scan reads the resources that the store selects by push, in the order of the
// store, and adds those that match rest. If the scans of m together would read more
// than Limits.Scan resources and group members, the error is tooMany
// (RFC 7644 §3.4.2.1); a part of the matches is never returned.
func (m *scanResult) scan(ctx context.Context, s *selection, push, rest *filter.Filter) error {
	candidates, bounded, err := m.h.candidates(ctx, s, rest)
	if err != nil {
		return err
	}
	if bounded {
		return m.scanIDs(ctx, s, candidates)
	}
	for read, err := range m.h.walker(s.ep.Store, store.Query{Filter: push}, -1).Pages(ctx) {
		if err != nil {
			return err
		}
		if err := m.take(ctx, s, read.Resources, rest); err != nil {
			return err
		}
	}
	return nil
}

func tooMany() error {
	return &schema.Error{Type: schema.ErrorTooMany, Detail: "the query has to read too many resources; narrow the filter with an indexed attribute such as userName or externalId"}
}

// take adds the resources that match rest.
func (m *scanResult) take(ctx context.Context, s *selection, read []*schema.Resource, rest *filter.Filter) error {
	if err := m.count(len(read)); err != nil {
		return err
	}
	return m.match(ctx, s, read, rest, func(i int, full *schema.Resource) error {
		return m.add(ctx, s, read[i], full)
	})
}

// match calls found for the resources that match rest, with their index.
// Attributes that the filter or the sort order uses and the store does not hold
// are derived first.
func (m *scanResult) match(ctx context.Context, s *selection, read []*schema.Resource, rest *filter.Filter, found func(i int, full *schema.Resource) error) error {
	budget := filter.BudgetFrom(ctx)
	for _, r := range read {
		if err := budget.Spend(scanCost * r.Attributes.Weight()); err != nil {
			return err
		}
	}
	full, err := m.derive(ctx, s.ep, func(a *schema.Attribute) bool {
		return rest != nil && rest.Uses(a) || s.sortBy != nil && s.sortBy.Root() == a
	}, read)
	if err != nil {
		return err
	}
	for i, r := range full {
		ok := true
		if rest != nil {
			if ok, err = rest.MatchWithin(r, budget); err != nil {
				return err
			}
		}
		if !ok {
			continue
		}
		if err := found(i, r); err != nil {
			return err
		}
	}
	return nil
}

// count bounds what the scans read.
func (m *scanResult) count(n int) error {
	if m.scanned += n; m.scanned > m.h.cfg.Limits.Scan {
		return tooMany()
	}
	return nil
}

// derive returns the resources with the derived attributes that a filter or sort
// order uses.
func (m *scanResult) derive(ctx context.Context, ep *endpoint, uses func(*schema.Attribute) bool, read []*schema.Resource) ([]*schema.Resource, error) {
	p := project.All(ep.Type)
	if g := ep.Type.Groups(); g != nil && !uses(g) {
		p = p.Without(g)
	}
	derived, err := m.h.outgoing(ctx, ep, p, read...)
	if err != nil {
		return nil, err
	}
	full := make([]*schema.Resource, len(derived))
	for i := range derived {
		full[i] = &derived[i].Resource
		if groups := derived[i].groups; len(groups) > 0 {
			a := ep.Type.Groups()
			full[i].Attributes = full[i].Attributes.With(a, derived[i].groupsValue(a))
		}
	}
	members := ep.Type.Members()
	if members == nil || !uses(members) {
		return full, nil
	}
	for i, r := range full {
		var list []schema.Value
		for v, err := range m.h.memberValues(ctx, ep, r.ID) {
			if err != nil {
				return nil, err
			}
			if err := m.count(1); err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		full[i] = r.With(members, schema.List(list...))
	}
	return full, nil
}

// candidates bounds a scan by a condition on the derived groups: if groups.value
// eq "g" is one of the conjuncts, only members of g can match, and those of the groups
// within g as far as these are shown (Config.IndirectGroups).
func (h *Handler) candidates(ctx context.Context, s *selection, rest *filter.Filter) (ids []string, bounded bool, err error) {
	id, ok := s.group(rest)
	if !ok {
		return nil, false, nil
	}
	seen := map[string]bool{id: true}
	for groups, n := []string{id}, h.cfg.IndirectGroups; len(groups) > 0 && n >= 0; n-- {
		var within []string
		for _, group := range groups {
			if ids, within, err = h.membersOf(ctx, group, ids, within, seen); err != nil {
				return nil, false, err
			}
		}
		groups = within
	}
	return ids, true, nil
}

// membersOf appends the members of a group that were not seen: all of them to ids,
// those that may have members to groups. They are as many as Limits.Scan at most.
func (h *Handler) membersOf(ctx context.Context, group string, ids, groups []string, seen map[string]bool) (_, _ []string, err error) {
	for _, ep := range h.endpoints {
		if ep.Members == nil {
			continue
		}
		if hidden, err := ep.hides(ctx, group); hidden {
			continue
		} else if err != nil {
			return nil, nil, err
		}
		for m, err := range ep.Members.Members(ctx, group) {
			if isNotFound(err) {
				break
			}
			if err != nil {
				return nil, nil, err
			}
			if seen[m.Value] {
				continue
			}
			seen[m.Value] = true
			if ids = append(ids, m.Value); len(ids) > h.cfg.Limits.Scan {
				return nil, nil, tooMany()
			}
			if t := h.byType(m.Type); t != nil && t.Members != nil {
				groups = append(groups, m.Value)
			}
		}
	}
	return ids, groups, nil
}

// group returns the id of the group that every resource matching rest is a member
// of, if rest says so.
func (s *selection) group(rest *filter.Filter) (id string, ok bool) {
	if rest == nil || s.ep.Type.Groups() == nil {
		return "", false
	}
	return groupCondition(rest.Expr(), s.ep.Type.Groups())
}

// groupCondition finds groups eq, groups.value eq or groups[value eq …] among
// the conjuncts of an expression.
func groupCondition(e filter.Expr, groups *schema.Attribute) (id string, ok bool) {
	switch e := e.(type) {
	case filter.And:
		if id, ok = groupCondition(e.Left, groups); ok {
			return id, true
		}
		return groupCondition(e.Right, groups)
	case filter.ValuePath:
		if e.Path.Root() == groups {
			return groupCondition(e.Expr, groups)
		}
	case filter.Compare:
		if e.Op == filter.EQ && !e.Null && len(e.Path) > 0 && e.Path.Last() == groups.Sub("value") {
			return e.Value.Text(), true
		}
	}
	return "", false
}

// candidateBatch is how many candidates are matched together at most: the groups of
// all of them are looked up at once.
const candidateBatch = 100

// scanIDs reads the candidates and adds those that match the whole filter. It holds
// resources up to Limits.PageBytes at a time, and one more.
func (m *scanResult) scanIDs(ctx context.Context, s *selection, ids []string) error {
	var batch []*schema.Resource
	weight := 0
	for i, id := range ids {
		r, err := s.ep.Store.Get(ctx, id, store.GetOptions{})
		switch {
		case err == nil:
			batch = append(batch, r)
			weight += r.Attributes.Weight()
		case !isNotFound(err):
			return err
		}
		last := i == len(ids)-1
		if len(batch) == 0 || !last && len(batch) < candidateBatch && weight < m.h.cfg.Limits.PageBytes {
			continue
		}
		if err := m.take(ctx, s, batch, s.filter); err != nil {
			return err
		}
		batch, weight = nil, 0
	}
	return nil
}
