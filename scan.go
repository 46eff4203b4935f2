package scim

import (
	"context"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// scanPage is how many resources a scan reads at once.
const scanPage = 500

// scan reads what the store selects by push, in the store's own order, and
// keeps what matches rest. It never reads more than Limits.Scan resources and
// group members together: beyond that the answer is tooMany, never a part of
// the matches (RFC 7644 §3.4.2.1). scanned counts across calls.
func (h *Handler) scan(ctx context.Context, s *selection, push, rest *filter.Filter, scanned *int) ([]*schema.Resource, error) {
	candidates, bounded, err := h.candidates(ctx, s, rest)
	if err != nil {
		return nil, err
	}
	if bounded {
		return h.scanIDs(ctx, s, candidates, scanned)
	}
	var kept []*schema.Resource
	for read, err := range pages(ctx, s.ep.Store, store.Query{Filter: push, Count: scanPage}) {
		if err != nil {
			return nil, err
		}
		if *scanned += len(read.Resources); *scanned > h.cfg.Limits.Scan {
			return nil, tooMany()
		}
		if kept, err = h.keep(ctx, s, kept, read.Resources, rest, scanned); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func tooMany() error {
	return &schema.Error{Type: schema.ErrorTooMany, Detail: "the query has to read too many resources; narrow the filter with an indexed attribute such as userName or externalId"}
}

// keep appends those of the resources that match rest. What the filter reads
// and the store does not hold is derived first.
func (h *Handler) keep(ctx context.Context, s *selection, kept, read []*schema.Resource, rest *filter.Filter, scanned *int) ([]*schema.Resource, error) {
	if rest == nil {
		return append(kept, read...), nil
	}
	full, err := h.derive(ctx, s.ep, rest.Uses, read, scanned)
	if err != nil {
		return nil, err
	}
	for i, r := range full {
		if rest.Match(r) {
			kept = append(kept, read[i])
		}
	}
	return kept, nil
}

// derive returns the resources with those derived attributes that a filter or
// sort order uses.
func (h *Handler) derive(ctx context.Context, ep *endpoint, uses func(*schema.Attribute) bool, read []*schema.Resource, scanned *int) ([]*schema.Resource, error) {
	p := project.All(ep.Type)
	if g := ep.Type.Groups(); g != nil && !uses(g) {
		p = p.Without(g)
	}
	full, err := h.outgoing(ctx, ep, p, read)
	if err != nil {
		return nil, err
	}
	m := ep.Type.Members()
	if m == nil || !uses(m) {
		return full, nil
	}
	for i, r := range full {
		var list []schema.Value
		for v, err := range h.memberValues(ctx, ep, r.ID) {
			if err != nil {
				return nil, err
			}
			if *scanned++; *scanned > h.cfg.Limits.Scan {
				return nil, tooMany()
			}
			list = append(list, v)
		}
		full[i] = r.With(m, schema.List(list...))
	}
	return full, nil
}

// candidates bounds a scan by a condition on derived groups: with groups.value
// eq "g" among the conjuncts only the members of g can match.
func (h *Handler) candidates(ctx context.Context, s *selection, rest *filter.Filter) (ids []string, bounded bool, err error) {
	if rest == nil || s.ep.Type.Groups() == nil {
		return nil, false, nil
	}
	id, ok := groupCondition(rest.Expr(), s.ep.Type.Groups())
	if !ok {
		return nil, false, nil
	}
	for _, ep := range h.endpoints {
		if ep.Members == nil {
			continue
		}
		for m, err := range ep.Members.Members(ctx, id) {
			if isNotFound(err) {
				break
			}
			if err != nil {
				return nil, false, err
			}
			if ids = append(ids, m.Value); len(ids) > h.cfg.Limits.Scan {
				return nil, false, tooMany()
			}
		}
	}
	return ids, true, nil
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

// scanIDs reads the candidates one by one and keeps what matches the whole
// filter.
func (h *Handler) scanIDs(ctx context.Context, s *selection, ids []string, scanned *int) ([]*schema.Resource, error) {
	var read []*schema.Resource
	for _, id := range ids {
		r, err := s.ep.Store.Get(ctx, id, store.GetOptions{})
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if *scanned++; *scanned > h.cfg.Limits.Scan {
			return nil, tooMany()
		}
		read = append(read, r)
	}
	return h.keep(ctx, s, nil, read, s.filter, scanned)
}
