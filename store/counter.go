package store

import (
	"context"
	"time"
)

// Count is one call of [Counters].
type Count struct {
	Name string // any text, compared byte by byte
	Add  int64  // may be negative; 0 reads
	At   time.Time
	// Expires is when a counter ends that this call starts; zero: never. A
	// counter that has started keeps its end.
	Expires time.Time
}

// Counters keeps small counters that several processes share, for limits that
// must hold across them. It is optional. Safe for concurrent use.
type Counters interface {
	// Count adds c.Add to the counter with that name of the tenant in the
	// context and returns the new value. A counter that does not exist, or whose
	// end is not after c.At, starts at 0. With Add 0 nothing is written and
	// nothing is waited for.
	//
	// Count is part of the transaction of the context, and is undone with it;
	// outside a transaction it commits by itself. Of two transactions that add
	// to one counter the second waits for the first, so that no addition is
	// lost and no two calls return the same value. A counter whose end passed a
	// day before c.At may be forgotten.
	Count(ctx context.Context, c Count) (int64, error)
}
