package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Creation is the content of a POST.
type Creation struct {
	Attributes *schema.Object
	Members    []schema.Member
	Secrets    schema.Secrets
	// Bind, if set, is called in the transaction with the resource as stored.
	Bind func(ctx context.Context, created *schema.Resource) error
}

// bind calls Bind.
func (n *Creation) bind(ctx context.Context, created *schema.Resource) error {
	if n.Bind == nil {
		return nil
	}
	if err := n.Bind(ctx, created); err != nil {
		return &HookError{fmt.Errorf("bind: %w", err)}
	}
	return nil
}

// Create stores a new resource and raises its events.
func (w *Writer) Create(ctx context.Context, r *Request, ep *Endpoint, n *Creation) (*schema.Resource, error) {
	now := w.now()
	next := &schema.Resource{Type: ep.Type, ID: w.cfg.NewID(), Created: now, LastModified: now, Attributes: r.owned(ep, n.Attributes)}
	var created *schema.Resource
	create := func(ctx context.Context, u *unit) (err error) {
		if err := u.brakeEarly(ctx, nil, next); err != nil {
			return err
		}
		var joined schema.MemberDelta
		if created, joined, err = u.create(ctx, next, n.Members); err != nil {
			return err
		}
		if err := checkID(created.ID); err != nil {
			return err
		}
		if !r.Access.Sees(ep, created) {
			return fmt.Errorf("scim: the store of %s does not keep the owner of a resource", ep.Type.Name)
		}
		if err := u.storeSecrets(ctx, created, n.Secrets); err != nil {
			return err
		}
		if err := n.bind(ctx, created); err != nil {
			return err
		}
		u.written = Written{After: created, Members: &joined, Secrets: u.kept(n.Secrets)}
		return u.raiseChange(ctx, nil, created, &joined, n.Secrets)
	}
	if n.Bind == nil {
		if done, err := w.tryAlone(ctx, r, ep, event.ByPost, create); done {
			return created, err
		}
	}
	err := w.write(ctx, r, ep, event.ByPost, create)
	return created, err
}

// owned returns the attributes of a resource that the connection of the request
// provisions.
func (r *Request) owned(ep *Endpoint, attributes *schema.Object) *schema.Object {
	if !ep.Type.Owned {
		return attributes
	}
	return attributes.WithOwner(r.Access.connection())
}

// create stores a new resource with its first members. It returns the
// resource and the members that the store accepted.
func (u *unit) create(ctx context.Context, next *schema.Resource, members []schema.Member) (*schema.Resource, schema.MemberDelta, error) {
	c := &store.Change{ID: next.ID, After: next, At: next.LastModified, Cause: u.cause}
	if len(members) == 0 {
		created, err := u.ep.Store.Create(ctx, c)
		return created, schema.MemberDelta{}, err
	}
	complete, err := u.completeMembers(ctx, members)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	c.Members = &schema.MemberDelta{Add: complete}
	return u.ep.Members.PutMembers(ctx, c)
}

// checkID rejects an id of a store that must not be published: RFC 7643 §3.1
// reserves bulkId, and a URL with one of the others does not lead to the resource.
func checkID(id string) error {
	switch {
	case id == "", id == ".", id == "..", id == ".search":
	case !utf8.ValidString(id), strings.ContainsRune(id, 0), strings.Contains(strings.ToLower(id), "bulkid"):
	default:
		return nil
	}
	return fmt.Errorf("scim: %q cannot be the id of a resource", id)
}
