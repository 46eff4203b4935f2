package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Position is where a page of a listing begins.
type Position struct {
	// StartIndex is the place of the first resource, counted from 1 (RFC 7644
	// §3.4.2.4). With a Cursor it only counts.
	StartIndex int
	// Cursor is the nextCursor of the page before (RFC 9865); "" for the first page,
	// and for a service provider that pages by index.
	Cursor string
}

// mostResources bounds a listing that has no end.
const mostResources = 10_000_000

// Pages yields the resources of a listing (RFC 7644 §3.4.2), each as its JSON. fetch
// returns the body of a page; Pages closes it. A page with nextCursor is followed by
// the one with that cursor, any other by the one at the next index, until there are
// totalResults. A page has at most 64 MiB, a listing 10,000,000 resources. An error
// ends the sequence, also that of pages that repeat.
func Pages(ctx context.Context, fetch func(ctx context.Context, at Position) (io.ReadCloser, error)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		at, first := Position{StartIndex: 1}, ""
		for {
			p, err := readPage(ctx, fetch, at)
			if err == nil && len(p.Resources) > 0 {
				if id := idOf(p.Resources[0]); id != "" && id == first {
					err = errors.New("the page begins with the same resource as the one before: startIndex or cursor is ignored there")
				} else {
					first = id
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("the page at %s: %w", at, err))
				return
			}
			for _, text := range p.Resources {
				if !yield(text, nil) {
					return
				}
			}
			at.StartIndex += len(p.Resources)
			switch {
			case p.NextCursor != "" && p.NextCursor == at.Cursor:
				yield(nil, fmt.Errorf("the page at %s: nextCursor is the cursor of the page itself", at))
				return
			case at.StartIndex > mostResources:
				yield(nil, fmt.Errorf("the listing has more than %d resources", mostResources))
				return
			case p.NextCursor != "":
				at.Cursor = p.NextCursor
			case at.Cursor != "", len(p.Resources) == 0, at.StartIndex > *p.TotalResults:
				return
			}
		}
	}
}

func (p Position) String() string {
	if p.Cursor != "" {
		return fmt.Sprintf("resource %d (cursor)", p.StartIndex)
	}
	return fmt.Sprintf("startIndex %d", p.StartIndex)
}

// listPage is a ListResponse.
type listPage struct {
	TotalResults *int
	NextCursor   string
	Resources    []json.RawMessage
}

func readPage(ctx context.Context, fetch func(context.Context, Position) (io.ReadCloser, error), at Position) (listPage, error) {
	if err := ctx.Err(); err != nil {
		return listPage{}, err
	}
	body, err := fetch(ctx, at)
	if err != nil {
		return listPage{}, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxPage+1))
	if err != nil {
		return listPage{}, err
	}
	if len(text) > maxPage {
		return listPage{}, errors.New("the page has more than 64 MiB")
	}
	var list listPage
	if err := json.Unmarshal(text, &list); err != nil {
		return listPage{}, err
	}
	if list.TotalResults == nil && (at.Cursor == "" && list.NextCursor == "") {
		return listPage{}, errors.New("the body is not a list response: totalResults is missing")
	}
	return list, nil
}

func idOf(resource []byte) string {
	var r struct{ ID string }
	_ = json.Unmarshal(resource, &r) // what it is not, the reader of the resource reports
	return r.ID
}
