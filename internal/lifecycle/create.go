package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Creation is what a POST asks to create.
type Creation struct {
	Attributes *schema.Object
	Members    []schema.Member
	Secrets    schema.Secrets
}

// Create stores a new resource.
func (w *Writer) Create(ctx context.Context, r *Request, ep *Endpoint, n *Creation) (*schema.Resource, error) {
	now := w.now()
	next := &schema.Resource{Type: ep.Type, ID: w.cfg.NewID(), Created: now, LastModified: now}
	var created *schema.Resource
	err := w.write(ctx, r, ep, store.CausePost, func(ctx context.Context, u *unit) error {
		members, err := u.completeMembers(ctx, n.Members)
		if err != nil {
			return err
		}
		if created, err = ep.Store.Create(ctx, next.WithAttributes(withMembers(ep, n.Attributes, members))); err != nil {
			return err
		}
		if err := checkID(created.ID); err != nil {
			return err
		}
		if err := u.passwordSet(ctx, created, n.Secrets); err != nil {
			return err
		}
		joined, err := u.joined(ctx, created.ID, members)
		if err != nil {
			return err
		}
		u.written = Written{nil, created, joined, u.kept(n.Secrets)}
		return u.happened(ctx, nil, created, joined, n.Secrets)
	})
	return created, err
}

// joined returns who really became a member of a new group. A store may leave
// out whom its member table cannot hold, so it is asked, if anybody wants to
// know.
func (u *unit) joined(ctx context.Context, id string, asked []schema.Member) (*schema.MemberDelta, error) {
	delta := &schema.MemberDelta{}
	if len(asked) == 0 || !u.cfg.Hooks.any() && u.r.Committed == nil {
		return delta, nil
	}
	for m, err := range u.ep.Members.Members(ctx, id) {
		if err != nil {
			return nil, err
		}
		delta.Add = append(delta.Add, m)
	}
	return delta, nil
}

// checkID refuses an id that must not be published: RFC 7643 §3.1 reserves
// bulkId, and the others would not lead back to the resource in a URL.
func checkID(id string) error {
	switch {
	case id == "", id == ".", id == "..", id == ".search":
	case !utf8.ValidString(id), strings.ContainsRune(id, 0), strings.Contains(strings.ToLower(id), "bulkid"):
	default:
		return nil
	}
	return fmt.Errorf("scim: %q cannot be the id of a resource", id)
}
