package retention

import (
	"context"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// sight is what the counters of one user say, in seconds since 1970: when a sweep first
// saw the user inactive, and when one saw the user last.
type sight struct{ first, last int64 }

func names(id string) (first, last string) {
	return "retention:first:" + id, "retention:last:" + id
}

// lockName is a counter that the transactions which note a sight add to, so that each
// waits for the one before.
const lockName = "retention:lock"

// seen returns when a user was first seen inactive, without a gap between two sweeps, and
// notes that the user is seen now. A dry run notes nothing.
func (k *Keeper) seen(ctx context.Context, id string, now time.Time, dry bool) (time.Time, error) {
	s, err := k.read(ctx, id, now)
	if err != nil {
		return time.Time{}, err
	}
	begins := k.begins(s, now)
	// The last sight is not noted at each of many sweeps.
	if !dry && (begins || now.Unix()-s.last > int64(k.cfg.Gap/time.Second)/6) {
		err = k.inTx(ctx, func(ctx context.Context) error {
			s, err = k.note(ctx, id, now)
			return err
		})
		return time.Unix(s.first, 0).UTC(), err
	}
	if begins {
		return now, nil
	}
	return time.Unix(s.first, 0).UTC(), nil
}

// begins reports whether the time of a user begins now: no sweep has seen the user
// inactive, or the last one was too long ago, or the clock was put back.
func (k *Keeper) begins(s sight, now time.Time) bool {
	at := now.Unix()
	return s.first <= 0 || s.first > at || s.last > at || at-s.last > int64(k.cfg.Gap/time.Second)
}

// note notes that a user is seen now, in a transaction.
func (k *Keeper) note(ctx context.Context, id string, now time.Time) (sight, error) {
	if _, err := k.cfg.Counters.Count(ctx, store.Count{Name: lockName, Add: 1, At: now}); err != nil {
		return sight{}, err
	}
	s, err := k.read(ctx, id, now) // another process may have noted it
	if err != nil {
		return s, err
	}
	first, last := names(id)
	if k.begins(s, now) {
		if s.first, err = k.set(ctx, first, s.first, now); err != nil {
			return s, err
		}
	}
	s.last, err = k.set(ctx, last, s.last, now)
	return s, err
}

func (k *Keeper) read(ctx context.Context, id string, now time.Time) (s sight, err error) {
	first, last := names(id)
	if s.first, err = k.cfg.Counters.Count(ctx, store.Count{Name: first, At: now}); err != nil {
		return s, err
	}
	s.last, err = k.cfg.Counters.Count(ctx, store.Count{Name: last, At: now})
	return s, err
}

// set makes a counter the time now. It ends long after the user is due, since the user
// may be postponed.
func (k *Keeper) set(ctx context.Context, name string, from int64, now time.Time) (int64, error) {
	return k.cfg.Counters.Count(ctx, store.Count{Name: name, Add: now.Unix() - from, At: now, Expires: now.Add(2*k.cfg.After + 30*day)})
}

func (k *Keeper) inTx(ctx context.Context, fn func(context.Context) error) error {
	if k.host.Tx == nil {
		return fn(ctx)
	}
	return k.host.Tx.InTx(ctx, fn)
}
