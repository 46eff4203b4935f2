package scim

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// create answers POST on a resource type (RFC 7644 §3.3).
func (h *Handler) create(r *request, ep *endpoint) (*response, error) {
	p, err := r.projection(ep)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(r, OperationCreate, ep, ""); err != nil {
		return nil, err
	}
	body, err := h.body(r)
	if err != nil {
		return nil, err
	}
	decoded, err := ep.Type.Decode(body, r.dialect(ep).profile)
	if err != nil {
		return nil, err
	}
	attributes, members, err := takeMembers(ep, h.defaults(r, ep, decoded))
	if err != nil {
		return nil, err
	}
	attributes = ep.dropRefs(attributes)
	if err := ep.Type.Validate(attributes); err != nil {
		return nil, err
	}
	n := &newcomer{attributes: attributes, members: members, secrets: decoded.Secrets}
	created, err := h.createOrRestore(r, ep, n)
	if err != nil {
		return nil, err
	}
	return h.resource(r, ep, http.StatusCreated, p.Sent(decoded.Mentioned), created)
}

// newcomer is what a POST asks to create.
type newcomer struct {
	attributes *schema.Object
	members    []schema.Member
	secrets    schema.Secrets
}

// insert stores a new resource.
func (w *writePath) insert(ctx context.Context, r *writeRequest, ep *writeEndpoint, n *newcomer) (*schema.Resource, error) {
	now := w.now()
	next := &schema.Resource{Type: ep.Type, ID: w.newID(), Created: now, LastModified: now}
	var created *schema.Resource
	err := w.write(ctx, r, ep, store.CausePost, func(ctx context.Context, u *unit) error {
		members, err := u.completeMembers(ctx, n.members)
		if err != nil {
			return err
		}
		if created, err = ep.Store.Create(ctx, next.WithAttributes(withMembers(ep, n.attributes, members))); err != nil {
			return err
		}
		if err := checkID(created.ID); err != nil {
			return err
		}
		if err := u.passwordSet(ctx, created, n.secrets); err != nil {
			return err
		}
		joined, err := u.joined(ctx, created.ID, members)
		if err != nil {
			return err
		}
		u.written = written{nil, created, joined, u.kept(n.secrets)}
		return u.happened(ctx, nil, created, joined, n.secrets)
	})
	return created, err
}

// joined returns who really became a member of a new group. A store may leave
// out whom its member table cannot hold, so it is asked, if anybody wants to
// know.
func (u *unit) joined(ctx context.Context, id string, asked []schema.Member) (*schema.MemberDelta, error) {
	delta := &schema.MemberDelta{}
	if len(asked) == 0 || !u.hooks.any() && u.r.committed == nil {
		return delta, nil
	}
	for m, err := range u.ep.members.Members(ctx, id) {
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

// defaults lets the embedder complete a new resource. What the client
// mentioned, also as null, stays as the client wants it (RFC 7644 §3.3).
func (h *Handler) defaults(r *request, ep *endpoint, d schema.Decoded) *schema.Object {
	if ep.initial == nil {
		return d.Attributes
	}
	o := ep.initial(r.ctx, r.principal, d.Attributes)
	for _, a := range d.Mentioned {
		o = o.With(a, d.Attributes.Get(a))
	}
	return o
}

// now is the time of a change, in microseconds, which every database keeps.
func (w *writePath) now() time.Time { return w.clock().UTC().Truncate(time.Microsecond) }

// kept returns the secrets that do not vanish.
func (w *writePath) kept(s schema.Secrets) schema.Secrets {
	if w.setPassword == nil {
		return schema.Secrets{}
	}
	return s
}

func (w *writePath) passwordSet(ctx context.Context, r *schema.Resource, s schema.Secrets) error {
	if w.setPassword == nil || s.Len() == 0 {
		return nil
	}
	if err := w.setPassword(ctx, r, s); err != nil {
		return &hookError{err}
	}
	return nil
}
