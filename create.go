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
	n := &newcomer{decoded: decoded, attributes: attributes, members: members}
	created, err := h.createOrRestore(r, ep, n)
	if err != nil {
		return nil, err
	}
	return h.resource(r, ep, http.StatusCreated, p.Sent(decoded.Mentioned), created)
}

// newcomer is what a POST asks to create.
type newcomer struct {
	decoded    schema.Decoded
	attributes *schema.Object
	members    []schema.Member
}

// insert stores a new resource.
func (h *Handler) insert(r *request, ep *endpoint, n *newcomer) (*schema.Resource, error) {
	now := h.now()
	next := &schema.Resource{Type: ep.Type, ID: h.cfg.NewID(), Created: now, LastModified: now}
	var created *schema.Resource
	err := h.write(r, ep, store.CausePost, func(ctx context.Context, w *write) error {
		members, err := w.completeMembers(ctx, n.members)
		if err != nil {
			return err
		}
		if created, err = ep.Store.Create(ctx, next.WithAttributes(withMembers(ep, n.attributes, members))); err != nil {
			return err
		}
		if err := checkID(created.ID); err != nil {
			return err
		}
		if err := h.setPassword(ctx, created, n.decoded.Secrets); err != nil {
			return err
		}
		joined, err := w.joined(ctx, created.ID, members)
		if err != nil {
			return err
		}
		r.audit.change(written{nil, created, joined, h.kept(n.decoded.Secrets)})
		return w.happened(ctx, nil, created, joined, n.decoded.Secrets)
	})
	return created, err
}

// joined returns who really became a member of a new group. A store may leave
// out whom its member table cannot hold, so it is asked, if anybody wants to
// know.
func (w *write) joined(ctx context.Context, id string, asked []schema.Member) (*schema.MemberDelta, error) {
	delta := &schema.MemberDelta{}
	if len(asked) == 0 || !w.cfg.Hooks.any() && !w.r.audit.on {
		return delta, nil
	}
	for m, err := range w.ep.members.Members(ctx, id) {
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
	if ep.Default == nil {
		return d.Attributes
	}
	o := ep.Default(r.ctx, r.principal, d.Attributes)
	for _, a := range d.Mentioned {
		o = o.With(a, d.Attributes.Get(a))
	}
	return o
}

// now is the time of a change, in microseconds, which every database keeps.
func (h *Handler) now() time.Time { return h.cfg.Now().UTC().Truncate(time.Microsecond) }

// kept returns the secrets that do not vanish.
func (h *Handler) kept(s schema.Secrets) schema.Secrets {
	if h.cfg.SetPassword == nil {
		return schema.Secrets{}
	}
	return s
}

func (h *Handler) setPassword(ctx context.Context, r *schema.Resource, s schema.Secrets) error {
	if h.cfg.SetPassword == nil || s.Len() == 0 {
		return nil
	}
	if err := h.cfg.SetPassword(ctx, r, s); err != nil {
		return &hookError{err}
	}
	return nil
}
