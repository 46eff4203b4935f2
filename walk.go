package scim

import (
	"context"
	"errors"
	"iter"

	"github.com/seed5f3efb56/scim/store"
)

// errNoProgress: a store whose pages do not lead to the end of the list.
var errNoProgress = errors.New("scim: the store returned the position of a page as the position after it")

// pages yields the pages that a query selects, in the store's order, from the
// first to the last. A page that is shorter than q.Count, or empty, is not the
// end. An error is yielded once, as the last element.
func pages(ctx context.Context, s store.Store, q store.Query) iter.Seq2[store.Page, error] {
	return func(yield func(store.Page, error) bool) {
		for {
			p, err := nextPage(ctx, s, q)
			if !yield(p, err) || err != nil || p.Next == "" {
				return
			}
			q.After, q.Offset, q.Total = p.Next, 0, false
		}
	}
}

// fullPage returns a page with q.Count resources, or as many as there are,
// however short the pages of the store are.
func fullPage(ctx context.Context, s store.Store, q store.Query) (store.Page, error) {
	var full store.Page
	for {
		p, err := nextPage(ctx, s, q)
		if err != nil {
			return store.Page{}, err
		}
		if q.Total {
			full.Total = p.Total
		}
		full.Resources = append(full.Resources, p.Resources...)
		full.Next = p.Next
		if q.Count -= len(p.Resources); q.Count <= 0 || p.Next == "" {
			return full, nil
		}
		q.After, q.Offset, q.Total = p.Next, 0, false
	}
}

// nextPage asks the store for one page. A walk ends with the context, also if
// the store does not look at it.
func nextPage(ctx context.Context, s store.Store, q store.Query) (store.Page, error) {
	if err := ctx.Err(); err != nil {
		return store.Page{}, err
	}
	p, err := s.List(ctx, &q)
	if err == nil && p.Next != "" && p.Next == q.After {
		err = errNoProgress
	}
	return p, err
}
