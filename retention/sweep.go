package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// lister is the store of users, for paging.
type lister func(ctx context.Context, q *store.Query) (store.Page, error)

func (l lister) List(ctx context.Context, q *store.Query) (store.Page, error) { return l(ctx, q) }

// pageBytes is the weight of one page of users.
const pageBytes = 8 << 20

// sweep looks at every inactive user. The list is read to its end first, so that
// deletions do not move its pages; due users are kept by id.
func (k *Keeper) sweep(ctx context.Context, dry bool) (Report, error) {
	var r Report
	due, err := k.due(ctx, &r, dry)
	if err != nil {
		return r, fmt.Errorf("retention: the inactive users: %w", err)
	}
	for i, p := range due {
		switch {
		case len(r.Deleted) >= k.cfg.Most:
			r.Left = len(due) - i
			return r, nil
		case dry:
			r.Deleted = append(r.Deleted, p)
			continue
		}
		if err := ctx.Err(); err != nil {
			r.Left = len(due) - i
			return r, err
		}
		if err := k.end(ctx, p, &r); err != nil {
			r.Left = len(due) - i
			return r, fmt.Errorf("retention: %w", err)
		}
	}
	return r, nil
}

// due returns the users whose time is over, counts the others, and notes when they were
// seen inactive.
func (k *Keeper) due(ctx context.Context, r *Report, dry bool) ([]Person, error) {
	q := store.Query{Bytes: pageBytes}
	inactive := filter.Compare{Path: schema.AttrPath{k.host.Active}, Op: filter.EQ, Value: schema.Boolean(false)}
	if k.host.Filter(inactive) {
		q.Filter = filter.New(inactive)
	}
	now := k.host.Now()
	var due []Person
	for page, err := range paging.NewWalker(lister(k.host.List), q, -1).Pages(ctx) {
		if err != nil {
			return nil, err
		}
		for _, user := range page.Resources {
			if !k.inactive(user) {
				continue
			}
			r.Inactive++
			if user.Type.Owned && user.Owner() == "" && !k.cfg.Local {
				r.Exempt++
				continue
			}
			since, err := k.since(ctx, user, now, dry)
			if err != nil {
				return nil, err
			}
			p := Person{ID: user.ID, Name: user.Text("userName"), Since: since, Due: since.Add(k.cfg.After)}
			switch {
			case since.IsZero():
				r.Waiting++
			case p.Due.After(now):
				r.Waiting++
				if r.Next.IsZero() || p.Due.Before(r.Next) {
					r.Next = p.Due
				}
			default:
				due = append(due, p)
			}
		}
	}
	return due, k.dropExempt(ctx, &due, r)
}

// dropExempt takes those who are never deleted out of a list.
func (k *Keeper) dropExempt(ctx context.Context, due *[]Person, r *Report) error {
	if k.cfg.Exempt == nil {
		return nil
	}
	kept := (*due)[:0]
	for _, p := range *due {
		user, err := k.host.Get(ctx, p.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		exempt, err := k.cfg.Exempt(ctx, user)
		switch {
		case err != nil:
			return fmt.Errorf("Config.Exempt: %w", err)
		case exempt:
			r.Exempt++
		default:
			kept = append(kept, p)
		}
	}
	*due = kept
	return nil
}

func (k *Keeper) inactive(user *schema.Resource) bool {
	v := user.Get(k.host.Active)
	return v.Assigned() && !v.Bool()
}

// since returns since when a user is known to be inactive, zero if that is not known.
func (k *Keeper) since(ctx context.Context, user *schema.Resource, now time.Time, dry bool) (time.Time, error) {
	if k.cfg.Since != nil {
		since, err := k.cfg.Since(ctx, user)
		if err != nil {
			err = fmt.Errorf("Config.Since: %w", err)
		}
		return since, err
	}
	seen, err := k.seen(ctx, user.ID, now, dry)
	if err != nil {
		return time.Time{}, err
	}
	if user.LastModified.After(seen) {
		return user.LastModified, nil
	}
	return seen, nil
}

// errChanged: the user is not the one that was found due.
var errChanged = errors.New("the user has changed meanwhile")

// end hands over and deletes one user. The error ends the sweep.
func (k *Keeper) end(ctx context.Context, p Person, r *Report) error {
	postpone := func(err error) {
		p.Reason = err.Error()
		r.Postponed = append(r.Postponed, p)
		k.host.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: retention postponed", slog.String("tenant", store.Tenant(ctx)), slog.String("id", p.ID), slog.String("error", p.Reason))
	}
	user, err := k.host.Get(ctx, p.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil // another process was first
	case err != nil:
		return err
	case k.still(user, p) != nil:
		postpone(errChanged)
		return nil
	}
	if err := k.handOver(ctx, user); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		postpone(fmt.Errorf("Config.HandOver: %w", err))
		return nil
	}
	reason := fmt.Sprintf("deactivated since %s at the latest, kept for %d days", p.Since.UTC().Format(time.DateOnly), int(k.cfg.After/day))
	err = k.host.Delete(ctx, p.ID, reason, func(now *schema.Resource) error { return k.still(now, p) })
	var stopped *brake.Stop
	switch {
	case err == nil:
		r.Deleted = append(r.Deleted, p)
	case errors.Is(err, store.ErrNotFound):
	case errors.As(err, &stopped), errors.Is(err, store.ErrUnavailable), ctx.Err() != nil:
		return err
	default:
		postpone(err) // a veto of Hooks.Before, or errChanged
	}
	return nil
}

// still returns errChanged unless a user is inactive, and was not changed since its time
// was reckoned. A user without an owner may have become the application's own.
func (k *Keeper) still(user *schema.Resource, p Person) error {
	if !k.inactive(user) || user.Type.Owned && user.Owner() == "" && !k.cfg.Local || k.cfg.Since == nil && user.LastModified.After(p.Since) {
		return errChanged
	}
	return nil
}

// handOver calls the hook; a panic is an error.
func (k *Keeper) handOver(ctx context.Context, user *schema.Resource) (err error) {
	if k.cfg.HandOver == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return k.cfg.HandOver(ctx, user)
}
