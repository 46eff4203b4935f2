package lifecycle

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
)

// eventJSON is the form of an event in the outbox. A changed form must still read
// entries that an older version wrote.
type eventJSON struct {
	ID         string        `json:"id"`
	Kind       event.Kind    `json:"kind"`
	Time       time.Time     `json:"time"`
	Tenant     string        `json:"tenant,omitempty"`
	Actor      string        `json:"actor,omitempty"`
	Cause      event.Cause   `json:"cause"`
	Type       string        `json:"type"`
	ResourceID string        `json:"resource"`
	Before     *resourceJSON `json:"before,omitempty"`
	After      *resourceJSON `json:"after,omitempty"`
	Added      []memberJSON  `json:"added,omitempty"`
	Removed    []string      `json:"removed,omitempty"`
	Omitted    []string      `json:"omitted,omitempty"`

	Path        string          `json:"path,omitempty"`        // "" in entries of older versions
	Transaction string          `json:"transaction,omitempty"` // "" in entries of older versions
	Record      string          `json:"record,omitempty"`
	Connection  string          `json:"connection,omitempty"`
	Kinds       []event.Kind    `json:"kinds,omitempty"`
	Attributes  []string        `json:"attributes,omitempty"`
	Part        int             `json:"part,omitempty"`
	Response    json.RawMessage `json:"response,omitempty"`
}

type resourceJSON struct {
	ID           string          `json:"id"`
	Version      string          `json:"version,omitempty"`
	Created      time.Time       `json:"created"`
	LastModified time.Time       `json:"lastModified"`
	Attributes   json.RawMessage `json:"attributes"`
}

type memberJSON struct {
	Value string `json:"value"`
	Type  string `json:"type,omitempty"`
}

func encodeEvent(e *event.Event) []byte {
	j := eventJSON{
		ID: e.ID, Kind: e.Kind, Time: e.Time, Tenant: e.Tenant, Actor: e.Actor, Cause: e.Cause,
		Type: e.Type, ResourceID: e.ResourceID, Before: encodeResource(e.Before), After: encodeResource(e.After), Omitted: e.Omitted,
		Path: e.Path, Transaction: e.Transaction, Record: e.Record, Connection: e.Connection, Kinds: e.Kinds, Attributes: e.Attributes, Part: e.Part, Response: e.Response,
	}
	if e.Members != nil {
		for _, m := range e.Members.Add {
			j.Added = append(j.Added, memberJSON{m.Value, m.Type})
		}
		j.Removed = e.Members.Remove
	}
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // impossible: strings, times and JSON made by AppendJSON
	}
	return text
}

func encodeResource(r *schema.Resource) *resourceJSON {
	if r == nil {
		return nil
	}
	return &resourceJSON{r.ID, r.Version, r.Created, r.LastModified, r.Attributes.AppendJSON(nil)}
}

func (w *Writer) decodeEvent(payload []byte) (*event.Event, error) {
	var j eventJSON
	if err := json.Unmarshal(payload, &j); err != nil {
		return nil, fmt.Errorf("scim: outbox entry: %w", err)
	}
	e := &event.Event{
		ID: j.ID, Kind: j.Kind, Time: j.Time, Tenant: j.Tenant, Actor: j.Actor, Cause: j.Cause,
		Type: j.Type, ResourceID: j.ResourceID, Omitted: j.Omitted,
		Path: j.Path, Transaction: j.Transaction, Record: j.Record, Connection: j.Connection, Kinds: j.Kinds, Attributes: j.Attributes, Part: j.Part, Response: j.Response,
	}
	if e.Kind == event.AsyncResponse {
		return e, nil // it may concern no resource
	}
	ep := w.byType(j.Type)
	if ep == nil {
		return nil, fmt.Errorf("scim: outbox entry: no endpoint for resource type %q", j.Type)
	}
	e.Before, e.After = decodeResource(ep.Type, j.Before), decodeResource(ep.Type, j.After)
	if e.Transaction == "" {
		e.Path, e.Transaction = ep.path(e.ResourceID), e.ID
	}
	if len(j.Added)+len(j.Removed) > 0 {
		e.Members = &schema.MemberDelta{Remove: j.Removed}
		for _, m := range j.Added {
			e.Members.Add = append(e.Members.Add, schema.Member{Value: m.Value, Type: m.Type})
		}
	}
	return e, nil
}

func decodeResource(t *schema.ResourceType, j *resourceJSON) *schema.Resource {
	if j == nil {
		return nil
	}
	// Attributes that the schema no longer has are left out.
	attributes, _ := t.DecodeStored(j.Attributes)
	return &schema.Resource{
		Type: t, ID: j.ID, Version: j.Version, Created: j.Created, LastModified: j.LastModified, Attributes: attributes,
	}
}
