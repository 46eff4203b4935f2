// Package paging walks through the lists of stores, page by page, and seals the
// positions in them that clients get as cursors.
package paging

import (
	"context"
	"errors"
	"iter"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// FirstPage is the number of resources in the first request to a store, before
// their size is known; mostPage is the largest number in one request.
const (
	FirstPage = 100
	mostPage  = 1000
)

// ErrNoProgress reports that the pages of a store do not reach the end of the list.
var ErrNoProgress = errors.New("paging: the store returned the position of a page as the position after it")

// Walker reads the resources that a query selects page by page, in the order of the
// store. The number in one request is chosen so that they have Query.Bytes.
type Walker struct {
	store Lister
	query store.Query
	asked store.Query // the argument of List
	want  int         // resources still to be read; negative: all
	done  bool
}

// Lister is the one method of a store.Store that a walk calls.
type Lister interface {
	List(ctx context.Context, q *store.Query) (store.Page, error)
}

// NewWalker returns a walker that begins where q does and reads want resources at
// most, all if want is negative. It sets q.Count.
func NewWalker(s Lister, q store.Query, want int) *Walker {
	q.Count = FirstPage
	return &Walker{store: s, query: q, want: want}
}

// Next reads a page. A page that is shorter than Query.Count, or empty, is not
// the end of the list. A walk ends with the context even if the store does not.
func (w *Walker) Next(ctx context.Context) (store.Page, error) {
	if err := ctx.Err(); err != nil {
		return store.Page{}, err
	}
	w.asked = w.query
	q := &w.asked
	if w.want >= 0 {
		q.Count = min(q.Count, w.want)
	}
	p, err := w.store.List(ctx, q)
	if err != nil {
		return store.Page{}, err
	}
	if p.Next != "" && p.Next == q.After {
		return store.Page{}, ErrNoProgress
	}
	if w.want >= 0 {
		w.want -= len(p.Resources)
	}
	w.done = p.Next == "" || w.want == 0
	if !w.done {
		w.query.After, w.query.Offset, w.query.Total = p.Next, 0, false
		w.query.Count = NextCount(p.Resources, w.query.Bytes, w.query.Count)
	}
	return p, nil
}

// NextCount returns how many resources the next request asks for, so that they have
// about that many bytes: from the sizes of those just read, or the last count if
// none were.
func NextCount(read []*schema.Resource, bytes, last int) int {
	weight := 0
	for _, r := range read {
		weight += r.Attributes.Weight()
	}
	if weight == 0 {
		return last
	}
	return min(max(1, bytes*len(read)/weight), mostPage)
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
