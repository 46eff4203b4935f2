package main

import (
	"context"
	"encoding/json"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is the store of a resource type with members.
type groups struct{ resources }

var _ store.MemberStore = groups{}

func (db *database) groups() groups { return groups{db.resources(schema.GroupType)} }

// ahead is how many members are read before the first of them is yielded.
const ahead = 1000

// Members implements [store.MemberStore]. A transaction that reads keeps the
// file from being tidied, so none is open while a slow client takes members.
func (g groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		var last []byte
		for {
			members, next, err := g.members(ctx, id, last)
			if err != nil {
				yield(schema.Member{}, err)
				return
			}
			for _, m := range members {
				if !yield(m, nil) {
					return
				}
			}
			if last = next; len(members) < ahead {
				return
			}
		}
	}
}

// members reads members after a key, and returns the key of the last.
func (g groups) members(ctx context.Context, id string, after []byte) (out []schema.Member, last []byte, err error) {
	err = g.db.read(ctx, func(tx *bolt.Tx) error {
		if _, err := g.scope(ctx).find(tx, bucketResources, id); err != nil {
			return err
		}
		for key, text := range ascending(tx.Bucket(bucketMembers), g.scope(ctx).key(id), after) {
			var m schema.Member
			if err := json.Unmarshal(text, &m); err != nil {
				return err
			}
			if out, last = append(out, m), append([]byte(nil), key...); len(out) == ahead {
				return nil
			}
		}
		return nil
	})
	return out, last, err
}

// PutMembers implements [store.MemberStore].
func (g groups) PutMembers(ctx context.Context, c *store.Change) (r *schema.Resource, did schema.MemberDelta, err error) {
	err = g.db.write(ctx, func(tx *bolt.Tx) error {
		x := g.scope(ctx)
		if c.Before == nil {
			r, did, err = g.createWith(tx, x, c)
		} else {
			r, did, err = g.updateWith(tx, x, c)
		}
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return r, did, nil
}

func (g groups) createWith(tx *bolt.Tx, x scope, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	rec, err := g.create(tx, x, c.After)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	did, err := g.apply(tx, x, c.After.ID, rec.Seq, c.Members)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	r, err := g.resource(c.After.ID, rec)
	return r, did, err
}

func (g groups) updateWith(tx *bolt.Tx, x scope, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	rec, err := g.current(tx, x, c)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	did, err := g.apply(tx, x, c.ID, rec.Seq, c.Members)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	if did.Empty() && c.After.Attributes == c.Before.Attributes {
		return c.Before, did, nil
	}
	r, err := g.replace(tx, x, rec, c.After)
	return r, did, err
}

// apply changes the members of a group and returns what of it took effect.
func (g groups) apply(tx *bolt.Tx, x scope, group string, seq uint64, d *schema.MemberDelta) (did schema.MemberDelta, err error) {
	if d == nil {
		return did, nil
	}
	leaving := d.Remove
	if d.Replace {
		if leaving, err = x.others(tx, group, d.Add); err != nil {
			return did, err
		}
	}
	for _, id := range leaving {
		left, err := g.leave(tx, x, group, seq, id)
		if err != nil {
			return did, err
		}
		if left {
			did.Remove = append(did.Remove, id)
		}
	}
	for _, m := range d.Add {
		joined, err := g.join(tx, x, group, seq, m)
		if err != nil {
			return did, err
		}
		if joined {
			did.Add = append(did.Add, m)
		}
	}
	return did, nil
}

// others returns the members of a group that are not among keep.
func (x scope) others(tx *bolt.Tx, group string, keep []schema.Member) ([]string, error) {
	kept := map[string]bool{}
	for _, m := range keep {
		kept[m.Value] = true
	}
	var out []string
	for _, text := range ascending(tx.Bucket(bucketMembers), x.key(group), nil) {
		var m schema.Member
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, err
		}
		if !kept[m.Value] {
			out = append(out, m.Value)
		}
	}
	return out, nil
}

// memberOf is the way from a member to the group. Filters compare the folded
// id.
func (g groups) memberOf(x scope, member string, seq uint64) []byte {
	return x.key(g.foldedID(member), member, number(seq))
}

func (g groups) foldedID(member string) string {
	return valueKey(g.t.Members().Sub("value"), schema.String(member))
}

func (g groups) join(tx *bolt.Tx, x scope, group string, seq uint64, m schema.Member) (bool, error) {
	if len(m.Value) > longest/8 {
		return false, &schema.Error{Type: schema.ErrorInvalidValue, Path: "members.value", Detail: "the value is too long"}
	}
	joined := x.key(group, m.Value)
	if tx.Bucket(bucketJoined).Get(joined) != nil {
		return false, nil
	}
	place, err := tx.Bucket(bucketMembers).NextSequence()
	if err != nil {
		return false, err
	}
	return true, steps(
		func() error { return tx.Bucket(bucketJoined).Put(joined, []byte(number(place))) },
		func() error { return putJSON(tx.Bucket(bucketMembers), x.key(group, number(place)), m) },
		func() error { return tx.Bucket(bucketMemberOf).Put(g.memberOf(x, m.Value, seq), []byte(group)) },
	)
}

func (g groups) leave(tx *bolt.Tx, x scope, group string, seq uint64, member string) (bool, error) {
	joined := x.key(group, member)
	place := tx.Bucket(bucketJoined).Get(joined)
	if place == nil {
		return false, nil
	}
	at := x.key(group, string(place))
	return true, steps(
		func() error { return tx.Bucket(bucketJoined).Delete(joined) },
		func() error { return tx.Bucket(bucketMembers).Delete(at) },
		func() error { return tx.Bucket(bucketMemberOf).Delete(g.memberOf(x, member, seq)) },
	)
}

// GroupsOf implements [store.MemberStore].
func (g groups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	out := map[string][]store.GroupRef{}
	displayName := g.t.MustResolve("displayName").Last()
	err := g.db.read(ctx, func(tx *bolt.Tx) error {
		x := g.scope(ctx)
		for _, id := range ids {
			var refs []store.GroupRef
			for _, group := range ascending(tx.Bucket(bucketMemberOf), x.key(g.foldedID(id), id), nil) {
				rec, err := x.find(tx, bucketResources, string(group))
				if err != nil {
					return err
				}
				r, err := g.resource(string(group), rec)
				if err != nil {
					return err
				}
				refs = append(refs, store.GroupRef{ID: r.ID, Display: r.Get(displayName).Text()})
			}
			if refs != nil {
				out[id] = refs
			}
		}
		return nil
	})
	return out, err
}

// RemoveFromAll implements [store.MemberStore].
func (g groups) RemoveFromAll(ctx context.Context, c *store.Change) (left []string, err error) {
	err = g.db.write(ctx, func(tx *bolt.Tx) error {
		x := g.scope(ctx)
		left = nil
		for _, group := range ascending(tx.Bucket(bucketMemberOf), x.key(g.foldedID(c.ID), c.ID), nil) {
			left = append(left, string(group))
		}
		for _, group := range left {
			rec, err := x.find(tx, bucketResources, group)
			if err != nil {
				return err
			}
			rec.Version++
			rec.LastModified = store.Later(rec.LastModified, c.At)
			if _, err := g.leave(tx, x, group, rec.Seq, c.ID); err != nil {
				return err
			}
			if err := putJSON(tx.Bucket(bucketResources), x.key(group), rec); err != nil {
				return err
			}
		}
		return nil
	})
	return left, err
}

// Delete implements [store.Store]: the memberships of a group end with it.
func (g groups) Delete(ctx context.Context, c *store.Change) error {
	return g.db.write(ctx, func(tx *bolt.Tx) error {
		x := g.scope(ctx)
		rec, err := g.remove(tx, x, c)
		if err != nil {
			return err
		}
		members, err := x.others(tx, c.ID, nil)
		if err != nil {
			return err
		}
		for _, member := range members {
			if _, err := g.leave(tx, x, c.ID, rec.Seq, member); err != nil {
				return err
			}
		}
		return nil
	})
}
