package patch

import "github.com/seed5f3efb56/scim/schema"

// maxWork bounds how much of a resource the operations of one request may go
// through, in bytes, about a second's worth: a thousand operations on a list of
// two thousand e-mail addresses pass.
const maxWork = 256 << 20

// spend accounts for an operation on a value.
func (w *run) spend(v schema.Value) error {
	if w.work += weight(v); w.work > maxWork {
		return fail(schema.ErrorTooMany, "the operations change too many values; split the request")
	}
	return nil
}

func weight(v schema.Value) int {
	n := 0
	for _, one := range v.All() {
		n += 32 + len(one.Text())
		for _, sub := range one.Object().All() {
			n += weight(sub)
		}
	}
	return n
}
