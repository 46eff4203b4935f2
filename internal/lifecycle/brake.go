package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
)

// counted is what a write was counted as by the brake.
type counted struct {
	of                             brake.Subject
	leavers, creations, membership int64
	joiners                        int64
}

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
	u.counted.of = u.subject(w.Before, w.After)
	if err := u.cfg.Brake.Count(ctx, u.counted.of, brake.Memberships, removed); err != nil {
		return err
	}
	u.counted.membership = removed
	return nil
}

// brakeEarly is brake for a write without a transaction, which cannot be undone: it
// counts before the write. Memberships are not counted.
func (u *unit) brakeEarly(ctx context.Context, before, after *schema.Resource) error {
	if u.cfg.Brake == nil || u.cfg.Tx != nil && u.alone == nil {
		return nil
	}
	if err := u.checkAlone(before, after); err != nil {
		return err
	}
	return u.count(ctx, before, after)
}

// count counts a write to a resource without members. before is nil for a new
// resource, after for a deleted one; both are nil for a write that changed nothing.
func (u *unit) count(ctx context.Context, before, after *schema.Resource) error {
	if u.ep.Members != nil || before == nil && after == nil {
		return nil
	}
	u.counted.of = u.subject(before, after)
	switch {
	case before == nil:
		if err := u.cfg.Brake.Count(ctx, u.counted.of, brake.Creations, 1); err != nil {
			return err
		}
		u.counted.creations = 1
	case after == nil, u.deactivates(before, after):
		if err := u.cfg.Brake.Count(ctx, u.counted.of, brake.Leavers, 1); err != nil {
			return err
		}
		u.counted.leavers = 1
	case u.adopts, u.reactivates(before, after):
		if err := u.cfg.Brake.Join(ctx, u.counted.of, 1); err != nil {
			return err
		}
		u.counted.joiners = 1
	}
	return nil
}

// subject is the resource of the write, for the brake.
func (u *unit) subject(before, after *schema.Resource) brake.Subject {
	s := brake.Subject{Connection: u.r.Connection, Type: u.ep.Type.Name}
	switch {
	case before != nil:
		s.ID = before.ID
	case after != nil:
		s.ID = after.ID
	}
	return s
}

// uncount takes back what was counted for a write, or an attempt, that failed, as far
// as no transaction did.
func (u *unit) uncount(ctx context.Context) error {
	c := u.counted
	u.counted = counted{}
	if c == u.counted {
		return nil
	}
	errs := []error{u.cfg.Brake.Join(context.WithoutCancel(ctx), c.of, -c.joiners)}
	for _, one := range [...]struct {
		k brake.Kind
		n int64
	}{{brake.Leavers, c.leavers}, {brake.Creations, c.creations}, {brake.Memberships, c.membership}} {
		if u.cfg.Tx == nil || u.cfg.Brake.Local(one.k) {
			errs = append(errs, u.cfg.Brake.Undo(context.WithoutCancel(ctx), c.of, one.k, one.n))
		}
	}
	return errors.Join(errs...)
}

// countMembers notes how many members a resource has that is about to be deleted, and
// returns the first of them for the audit trail.
func (u *unit) countMembers(ctx context.Context, id string) (first []string, err error) {
	counts := u.cfg.Brake != nil && u.cfg.Tx != nil
	if u.ep.Members == nil || !counts && u.r.Record == nil {
		return nil, nil
	}
	for m, err := range u.ep.Members.Members(ctx, id) {
		if err != nil {
			return nil, err
		}
		if u.dissolved++; u.r.Record != nil && len(first) < MaxDissolved {
			first = append(first, m.Value)
		}
	}
	return first, nil
}

// stopped tells the operator that the brake stopped a write, and returns the error
// of the write.
func (w *Writer) stopped(ctx context.Context, err error) error {
	var s *brake.Stop
	if !errors.As(err, &s) {
		return err
	}
	if failed := w.cfg.Brake.Stopped(context.WithoutCancel(ctx), s); failed != nil {
		return failed
	}
	return err
}
