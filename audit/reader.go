package audit

import (
	"context"
	"iter"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Query selects records of one tenant. A field that is "" or zero selects all.
type Query struct {
	Type       string
	ResourceID string
	Actor      string
	Connection string
	Operation  Operation
	Outcome    Outcome
	From       time.Time // the earliest
	To         time.Time // records before it
	After      string    // the position that the page before returned; "" is the begin
	Count      int       // of records on a page; default 100
}

// DefaultCount is the default of Query.Count.
const DefaultCount = 100

// Reader reads and prunes a trail. Safe for concurrent use. Results belong to the
// caller.
type Reader interface {
	// Records returns records of the tenant in the context, the newest first: by
	// Time, and of the same time those that were recorded later first. A page may be
	// shorter than q.Count, and empty, although more follow: a reader looks through a
	// bounded number of records for one page. next is the position after the page, ""
	// at the end. A record that stays is on exactly one page of a walk. A q.After that
	// is no position of such a query is store.ErrPosition (a client's mistake, 400).
	Records(ctx context.Context, q Query) (page []store.Record, next string, err error)
	// PruneRecords removes up to n records of a time before before, of all tenants,
	// and returns how many it removed, in the transaction of the context or one of its
	// own. Fewer than n means that no more are that old.
	PruneRecords(ctx context.Context, before time.Time, n int) (int, error)
}

// All returns the records of a query, page by page; q.Count is the size of a page. It
// ends with the first error. A record that another program wrote has what the trail
// has beside its payload.
func All(ctx context.Context, r Reader, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			page, next, err := r.Records(ctx, q)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, s := range page {
				rec, _ := Decode(s)
				if !yield(rec, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			q.After = next
		}
	}
}
