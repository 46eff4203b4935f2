package memstore

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is a store of a kind with members.
type groups struct{ *resources }

var _ store.MemberStore = (*groups)(nil)

// memberList is the members of one group, in order of joining.
type memberList struct {
	last   number // the number given to a member last
	joined tree[text, number]
	order  tree[number, schema.Member]
}

func (l memberList) all() iter.Seq[schema.Member] {
	return func(yield func(schema.Member) bool) {
		for _, m := range l.order.from(0) {
			if !yield(m) {
				return
			}
		}
	}
}

// membership is an index entry from a member to one of its groups. key is the
// folded id that filters on members.value compare; two ids may have the same key,
// so the entry has the id too.
type membership struct {
	key   string
	group number
	id    string
}

func (a membership) compare(b membership) int {
	return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.group, b.group), strings.Compare(a.id, b.id))
}

func (k *kind) membership(id string, group number) membership {
	return membership{keyOf(k.memberValue, schema.String(id)), group, id}
}

// holding returns the memberships of the members whose id has that key.
func (c *collection) holding(key string) span[membership, none] {
	return c.memberships.between(membership{key: key}, membership{key: key, group: endOfNumbers})
}

// join adds members to group n. It returns the new list and the members that
// were not in the old one.
func (c *collection) join(k *kind, n number, l memberList, members []schema.Member) (memberList, []schema.Member) {
	var added []schema.Member
	for _, m := range members {
		if _, ok := l.joined.get(text(m.Value)); ok {
			continue
		}
		l.last++
		l.joined = l.joined.put(text(m.Value), l.last)
		l.order = l.order.put(l.last, m)
		c.memberships = c.memberships.put(k.membership(m.Value, n), none{})
		added = append(added, m)
	}
	return l, added
}

// leave takes members out of group n. It returns the new list and the ids that
// were in the old one.
func (c *collection) leave(k *kind, n number, l memberList, ids []string) (memberList, []string) {
	var removed []string
	for _, id := range ids {
		at, ok := l.joined.get(text(id))
		if !ok {
			continue
		}
		l.joined = l.joined.delete(text(id))
		l.order = l.order.delete(at)
		c.memberships = c.memberships.delete(k.membership(id, n))
		removed = append(removed, id)
	}
	return l, removed
}

// apply changes the members of group n by a delta and returns the delta that took
// effect. A member that stays keeps its place in the order.
func (c *collection) apply(k *kind, n number, l memberList, d *schema.MemberDelta) (memberList, schema.MemberDelta) {
	var did schema.MemberDelta
	if d == nil {
		return l, did
	}
	leaving := d.Remove
	if d.Replace {
		leaving = others(l, d.Add)
	}
	l, did.Remove = c.leave(k, n, l, leaving)
	l, did.Add = c.join(k, n, l, d.Add)
	return l, did
}

// others returns the members that are not among keep.
func others(l memberList, keep []schema.Member) []string {
	kept := make(map[string]bool, len(keep))
	for _, m := range keep {
		kept[m.Value] = true
	}
	var out []string
	for m := range l.all() {
		if !kept[m.Value] {
			out = append(out, m.Value)
		}
	}
	return out
}

// Members implements [store.MemberStore]. It yields the members as of its start,
// which is more than the contract requires.
func (s *groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		t, err := s.db.view(ctx)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		_, rec, ok := t.find(s.kind, id)
		if !ok {
			yield(schema.Member{}, store.ErrNotFound)
			return
		}
		for m := range rec.members.all() {
			if err := ctx.Err(); err != nil {
				yield(schema.Member{}, err)
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// PutMembers implements [store.MemberStore].
func (s *groups) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var (
		result *schema.Resource
		did    schema.MemberDelta
	)
	err := s.db.change(ctx, func(t *tenant) (err error) {
		if c.Before == nil {
			result, did, err = s.create(t, c.After, c.Members)
		} else {
			result, did, err = s.update(t, c)
		}
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return result, did, nil
}

// update changes a group and its members.
func (s *groups) update(t *tenant, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	n, old, err := t.current(s.kind, c.ID, c.IfVersion)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	all := t.writable(s.kind)
	members, did := all.apply(s.kind, n, old.members, c.Members)
	if did.Empty() && c.After.Attributes == c.Before.Attributes {
		return c.Before, did, nil
	}
	now := old.next(c.After)
	now.members = members
	return &now.resource, did, all.replace(s.kind, n, old, now)
}

// GroupsOf implements [store.MemberStore]; the groups are in order of creation.
func (s *groups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	t, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	c := t.collection(s.kind)
	out := make(map[string][]store.GroupRef, len(ids))
	for _, id := range ids {
		if _, twice := out[id]; twice {
			continue
		}
		if refs := c.groupsOf(s.kind, id); refs != nil {
			out[id] = refs
		}
	}
	return out, nil
}

func (c *collection) groupsOf(k *kind, id string) []store.GroupRef {
	var out []store.GroupRef
	key := k.membership(id, 0).key
	// Usually there are few: the end is seen when it is passed, and not looked up.
	for m := range c.memberships.from(c.memberships.rank(membership{key: key})) {
		if m.key != key {
			break
		}
		if m.id != id {
			continue
		}
		rec, _ := c.records.get(m.group)
		out = append(out, store.GroupRef{ID: rec.resource.ID, Display: k.displayName(&rec.resource)})
	}
	return out
}

func (k *kind) displayName(r *schema.Resource) string {
	return r.Attributes.Get(k.Root().Sub("displayName")).Text()
}

// RemoveFromAll implements [store.MemberStore].
func (s *groups) RemoveFromAll(ctx context.Context, change *store.Change) ([]string, error) {
	var ids []string
	err := s.db.change(ctx, func(t *tenant) error {
		c := t.writable(s.kind)
		for m := range c.holding(s.kind.membership(change.ID, 0).key).keys() {
			if m.id != change.ID {
				continue
			}
			rec, _ := c.records.get(m.group)
			after := rec.resource
			after.LastModified = store.Later(after.LastModified, change.At)
			rec = rec.next(&after)
			rec.members, _ = c.leave(s.kind, m.group, rec.members, []string{change.ID})
			c.records = c.records.put(m.group, rec)
			ids = append(ids, after.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}
