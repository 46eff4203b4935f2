// Package paging walks through the lists of stores, page by page, and seals the
// positions in them that clients get as cursors.
package paging

import (
	"context"
	"errors"
	"iter"

	"github.com/seed5f3efb56/scim/store"
)

// firstPage is the number of resources in the first request to a store, before
// their size is known; mostPage is the largest number in one request.
const (
	firstPage = 100
	mostPage  = 1000
)

// errNoProgress reports that the pages of a store do not reach the end of the list.
var errNoProgress = errors.New("paging: the store returned the position of a page as the position after it")

// Walker reads the resources that a query selects page by page, in the order of the
// store. The number in one request is chosen so that they have Query.Bytes.
type Walker struct {
	store store.Store
	query store.Query
	want  int // resources still to be read; negative: all
	done  bool
}

// NewWalker returns a walker that begins where q does and reads want resources at
// most, all if want is negative. It sets q.Count.
func NewWalker(s store.Store, q store.Query, want int) *Walker {
	q.Count = firstPage
	return &Walker{store: s, query: q, want: want}
}

// Next reads a page. A page that is shorter than Query.Count, or empty, is not
// the end of the list. A walk ends with the context even if the store does not.
func (w *Walker) Next(ctx context.Context) (store.Page, error) {
	if err := ctx.Err(); err != nil {
		return store.Page{}, err
	}
	q := w.query
	if w.want >= 0 {
		q.Count = min(q.Count, w.want)
	}
	p, err := w.store.List(ctx, &q)
	if err != nil {
		return store.Page{}, err
	}
	if p.Next != "" && p.Next == q.After {
		return store.Page{}, errNoProgress
	}
	if w.want >= 0 {
		w.want -= len(p.Resources)
	}
	w.done = p.Next == "" || w.want == 0
	w.query.After, w.query.Offset, w.query.Total = p.Next, 0, false
	w.adapt(p)
	return p, nil
}

// adapt sets the number of resources of the next request from the sizes on the last
// page.
func (w *Walker) adapt(p store.Page) {
	weight := 0
	for _, r := range p.Resources {
		weight += r.Attributes.Weight()
	}
	if weight > 0 {
		w.query.Count = min(max(1, w.query.Bytes*len(p.Resources)/weight), mostPage)
	}
}

// Pages yields the pages from the first to the last. An error is yielded once, as
// the last element.
func (w *Walker) Pages(ctx context.Context) iter.Seq2[store.Page, error] {
	return func(yield func(store.Page, error) bool) {
		for !w.done {
			p, err := w.Next(ctx)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}
