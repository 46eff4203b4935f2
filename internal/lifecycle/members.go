package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// existsBatch is the number of ids in one call of store.Exister.
const existsBatch = 1000

// completeMembers finds the resource type of new members by looking for their ids
// in each store (RFC 7643 §4.2); the type that the client sent for an existing
// resource is ignored. A member id unknown to every store keeps the type that the
// client sent. It is refused (invalidValue) if RequireMembers is set or if the id
// or the type is too long or has control characters. It is left out if resources
// may exist that the connection does not see: the id may be one of them, or become
// one.
func (u *unit) completeMembers(ctx context.Context, members []schema.Member) ([]schema.Member, error) {
	if err := u.hold(ctx, MemberIDs(members)); err != nil {
		return nil, err
	}
	out := make([]schema.Member, 0, len(members))
	for i, m := range members {
		switch typ := u.types[m.Value]; {
		case typ != "":
			out = append(out, schema.Member{Value: m.Value, Type: typ})
		case u.cfg.RequireMembers || !idLike(m.Value) || !idLike(m.Type):
			return nil, &schema.Error{Type: schema.ErrorInvalidValue, Path: "members", Detail: fmt.Sprintf("no resource has the id of member %d", i+1)}
		case !u.r.Access.Limited():
			out = append(out, schema.Member{Value: m.Value, Type: u.knownType(m.Type)})
		}
	}
	return out, nil
}

// MemberIDs returns the values of members.
func MemberIDs(members []schema.Member) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Value
	}
	return ids
}

// lockWith locks a resource together with the resources that may become its
// members. Every write locks in the same order, or two of them could wait for each
// other: resources of types without members first, since the deletion of a user
// locks the user and then its groups; then groups in the order of their ids, the
// resource itself at its place among them, since groups may become members of each
// other.
func (u *unit) lockWith(ctx context.Context, id string, joining []string) (*schema.Resource, error) {
	var before, after []string
	for _, member := range joining {
		if member < id {
			before = append(before, member)
		} else {
			after = append(after, member)
		}
	}
	if err := u.holdIn(ctx, joining, (*Endpoint).withoutMembers); err != nil {
		return nil, err
	}
	if err := u.holdIn(ctx, before, (*Endpoint).withMembers); err != nil {
		return nil, err
	}
	r, err := u.lock(ctx, id)
	if err != nil {
		return nil, err
	}
	return r, u.holdIn(ctx, after, (*Endpoint).withMembers)
}

// lockGroupsOf locks the groups that a group is a member of, as far as their ids
// come before its own: its deletion changes them.
func (u *unit) lockGroupsOf(ctx context.Context, id string) error {
	if u.ep.Members == nil || u.cfg.Tx == nil {
		return nil
	}
	for _, ep := range u.endpoints {
		if ep.Members == nil {
			continue
		}
		refs, err := ep.Members.GroupsOf(ctx, []string{id})
		if err != nil {
			return err
		}
		var ids []string
		for _, ref := range refs[id] {
			if ref.ID < id {
				ids = append(ids, ref.ID)
			}
		}
		slices.Sort(ids)
		for _, group := range ids {
			if _, err := ep.Store.Get(ctx, group, store.GetOptions{ForUpdate: true}); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func (ep *Endpoint) withMembers() bool    { return ep.Members != nil }
func (ep *Endpoint) withoutMembers() bool { return ep.Members == nil }

// hold locks resources of any type until the transaction ends, so that they are
// not deleted meanwhile, and notes their types.
func (u *unit) hold(ctx context.Context, ids []string) error {
	var unknown []string
	for _, id := range ids {
		if _, asked := u.types[id]; !asked {
			unknown = append(unknown, id)
		}
	}
	if err := u.holdIn(ctx, unknown, (*Endpoint).withoutMembers); err != nil {
		return err
	}
	return u.holdIn(ctx, unknown, (*Endpoint).withMembers)
}

// holdIn is hold for the resources of some endpoints, in the order of their ids.
func (u *unit) holdIn(ctx context.Context, ids []string, among func(*Endpoint) bool) error {
	if len(ids) == 0 {
		return nil
	}
	if u.types == nil {
		u.types = make(map[string]string, len(ids))
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = slices.DeleteFunc(ids, func(id string) bool {
		typ, asked := u.types[id]
		if !asked {
			u.types[id] = ""
		}
		return typ != "" // held already: an id belongs to one type
	})
	for _, ep := range u.endpoints {
		if !among(ep) {
			continue
		}
		for batch := range slices.Chunk(ids, existsBatch) {
			found, err := exists(ctx, ep.Store, batch, store.GetOptions{ForUpdate: true})
			if err == nil && u.r.Access.LimitedIn(ep) {
				found, err = u.r.Access.visibleIn(ctx, ep, found)
			}
			if err != nil {
				return err
			}
			for _, id := range found {
				u.types[id] = ep.Type.Name
			}
		}
	}
	return nil
}

// maxMember is the longest id in bytes of a member that no resource has. Every
// database can index it.
const maxMember = 255

// idLike reports whether a value can be stored as the id of an unknown resource.
func idLike(value string) bool {
	return len(value) <= maxMember && !strings.ContainsFunc(value, unicode.IsControl)
}

// knownType returns the name of a resource type in the spelling of the type
// served, or as the client sent it.
func (w *Writer) knownType(name string) string {
	for _, ep := range w.endpoints {
		if strings.EqualFold(ep.Type.Name, name) {
			return ep.Type.Name
		}
	}
	return name
}

// exists returns those of the ids that the store has. With ForUpdate it holds the
// resources until the transaction ends, so that a resource that is being deleted
// never joins a group. A store that is not a store.Exister is asked for one id at
// a time.
func exists(ctx context.Context, s store.Store, ids []string, o store.GetOptions) ([]string, error) {
	if e, ok := store.As[store.Exister](s); ok {
		return e.Exists(ctx, ids, o)
	}
	var found []string
	for _, id := range ids {
		switch _, err := s.Get(ctx, id, o); {
		case err == nil:
			found = append(found, id)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}
