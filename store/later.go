package store

import "time"

// Later returns the new LastModified of a resource that has LastModified old and
// is changed at a time: at, or a microsecond more than old if at is not later
// than old, as when the clock is coarse or was put back.
func Later(old, at time.Time) time.Time {
	if at.After(old) {
		return at
	}
	return old.Add(time.Microsecond)
}
