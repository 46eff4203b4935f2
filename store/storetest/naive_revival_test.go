package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func (s *naive) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, _ store.GetOptions) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	unique := slices.ContainsFunc(s.t.Unique(), func(q schema.AttrPath) bool { return slices.Equal(p, q) })
	if !unique && !s.db.has("tombstones have any attribute") {
		return nil, store.ErrNotFound
	}
	last := row{}
	for _, r := range s.db.rows {
		if s.hasTombstone(ctx, r, p, v) && (last.resource == nil || r.died > last.died != s.db.has("the first tombstone is found")) {
			last = r
		}
	}
	switch {
	case last.resource == nil:
		return nil, store.ErrNotFound
	case s.db.has("tombstones are empty"):
		return last.resource.WithAttributes((&schema.Object{}).With(userName, v)), nil
	}
	return last.resource, nil
}

// hasTombstone reports whether a row is a tombstone with that value.
func (s *naive) hasTombstone(ctx context.Context, r row, p schema.AttrPath, v schema.Value) bool {
	if !r.dead && !s.db.has("live resources are tombstones") && !s.db.has("the version is checked before the revival only") || !s.sees(ctx, r, "Tombstone") {
		return false
	}
	for w := range p.Values(r.resource) {
		if slices.Contains(r.lost, s.fold(p.Last(), w)) && r.dead {
			continue
		}
		if s.db.has("tombstones have any name") || v.Assigned() && s.fold(p.Last(), v) == s.fold(p.Last(), w) &&
			(v.Text() == w.Text() || !s.db.has("tombstones keep their case")) {
			return true
		}
	}
	return false
}

// lose removes the unique values of a deleted row from older tombstones, so that
// they are not found by them.
func (s *naive) lose(ctx context.Context, deleted row) {
	for i, r := range s.db.rows {
		if !r.dead || !s.sees(ctx, r, "Delete") || r.resource.Type != s.t {
			continue
		}
		for _, p := range s.t.Unique() {
			for v := range p.Values(deleted.resource) {
				s.db.rows[i].lost = append(slices.Clone(r.lost), s.fold(p.Last(), v))
			}
		}
	}
}

func (s *naive) Revive(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	i := slices.IndexFunc(s.db.rows, func(r row) bool {
		living := s.db.has("live resources are revived") || s.db.has("the version is checked before the revival only")
		return r.resource.ID == c.After.ID && (r.dead || living) && s.sees(ctx, r, "Revive")
	})
	switch {
	case i < 0:
		return nil, store.ErrNotFound
	case c.IfVersion != "" && c.IfVersion != s.db.rows[i].resource.Version && !s.db.has("Revive ignores the version"):
		return nil, store.ErrVersion
	}
	r := s.db.rows[i]
	if err := s.taken(ctx, c.After); err != nil && !s.db.has("keys are not checked on revival") {
		return nil, err
	}
	r.version++
	if s.db.has("revival starts at the first version") {
		r.version = 1
	}
	after := *c.After
	if s.db.has("revival makes a new id") {
		after.ID += "'"
	}
	if s.db.has("revival merges") {
		after.Attributes = after.Attributes.With(schema.ExternalIDAttribute, r.resource.Get(schema.ExternalIDAttribute))
	}
	r.resource, r.dead, r.members, r.lost = s.kept(&after, r.version), false, nil, nil
	if s.db.has("revival leaves the tombstone") {
		s.db.rows = append(s.db.rows, r)
	} else {
		s.db.rows[i] = r
	}
	return r.resource, nil
}

func (s *naive) Purge(ctx context.Context, before time.Time, n int) (int, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	purged := 0
	s.db.rows = slices.DeleteFunc(slices.Clone(s.db.rows), func(r row) bool {
		at, dead := r.diedAt, r.dead
		switch {
		case s.db.has("purging compares LastModified"):
			at = r.resource.LastModified
		case s.db.has("purging includes the time"):
			at = at.Add(-1)
		case s.db.has("purging takes revived resources"):
			dead = r.died > 0
		case s.db.has("purging takes every tombstone"):
			at = time.Time{}
		}
		if !dead || !at.Before(before) || r.resource.Type != s.t || !s.sees(ctx, r, "Purge") || purged >= n && !s.db.has("purging has no limit") {
			return false
		}
		purged++
		return !s.db.has("purging only counts")
	})
	return purged, nil
}

func (s *naive) FindDeleted(ctx context.Context, p schema.AttrPath, v schema.Value) (bool, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	if s.db.has("deleted users are not found") || s.db.has("deleted users are found by name only") && p.Last() != userName {
		return false, nil
	}
	found, last := false, 0
	for _, r := range s.db.rows {
		if !s.sees(ctx, r, "FindDeleted") || !r.dead && !s.db.has("live users are found as deleted") {
			continue
		}
		for w := range p.Values(r.resource) {
			same := s.fold(p.Last(), v) == s.fold(p.Last(), w) && (v.Text() == w.Text() || !s.db.has("deleted users are found with case"))
			if s.db.has("only the last deleted user is found") {
				found, last = same && r.died >= last || found && r.died < last, max(last, r.died)
				continue
			}
			found = found || same
		}
	}
	return found, nil
}
