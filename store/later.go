package store

import "time"

// Later returns the LastModified of a change made at a time to what was
// modified last at old: at itself, or a microsecond after old where that is
// not later, because the clock is coarse or was put back.
func Later(old, at time.Time) time.Time {
	if at.After(old) {
		return at
	}
	return old.Add(time.Microsecond)
}
