package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// page returns the page of the matching resources, which are in order.
func (s *naive) page(all []*schema.Resource, q *store.Query) (store.Page, error) {
	start, err := s.start(all, q)
	if err != nil {
		return store.Page{}, err
	}
	p := store.Page{Total: len(all)}
	rest := all[start:]
	if s.db.has("the total counts from the position") {
		p.Total = len(rest)
	}
	offset, count := q.Offset, q.Count
	if s.db.has("pages overlap") && offset > 0 {
		offset--
	}
	if s.db.has("Count is not a limit") || s.db.has("count 0 is no limit") && count == 0 {
		count = len(rest)
	}
	if s.db.longest > 0 {
		count = min(count, s.db.longest)
	}
	rest = rest[min(offset, len(rest)):]
	p.Resources = rest[:min(count, len(rest))]
	n := len(p.Resources)
	switch {
	case s.db.has("long lists end early") && n >= 1000:
		p.Resources = p.Resources[:1000]
	case s.db.has("bytes end the list") && q.Bytes > 0 && n > 1:
		p.Resources = p.Resources[:1]
	case s.db.has("count 0 has a position") && q.Count == 0:
		p.Next = "number 0"
	case n == 0 || n == len(rest):
	case s.db.has("page edges are lost"):
		p.Next = s.position(rest[n], q, start+offset+n+1)
	case s.db.has("page edges are repeated") && n > 1:
		p.Next = s.position(rest[n-2], q, start+offset+n-1)
	default:
		p.Next = s.position(rest[n-1], q, start+offset+n)
	}
	return p, nil
}

// position is the position after a resource, the n-th in the order.
func (s *naive) position(r *schema.Resource, q *store.Query, n int) string {
	switch {
	case s.db.has("positions are offsets"), s.db.has("sorted positions are offsets") && q.SortBy != nil:
		return fmt.Sprintf("number %d", n)
	case q.SortBy != nil:
		return fmt.Sprintf("key %s %s", r.ID, schema.NewSortKey(q.SortBy, r).Text())
	}
	return fmt.Sprintf("row %d", s.row(r))
}

func (s *naive) row(r *schema.Resource) int {
	return slices.IndexFunc(s.db.rows, func(row row) bool { return row.resource == r })
}

// start returns the index of the first resource after q.After.
func (s *naive) start(all []*schema.Resource, q *store.Query) (int, error) {
	if q.After == "" {
		return 0, nil
	}
	kind, rest, _ := strings.Cut(q.After, " ")
	n, err := strconv.Atoi(rest)
	id, text, found := strings.Cut(rest, " ")
	switch {
	case kind == "number" && err == nil:
		return min(n, len(all)), nil
	case kind == "row" && err == nil && q.SortBy == nil:
		return first(all, func(r *schema.Resource) bool { return s.row(r) > n }), nil
	case kind == "key" && found && q.SortBy != nil:
		key, _ := schema.ParseSortKey(q.SortBy, text)
		return first(all, func(r *schema.Resource) bool {
			c := schema.NewSortKey(q.SortBy, r).Compare(key)
			if q.Descending {
				c = -c
			}
			if c == 0 && !s.db.has("positions are sort keys") {
				c = cmp.Compare(r.ID, id)
			}
			return c > 0
		}), nil
	case s.db.has("any text is a position"):
		return 0, nil
	}
	return 0, store.ErrPosition
}

func first(all []*schema.Resource, after func(*schema.Resource) bool) int {
	if i := slices.IndexFunc(all, after); i >= 0 {
		return i
	}
	return len(all)
}
