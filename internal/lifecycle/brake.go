package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
)

// brake counts what the write did, as the last statement of its transaction: the
// rows of counters are locked for as short as possible. The error is a *brake.Stop
// if the connection has none left.
func (u *unit) brake(ctx context.Context) error {
	if u.cfg.Brake == nil || u.cfg.Tx == nil {
		return nil
	}
	w := &u.written
	if err := u.count(ctx, w.Before, w.After); err != nil {
		return err
	}
	removed := u.dissolved
	if w.Members != nil {
		removed += int64(len(w.Members.Remove))
	}
	return u.cfg.Brake.Count(ctx, u.r.Connection, brake.Memberships, u.ep.Type.Name, u.id(), removed)
}

// brakeEarly is brake for stores without a transaction, on which a write cannot be
// undone: it counts before the write. Memberships are not counted.
func (u *unit) brakeEarly(ctx context.Context, before, after *schema.Resource) error {
	if u.cfg.Brake == nil || u.cfg.Tx != nil {
		return nil
	}
	return u.count(ctx, before, after)
}

// count counts a write to a resource that can be active. before is nil for a new
// resource, after for a deleted one; both are nil for a write that changed nothing.
func (u *unit) count(ctx context.Context, before, after *schema.Resource) error {
	if u.ep.Active == nil || before == nil && after == nil {
		return nil
	}
	switch {
	case before == nil:
		return u.cfg.Brake.Count(ctx, u.r.Connection, brake.Creations, u.ep.Type.Name, after.ID, 1)
	case after == nil, u.deactivates(before, after):
		return u.cfg.Brake.Count(ctx, u.r.Connection, brake.Leavers, u.ep.Type.Name, before.ID, 1)
	}
	return nil
}

// id returns the id of the resource that was written.
func (u *unit) id() string {
	if u.written.Before != nil {
		return u.written.Before.ID
	}
	if u.written.After != nil {
		return u.written.After.ID
	}
	return ""
}

// countMembers notes how many members a resource has that is about to be deleted.
func (u *unit) countMembers(ctx context.Context, id string) error {
	if u.cfg.Brake == nil || u.cfg.Tx == nil || u.ep.Members == nil {
		return nil
	}
	for _, err := range u.ep.Members.Members(ctx, id) {
		if err != nil {
			return err
		}
		u.dissolved++
	}
	return nil
}

// stopped tells the operator that the brake stopped a write, and returns the error
// of the write.
func (w *Writer) stopped(ctx context.Context, err error) error {
	var s *brake.Stop
	if !errors.As(err, &s) {
		return err
	}
	if failed := w.cfg.Brake.Stopped(ctx, s); failed != nil {
		return failed
	}
	return err
}
