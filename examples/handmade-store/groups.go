package main

import (
	"context"
	"iter"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is a store of a type with members.
type groups struct{ resources }

var _ store.MemberStore = groups{}

func (db *database) groups() groups { return groups{resources{db, schema.GroupType}} }

// Members holds no lock: committed members are never modified.
func (s groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		docs, err := s.db.view(ctx)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		d, ok := docs[s.key(ctx, id)]
		if !ok {
			yield(schema.Member{}, store.ErrNotFound)
			return
		}
		for _, m := range d.members {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// PutMembers creates or changes a group together with its members.
func (s groups) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var stored *schema.Resource
	var did schema.MemberDelta
	err := s.db.write(ctx, func(docs documents) error {
		d := document{resource: &schema.Resource{Version: "0"}}
		if c.Before != nil {
			var err error
			if d, err = s.current(ctx, docs, c.ID, c.IfVersion); err != nil {
				return err
			}
		}
		d.members, did = apply(d.members, c.Members)
		if c.Before != nil && did.Empty() && c.After.Attributes == c.Before.Attributes {
			stored = c.Before
			return nil
		}
		var err error
		stored, err = s.put(ctx, docs, c.After, d)
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return stored, did, nil
}

// apply returns the members after a change and the delta that took effect.
func apply(old []schema.Member, d *schema.MemberDelta) (members []schema.Member, did schema.MemberDelta) {
	if d == nil {
		return old, did
	}
	added := map[string]bool{}
	for _, m := range d.Add {
		added[m.Value] = true
	}
	removed := map[string]bool{}
	for _, id := range d.Remove {
		removed[id] = true
	}
	for _, m := range old {
		if removed[m.Value] || d.Replace && !added[m.Value] {
			did.Remove = append(did.Remove, m.Value)
			continue
		}
		members = append(members, m)
		added[m.Value] = false // is a member already
	}
	for _, m := range d.Add {
		if added[m.Value] {
			members, did.Add = append(members, m), append(did.Add, m)
		}
	}
	return members, did
}

func (s groups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	docs, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	displayName := s.t.MustResolve("displayName").Last()
	out := map[string][]store.GroupRef{}
	for _, group := range s.sorted(ctx, docs, nil) {
		for _, m := range docs[s.key(ctx, group.ID)].members {
			if asked[m.Value] {
				out[m.Value] = append(out[m.Value], store.GroupRef{ID: group.ID, Display: group.Get(displayName).Text()})
			}
		}
	}
	return out, nil
}

func (s groups) RemoveFromAll(ctx context.Context, c *store.Change) ([]string, error) {
	var out []string
	err := s.db.write(ctx, func(docs documents) error {
		out = nil
		for _, group := range s.sorted(ctx, docs, nil) {
			d := docs[s.key(ctx, group.ID)]
			if !slices.ContainsFunc(d.members, func(m schema.Member) bool { return m.Value == c.ID }) {
				continue
			}
			d.members, _ = apply(d.members, &schema.MemberDelta{Remove: []string{c.ID}})
			d.resource = next(group, group.Version)
			d.resource.LastModified = store.Later(d.resource.LastModified, c.At)
			docs[s.key(ctx, group.ID)] = d
			out = append(out, group.ID)
		}
		return nil
	})
	return out, err
}
