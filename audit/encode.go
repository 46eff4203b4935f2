package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/store"
)

// Append adds a record to a trail, in the transaction of the context (see
// store.AuditTrail), for packages and applications that have operations of their own.
// A record without an id in r.Record gets one. The error is that of the trail.
func Append(ctx context.Context, trail store.AuditTrail, r Record) error {
	if r.Record == "" {
		r.Record = rand.Text()
	}
	return trail.Record(ctx, Encode(r))
}

// maxText is the most bytes of a text in a record that is no value.
const maxText = 4096

// Encode returns a record as the trail keeps it. Its payload is the record as JSON.
// Beyond store.MaxPayload the largest values are replaced by "[omitted]".
func Encode(r Record) store.Record {
	for _, text := range []*string{&r.ID, &r.Method, &r.Name, &r.Detail, &r.Reason} {
		*text = cut(*text, maxText)
	}
	payload := marshal(r)
	for _, most := range []int{256 << 10, 64 << 10, 8 << 10, 512, 0} {
		if len(payload) <= store.MaxPayload {
			break
		}
		r.Changes = withoutLarge(r.Changes, most)
		payload = marshal(r)
	}
	return store.Record{
		ID: r.Record, Tenant: r.Tenant, Actor: r.Actor, Connection: r.Connection, Time: r.Time, Operation: string(r.Operation),
		Type: r.Type, ResourceID: r.ID, Outcome: string(r.Outcome), Payload: payload,
	}
}

func marshal(r Record) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // impossible: strings, numbers and a time of this millennium
	}
	return text
}

// withoutLarge returns changes without values of more than most bytes.
func withoutLarge(changes []Change, most int) []Change {
	out := make([]Change, len(changes))
	for i, c := range changes {
		c.Old, c.OldOmitted = small(c.Old, c.OldOmitted, most)
		c.New, c.NewOmitted = small(c.New, c.NewOmitted, most)
		out[i] = c
	}
	return out
}

// small returns a value, or what stands for one of more than most bytes.
func small(value string, omitted, most int) (string, int) {
	if len(value) <= max(most, len(OmittedValue)) {
		return value, omitted
	}
	return OmittedValue, omitted + len(value)
}

// cut returns at most n bytes of a text, which end between characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Decode returns the record that Encode encoded. Of a record that another program
// wrote, with a payload of another form, it returns what the trail has beside the
// payload, and an error.
func Decode(s store.Record) (Record, error) {
	var r Record
	err := json.Unmarshal(s.Payload, &r)
	if err != nil {
		r, err = Record{}, fmt.Errorf("audit: the payload of record %q is none of this package: %w", s.ID, err)
	}
	r.Record, r.Tenant, r.Actor, r.Connection, r.Time = s.ID, s.Tenant, s.Actor, s.Connection, s.Time
	r.Operation, r.Type, r.ID, r.Outcome = Operation(s.Operation), s.Type, s.ResourceID, Outcome(s.Outcome)
	return r, err
}
