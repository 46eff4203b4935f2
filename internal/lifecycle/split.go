package lifecycle

import (
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// entries returns the outbox entries of an event. No payload is larger than
// store.MaxPayload: the members of a large group are divided, in order, among
// several entries, each with an event that has its own ID.
func (u *unit) entries(q store.Queue, e *event.Event) []store.Entry {
	payload := encodeEvent(e)
	if len(payload) <= store.MaxPayload {
		return []store.Entry{u.entry(q, e, payload)}
	}
	var entries []store.Entry
	for i, part := range u.split(withoutLargeAttributes(e)) {
		part.Part = i
		entries = append(entries, u.entry(q, part, encodeEvent(part)))
	}
	return entries
}

// partSize is the room for Event.Part in a payload, in bytes.
const partSize = 32

func (u *unit) split(e *event.Event) []*event.Event {
	if len(encodeEvent(e)) <= store.MaxPayload-partSize {
		return []*event.Event{e}
	}
	first, second := *e, *e
	first.Members, second.Members = halves(e.Members)
	second.ID = u.cfg.NewID()
	return append(u.split(&first), u.split(&second)...)
}

// halves divides a delta into two halves; their union is the delta.
func halves(d *schema.MemberDelta) (first, second *schema.MemberDelta) {
	half := (len(d.Add) + len(d.Remove)) / 2
	added := min(half, len(d.Add))
	removed := half - added
	return &schema.MemberDelta{Add: d.Add[:added], Remove: d.Remove[:removed]},
		&schema.MemberDelta{Add: d.Add[added:], Remove: d.Remove[removed:]}
}

// withoutLargeAttributes returns the event without attributes, which it adds to
// Omitted, until its payload without members is at most half of store.MaxPayload.
// It first omits attributes beyond 64 KiB, then beyond 4 KiB, then all.
func withoutLargeAttributes(e *event.Event) *event.Event {
	header := *e
	header.Members = nil
	for _, most := range []int{64 << 10, 4 << 10, 0} {
		if len(encodeEvent(&header)) <= store.MaxPayload/2 {
			break
		}
		for _, a := range largeAttributes(&header, most) {
			header.Before, header.After = without(header.Before, a), without(header.After, a)
			header.Omitted = append(header.Omitted, a.Name)
		}
	}
	header.Members = e.Members
	return &header
}

// largeAttributes returns the attributes with more than most bytes in Before or
// After.
func largeAttributes(e *event.Event, most int) []*schema.Attribute {
	var large []*schema.Attribute
	for _, r := range []*schema.Resource{e.Before, e.After} {
		if r == nil {
			continue
		}
		for a := range r.Attributes.All() {
			only := (&schema.Object{}).With(a, r.Attributes.Get(a))
			if len(only.AppendJSON(nil)) > most && !slices.Contains(large, a) {
				large = append(large, a)
			}
		}
	}
	return large
}

func without(r *schema.Resource, a *schema.Attribute) *schema.Resource {
	if r == nil {
		return nil
	}
	return r.WithAttributes(r.Attributes.With(a, schema.Value{}))
}
