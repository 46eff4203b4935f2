package storetest

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func (s *naive) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		release, err := s.db.acquire(ctx)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		i := s.find(ctx, id, "Members")
		if i < 0 {
			release()
			if !s.db.has("no group has no members") {
				yield(schema.Member{}, store.ErrNotFound)
			}
			return
		}
		list := slices.Clone(s.db.rows[i].members)
		if s.db.has("members are outside of transactions") && s.db.saved != nil {
			list = s.db.saved[i].members
		}
		if s.db.calls++; s.db.has("members are in any order") && s.db.calls%2 == 0 {
			slices.Reverse(list)
		}
		if s.db.has("a member is yielded twice") && len(list) > 0 {
			list = append(list, list[0])
		}
		if s.db.has("members are locked while drawn") {
			defer release()
		} else {
			release()
		}
		for j := 0; j < len(list); j++ {
			if !yield(list[j], nil) {
				if s.db.has("a broken iteration keeps the lock") {
					s.db.lock <- struct{}{}
				}
				return
			}
			if s.db.has("members are counted while drawn") {
				list = s.db.rows[i].members
			}
		}
	}
}

func (s *naive) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	if c.Before == nil {
		return s.createWith(ctx, c)
	}
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	defer func() { release() }()
	i, err := s.current(ctx, c.ID, c.IfVersion, "PutMembers")
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	old := s.db.rows[i].members
	if s.db.has("members are read before") {
		if release, err = s.db.yieldLock(ctx, release); err != nil {
			return nil, schema.MemberDelta{}, err
		}
	}
	list, did := s.apply(old, c.Members)
	if did.Empty() && c.After.Attributes == c.Before.Attributes && !s.db.has("an empty delta changes the version") {
		return c.Before, did, nil
	}
	if did.Empty() && s.db.has("attributes need a member") {
		return c.Before, did, nil
	}
	stored, err := s.write(ctx, i, c.After)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	s.db.rows[i].members = list
	if s.db.has("the delta is not reduced to its effect") {
		did = *c.Members
	}
	return stored, did, nil
}

// createWith creates a group with its first members.
func (s *naive) createWith(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var joining []schema.Member
	if c.Members != nil {
		joining = c.Members.Add
	}
	stored, joined, err := s.create(ctx, c.After, joining)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	if s.db.has("members are part of the resource") && len(joining) > 0 {
		m := s.t.Members()
		var list []any
		for _, one := range joining {
			list = append(list, attrs{"value": one.Value})
		}
		stored = stored.With(m, value(m, list))
	}
	if s.db.has("initial members are not reported") {
		joined = nil
	}
	return stored, schema.MemberDelta{Add: joined}, nil
}

func (s *naive) apply(old []schema.Member, d *schema.MemberDelta) ([]schema.Member, schema.MemberDelta) {
	var did schema.MemberDelta
	if d == nil {
		return old, did
	}
	stays := map[string]bool{}
	for _, m := range old {
		stays[m.Value] = !d.Replace || s.db.has("replace adds")
	}
	for _, id := range d.Remove {
		if _, ok := stays[id]; ok {
			stays[id] = false
		}
	}
	var list []schema.Member
	for _, m := range d.Add {
		_, present := stays[m.Value]
		stays[m.Value] = true
		if !present || s.db.has("a member is added twice") {
			list, did.Add = append(list, s.member(m)), append(did.Add, m)
		}
	}
	for _, m := range slices.Backward(old) {
		if stays[m.Value] {
			list = append([]schema.Member{m}, list...)
		} else {
			did.Remove = append(did.Remove, m.Value)
		}
	}
	if s.db.has("the delta is kept") && len(old) == 1 {
		list = d.Add
		for i := range list {
			list[i] = s.member(list[i])
		}
	}
	return list, did
}

func (s *naive) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	out := map[string][]store.GroupRef{}
	for _, r := range s.db.rows {
		if r.dead && !s.db.has("deleted groups have members") || r.resource.Type != s.t || !s.sees(ctx, r, "GroupsOf") {
			continue
		}
		for _, m := range r.members {
			if slices.Contains(ids, m.Value) || s.db.has("groups of everybody") {
				out[m.Value] = append(out[m.Value], store.GroupRef{ID: r.resource.ID, Display: s.display(r.resource)})
			}
		}
		if s.db.has("groups of the first only") && len(out) > 0 {
			break
		}
	}
	return out, nil
}

func (s *naive) display(r *schema.Resource) string {
	if s.db.has("groups have no name") {
		return ""
	}
	return r.Get(displayName).Text()
}

func (s *naive) RemoveFromAll(ctx context.Context, c *store.Change) ([]string, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var out []string
	for i, r := range s.db.rows {
		if r.dead || r.resource.Type != s.t || !s.sees(ctx, r, "RemoveFromAll") {
			continue
		}
		list, did := s.apply(r.members, &schema.MemberDelta{Remove: []string{c.ID}})
		if did.Empty() {
			continue
		}
		after := *r.resource
		if !s.db.has("removal is no modification") {
			after.LastModified = c.At
			if old := r.resource.LastModified; !c.At.After(old) && !s.db.has("removal moves LastModified back") {
				after.LastModified = old.Add(time.Microsecond)
			}
		}
		if !s.db.has("removal keeps the version") {
			s.db.rows[i].version++
		}
		s.db.rows[i].resource = s.kept(&after, s.db.rows[i].version)
		s.db.rows[i].members = list
		out = append(out, r.resource.ID)
		if s.db.has("removal from the first only") {
			break
		}
	}
	return out, nil
}
