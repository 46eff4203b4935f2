package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// changed returns the event that stands for all events of one change, which are
// not empty and complete.
func (u *unit) changed(ep *Endpoint, events []*event.Event, secrets schema.Secrets) *event.Event {
	e := *events[0]
	e.ID, e.Kind, e.Members = u.cfg.NewID(), event.Changed, nil
	for _, one := range events {
		e.Kinds = append(e.Kinds, one.Kind)
		if one.Members != nil {
			e.Members = one.Members
		}
	}
	if u.revives && ep == u.ep {
		e.Before = nil
	}
	e.Attributes = changedPaths(ep.Type, e.Before, e.After)
	if !e.Members.Empty() {
		e.Attributes = append(e.Attributes, ep.Type.Members().Name)
	}
	e.Attributes = slices.AppendSeq(e.Attributes, secrets.Paths())
	if !ep.Versions && e.After != nil {
		after := *e.After
		after.Version = ""
		e.After = &after
	}
	return &e
}

// changedPaths returns the paths of the attributes that differ, none of a deleted
// resource.
func changedPaths(t *schema.ResourceType, before, after *schema.Resource) []string {
	if after == nil {
		return nil
	}
	var b *schema.Object
	if before != nil {
		b = before.Attributes
	}
	return appendPaths(nil, nil, t.Attributes(), b, after.Attributes)
}

// appendPaths appends the paths of the attributes, below the path parent, that
// differ. A complex attribute that both have is compared by its sub-attributes, an
// extension always.
func appendPaths(paths []string, parent schema.AttrPath, attributes []*schema.Attribute, before, after *schema.Object) []string {
	for _, a := range attributes {
		if a.Hidden || schema.IdenticalAt(a, before, after) {
			continue
		}
		b, v := before.Get(a), after.Get(a)
		path := append(slices.Clone(parent), a)
		single := a.Type == schema.TypeComplex && !a.MultiValued
		if single && (path.Extension() && len(path) == 1 || b.Assigned() && v.Assigned()) {
			paths = appendPaths(paths, path, a.SubAttributes, b.Object(), v.Object())
			continue
		}
		paths = append(paths, path.String())
	}
	return paths
}

// Response is the result of a request that is answered 202.
type Response struct {
	Path string // of the resource or the endpoint, below the base URL
	// Transaction is the name by which the client finds the result. It is unique.
	Transaction string
	Result      []byte // Event.Response
}

// AppendResponses appends the results of a request to the outbox, all or none. The
// request is over, with the revocations of its writes.
func (w *Writer) AppendResponses(ctx context.Context, actor string, results []Response) error {
	var entries []store.Entry
	for _, r := range results {
		e := &event.Event{
			ID: w.cfg.NewID(), Kind: event.AsyncResponse, Time: w.now(), Tenant: store.Tenant(ctx), Actor: actor,
			Path: r.Path, Transaction: r.Transaction, Response: r.Result,
		}
		payload := encodeEvent(e)
		if len(payload) > store.MaxPayload {
			return fmt.Errorf("scim: the result of %s is too large for the outbox", r.Path)
		}
		// The resource is not locked any more: the entry has a line of its own.
		entries = append(entries, store.Entry{
			ID: w.cfg.NewID(), Queue: store.QueueEvent, Tenant: e.Tenant, Type: string(e.Kind), ResourceID: r.Transaction,
			Payload: payload, Created: e.Time, Due: e.Time,
		})
	}
	if err := w.cfg.Outbox.Append(ctx, entries); err != nil {
		return err
	}
	w.wakeWorker()
	return nil
}
