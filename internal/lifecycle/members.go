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

// existsBatch is how many ids a store is asked about at once.
const existsBatch = 1000

// completeMembers finds the resource type of new members by asking each store
// for their ids (RFC 7643 §4.2). A member nobody has keeps the type the client
// gave, or is refused with Config.RequireMembers, or where the value is nothing
// that every store could keep. "type" is never taken from the client for a
// resource that exists.
func (u *unit) completeMembers(ctx context.Context, members []schema.Member) ([]schema.Member, error) {
	if err := u.hold(ctx, MemberIDs(members)); err != nil {
		return nil, err
	}
	out := make([]schema.Member, len(members))
	for i, m := range members {
		out[i] = schema.Member{Value: m.Value, Type: u.types[m.Value]}
		if out[i].Type != "" {
			continue
		}
		if u.cfg.RequireMembers || !idLike(m.Value) {
			return nil, &schema.Error{Type: schema.ErrorInvalidValue, Path: "members", Detail: fmt.Sprintf("no resource has the id of member %d", i+1)}
		}
		out[i].Type = u.knownType(m.Type)
	}
	return out, nil
}

func MemberIDs(members []schema.Member) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Value
	}
	return ids
}

// hold keeps resources from being deleted until the write is committed, and
// notes which type they have. A write that adds members holds them before it
// locks the group: deleting a user locks the user first and then its groups,
// and the opposite order would be a deadlock.
func (u *unit) hold(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if u.types == nil {
		u.types = make(map[string]string, len(ids))
	}
	var unknown []string
	for _, id := range ids {
		if _, asked := u.types[id]; !asked {
			u.types[id] = ""
			unknown = append(unknown, id)
		}
	}
	for batch := range slices.Chunk(unknown, existsBatch) {
		for _, ep := range u.endpoints {
			found, err := exists(ctx, ep.Store, batch)
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

// maxMember is the most bytes in the id of a member that nobody has: every
// database can have that in an index.
const maxMember = 255

// idLike reports whether a value could be the id of a resource elsewhere.
func idLike(value string) bool {
	return len(value) <= maxMember && !strings.ContainsFunc(value, unicode.IsControl)
}

// knownType returns a type name in the spelling of the type served, or as the
// client sent it.
func (w *Writer) knownType(name string) string {
	for _, ep := range w.endpoints {
		if strings.EqualFold(ep.Type.Name, name) {
			return ep.Type.Name
		}
	}
	return name
}

// exists returns those of the ids that the store has, and holds the resources
// until the transaction ends, so that a resource that is being deleted never
// joins a group. A store that is not a store.Exister is asked for one id at a
// time.
func exists(ctx context.Context, s store.Store, ids []string) ([]string, error) {
	if e, ok := store.As[store.Exister](s); ok {
		return e.Exists(ctx, ids, store.GetOptions{ForUpdate: true})
	}
	var found []string
	for _, id := range ids {
		switch _, err := s.Get(ctx, id, store.GetOptions{ForUpdate: true}); {
		case err == nil:
			found = append(found, id)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}
