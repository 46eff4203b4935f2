package schema

// Diff is what differs between two states of a resource: the root attributes that have
// other values. The zero value is that of two empty objects. It is found once for all
// that a write checks and does.
type Diff struct {
	before, after *Object
	changes       []change // in schema order; of a new resource they are not listed
}

// change is an attribute that two objects do not have with [Identical] values.
type change struct {
	attr          *Attribute
	before, after Value
}

// NewDiff compares two states of a resource. before is nil for a new resource.
func NewDiff(before, after *Object) Diff {
	d := Diff{before: before, after: after}
	if before != nil {
		eachChange(before, after, func(c change) bool {
			d.changes = append(d.changes, c)
			return true
		})
	}
	return d
}

// Empty reports whether nothing differs.
func (d Diff) Empty() bool {
	if d.before == nil {
		return d.after.Len() == 0
	}
	return len(d.changes) == 0
}

// Change returns the values of a root attribute before and after, and false if they
// do not differ.
func (d Diff) Change(a *Attribute) (before, after Value, differs bool) {
	if d.before == nil {
		after = d.after.Get(a)
		return Value{}, after, after.Assigned()
	}
	for i := range d.changes {
		if c := &d.changes[i]; c.attr == a {
			return c.before, c.after, true
		}
	}
	return Value{}, Value{}, false
}

// check calls f with each change. The path of its error gets the attribute in front.
func (d Diff) check(f func(a *Attribute, before, after Value) error) error {
	if d.before == nil {
		for a, v := range d.after.All() {
			if err := f(a, Value{}, v); err != nil {
				return below(a, err)
			}
		}
		return nil
	}
	for i := range d.changes {
		c := &d.changes[i]
		if err := f(c.attr, c.before, c.after); err != nil {
			return below(c.attr, err)
		}
	}
	return nil
}

// eachChange calls f with the attributes that differ, in schema order, until it
// returns false. Both objects are walked through once, side by side.
func eachChange(before, after *Object, f func(change) bool) {
	if before == after {
		return
	}
	var room [2][24]field // most resources have fewer
	old, now := before.list(room[0][:0]), after.list(room[1][:0])
	var scratch []byte
	for len(old) > 0 || len(now) > 0 {
		var c change
		switch order := compareFirst(old, now); {
		case order < 0:
			c = change{attr: old[0].attr, before: old[0].value.decoded(old[0].attr)}
			old = old[1:]
		case order > 0:
			c = change{attr: now[0].attr, after: now[0].value.decoded(now[0].attr)}
			now = now[1:]
		default:
			var same bool
			c, scratch, same = compareFields(&old[0], &now[0], scratch)
			old, now = old[1:], now[1:]
			if same {
				continue
			}
		}
		if !f(c) {
			return
		}
	}
}

// compareFirst returns which of the first fields comes first: less than 0 for that of x,
// 0 if both are of the same attribute. At most one list is empty.
func compareFirst(x, y []field) int {
	switch {
	case len(x) == 0:
		return 1
	case len(y) == 0:
		return -1
	}
	return compareAttributes(x[0].attr, y[0].attr)
}

// compareFields compares the values of an attribute. Those of which one is text are
// compared as text first: most are the same, and need not be decoded. scratch is memory
// for that.
func compareFields(old, now *field, scratch []byte) (change, []byte, bool) {
	if old.value.sameText(now.value) {
		return change{}, scratch, true
	}
	if old.value.form == encoded || now.value.form == encoded {
		scratch = old.value.AppendJSON(scratch[:0])
		n := len(scratch)
		scratch = now.value.AppendJSON(scratch)
		if string(scratch[:n]) == string(scratch[n:]) {
			return change{}, scratch, true
		}
	}
	c := change{old.attr, old.value.decoded(old.attr), now.value.decoded(now.attr)}
	return c, scratch, Identical(c.before, c.after)
}
