package memstore

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is a store of a kind with members.
type groups struct{ *resources }

var _ store.MemberStore = (*groups)(nil)

// memberList is the members of one group.
type memberList struct {
	last   number   // the number given to a member last
	joined postings // the numbers of the members, by the hashes of their keys
	order  roster   // in order of joining
}

func (l memberList) all() iter.Seq[schema.Member] { return l.order.all }

// memberKey is the folded id that filters on members.value compare. Two ids may have
// the same key.
func (k *kind) memberKey(id string) string { return keyOf(k.memberValue, schema.String(id)) }

// find returns the number of a member.
func (l memberList) find(k *kind, id string) (number, bool) {
	var found [4]number
	for _, n := range l.joined.having(found[:0], hashOf(k.memberKey(id)), math.MaxInt) {
		if s, ok := l.order.get(n); ok && s.value == id {
			return n, true
		}
	}
	return 0, false
}

// hasKey reports whether a member has a key.
func (l memberList) hasKey(k *kind, key string) bool {
	var found [4]number
	for _, n := range l.joined.having(found[:0], hashOf(key), math.MaxInt) {
		if s, ok := l.order.get(n); ok && k.memberKey(s.value) == key {
			return true
		}
	}
	return false
}

// groupsWith appends the numbers of the groups with a member, in order.
func (c *collection) groupsWith(to []number, k *kind, id string) []number {
	found := c.memberships.having(to, hashOf(k.memberKey(id)), math.MaxInt)
	found = slices.DeleteFunc(found, func(n number) bool {
		rec, ok := c.records.get(n)
		if ok {
			_, ok = rec.members.find(k, id)
		}
		return !ok
	})
	slices.Sort(found)
	return found
}

// join adds members to group n. It returns the new list and the members that
// were not in the old one. A member without an id is left out.
func (c *collection) join(k *kind, n number, l memberList, members []schema.Member) (memberList, []schema.Member) {
	var added []schema.Member
	for _, m := range members {
		if _, ok := l.find(k, m.Value); ok || m.Value == "" {
			continue
		}
		l.last++
		hash := hashOf(k.memberKey(m.Value))
		l.joined = l.joined.put(posting{hash, l.last})
		l.order = l.order.put(l.last, seat{m.Value, m.Type, m.Display})
		c.memberships = c.memberships.put(posting{hash, n})
		added = append(added, m)
	}
	return l, added
}

// leave takes members out of group n. It returns the new list and the ids that
// were in the old one.
func (c *collection) leave(k *kind, n number, l memberList, ids []string) (memberList, []string) {
	var removed []string
	for _, id := range ids {
		at, ok := l.find(k, id)
		if !ok {
			continue
		}
		hash := hashOf(k.memberKey(id))
		l.joined = l.joined.delete(posting{hash, at})
		l.order = l.order.delete(at)
		if len(l.joined.having(nil, hash, 1)) == 0 { // no other member has the key
			c.memberships = c.memberships.delete(posting{hash, n})
		}
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
	var few [8]number // usually they are few
	for _, n := range c.groupsWith(few[:0], k, id) {
		rec, _ := c.records.get(n)
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
		for _, n := range c.groupsWith(nil, s.kind, change.ID) {
			rec, _ := c.records.get(n)
			after := rec.resource
			after.LastModified = store.Later(after.LastModified, change.At)
			rec = rec.next(&after)
			rec.members, _ = c.leave(s.kind, n, rec.members, []string{change.ID})
			c.records = c.records.put(n, rec)
			ids = append(ids, after.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}
