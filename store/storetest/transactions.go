package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var errVeto = errors.New("storetest: veto")

// twice is a transactor that runs every function a second time, after the first
// transaction was rolled back as after a conflict.
type twice struct{ store.Transactor }

var errConflict = errors.New("storetest: conflict")

func (t twice) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(twice{}) != nil {
		return t.Transactor.InTx(ctx, fn) // joins
	}
	ctx = context.WithValue(ctx, twice{}, true)
	err := t.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return errConflict
	})
	if !errors.Is(err, errConflict) {
		return err
	}
	return t.Transactor.InTx(ctx, fn)
}

var transactions = []test{
	{
		name:     "transactions/commit",
		contract: "InTx commits when fn returns nil.",
		needs:    needTx,
		run: func(k *kit) {
			a := k.newUser("a")
			var b *schema.Resource
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				b = k.createIn(ctx, k.Users, k.user("b"))
				got, err := k.Users.Get(ctx, b.ID, store.GetOptions{})
				k.NoError(err, "Get of what the transaction created")
				k.same(b, got, "Get of what the transaction created")
				k.totals(2, k.listIn(ctx, k.Users, store.Query{Total: true}).Total, "total within the transaction")
				return k.Users.Delete(ctx, Deletion(a, ""))
			}), "InTx")
			k.gone(k.Users, a.ID)
			k.same(b, k.get(k.Users, b.ID), "Get after the commit")
		},
	},
	{
		name:     "transactions/rollback",
		contract: "InTx rolls back and returns fn's error otherwise.",
		needs:    needTx,
		run:      func(k *kit) { k.rollsBack(func(context.Context) error { return errVeto }) },
	},
	{
		name:     "transactions/panic",
		contract: "InTx rolls back also when fn panics.",
		needs:    needTx,
		run:      func(k *kit) { k.rollsBack(func(context.Context) error { panic(errVeto) }) },
	},
	{
		name:     "transactions/a context that has ended",
		contract: "If ctx has ended before the commit InTx rolls back and returns an error, though fn returned nil.",
		needs:    needTx,
		run: func(k *kit) {
			ctx, cancel := context.WithCancel(k.ctx)
			defer cancel()
			r := k.user("a")
			err := k.Tx.InTx(ctx, func(ctx context.Context) error {
				k.createIn(ctx, k.Users, r)
				cancel()
				return nil
			})
			k.Error(err, "InTx did not fail, though its context has ended")
			k.totals(0, k.total(k.Users), "the transaction was not rolled back, though its context has ended: total")
			k.newUser("a")
		},
	},
	{
		name:     "transactions/an error of the store",
		contract: "An error of a store ends the transaction: fn returns it, InTx rolls back and returns it.",
		needs:    needTx,
		run: func(k *kit) {
			k.newUser("a")
			b, twin := k.user("b"), k.user("A")
			k.taken(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.createIn(ctx, k.Users, b)
				_, err := k.Users.Create(ctx, Creation(twin))
				return err
			}), "userName")
			k.totals(1, k.total(k.Users), "total after the rollback")
			k.newUser("b")
		},
	},
	{
		name:     "transactions/going on after ErrNotFound",
		contract: "ErrNotFound of a method that reads does not end the transaction.",
		needs:    needTx,
		run: func(k *kit) {
			missing, r := k.newID(), k.user("a")
			var stored *schema.Resource
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				for _, o := range []store.GetOptions{{}, {ForUpdate: true}} {
					_, err := k.Users.Get(ctx, missing, o)
					k.ErrorIs(err, store.ErrNotFound, "Get")
				}
				stored = k.createIn(ctx, k.Users, r)
				return nil
			}), "InTx")
			k.same(stored, k.get(k.Users, stored.ID), "Get after the commit")
		},
	},
	{
		name:     "transactions/rollback of groups",
		contract: "InTx runs one write of the library, across all stores it concerns, in one transaction.",
		needs:    needTx | needGroups,
		run: func(k *kit) {
			us := k.newUsers(3)
			g, h := k.newGroup("g", us[0], us[1]), k.newGroup("h", us[0])
			leaver := k.get(k.Users, us[0])
			err := k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				_, err := k.Groups.RemoveFromAll(ctx, departure(us[0], k.now()))
				k.NoError(err, "RemoveFromAll")
				k.NoError(k.Users.Delete(ctx, Deletion(leaver, "")), "Delete a user")
				now, err := k.Groups.Get(ctx, g.ID, store.GetOptions{ForUpdate: true})
				k.NoError(err, "Get")
				c := k.touch(now)
				c.Members = &schema.MemberDelta{Add: users(us[2]), Remove: []string{us[1]}}
				_, _, err = k.Groups.PutMembers(ctx, c)
				k.NoError(err, "PutMembers")
				k.createWith(ctx, k.group("i"), users(us[1]))
				k.NoError(k.Groups.Delete(ctx, Deletion(h, "")), "Delete a group")
				return errVeto
			})
			k.ErrorIs(err, errVeto, "InTx")
			k.get(k.Users, us[0])
			k.same(g, k.get(k.Groups, g.ID), "group after the rollback")
			k.same(h, k.get(k.Groups, h.ID), "group deleted, after the rollback")
			k.members(g, us[0], us[1])
			k.members(h, us[0])
			k.groupsOf(us[0], g, h)
			k.groupsOf(us[1], g)
			k.groupsOf(us[2])
			k.Equal(2, k.total(k.Groups), "groups")
		},
	},
	{
		name:     "transactions/run again",
		contract: "A conflict with another transaction may run fn again before the commit: after the rollback the same calls have the same results.",
		needs:    needTx | needGroups,
		run: func(k *kit) {
			us := k.newUsers(3)
			g := k.newGroup("g", us[0])
			stays, leaver := k.get(k.Users, us[1]), k.get(k.Users, us[0])
			fresh, group, at := k.user("fresh"), k.group("h"), k.now()
			renaming := k.rename(stays, "renamed")
			var created, renamed, joined *schema.Resource
			var left []string
			err := twice{k.Tx}.InTx(k.ctx, func(ctx context.Context) (err error) {
				created = k.createIn(ctx, k.Users, fresh)
				renamed, err = k.Users.Update(ctx, renaming)
				k.NoError(err, "Update")
				left, err = k.Groups.RemoveFromAll(ctx, departure(us[0], at))
				k.NoError(err, "RemoveFromAll")
				k.NoError(k.Users.Delete(ctx, Deletion(leaver, "")), "Delete")
				joined = k.createWith(ctx, group, users(us[1], us[2]))
				return nil
			})
			k.NoError(err, "InTx")
			k.same(created, k.get(k.Users, created.ID), "the user that was created")
			k.same(renamed, k.get(k.Users, renamed.ID), "the user that was renamed")
			k.gone(k.Users, us[0])
			k.sameIDs([]string{g.ID}, left, "groups that the member left")
			k.members(g)
			k.members(joined, us[1], us[2])
			k.groupsOf(us[2], joined)
			k.totals(3, k.total(k.Users), "users")
			k.totals(2, k.total(k.Groups), "groups")
		},
	},
	{
		name:     "transactions/members within",
		contract: "Inside InTx ctx carries the transaction, which every call uses.",
		needs:    needTx | needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g := k.newGroup("g", us[0])
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				c := k.touch(g)
				c.Members = &schema.MemberDelta{Add: users(us[1])}
				_, _, err := k.Groups.PutMembers(ctx, c)
				k.NoError(err, "PutMembers")
				var got []string
				for m, err := range k.Groups.Members(ctx, g.ID) {
					k.NoError(err, "Members")
					got = append(got, m.Value)
				}
				k.sameIDs(us, got, "members within the transaction")
				of, err := k.Groups.GroupsOf(ctx, us[1:])
				k.NoError(err, "GroupsOf")
				k.Equal([]string{g.ID}, refIDs(of[us[1]]), "groups within the transaction")
				return nil
			}), "InTx")
			k.members(g, us...)
		},
	},
	{
		name:     "transactions/joining",
		contract: "Called inside a transaction InTx joins that one.",
		needs:    needTx,
		run: func(k *kit) {
			err := k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				a := k.createIn(ctx, k.Users, k.user("a"))
				k.NoError(k.Tx.InTx(ctx, func(ctx context.Context) error {
					_, err := k.Users.Get(ctx, a.ID, store.GetOptions{})
					k.NoError(err, "Get of what the outer one created")
					k.createIn(ctx, k.Users, k.user("b"))
					return nil
				}), "the inner InTx")
				k.totals(2, k.listIn(ctx, k.Users, store.Query{Total: true}).Total, "total in the outer one")
				return errVeto
			})
			k.ErrorIs(err, errVeto, "the outer InTx")
			k.Equal(0, k.total(k.Users), "total after the rollback")

			err = k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.createIn(ctx, k.Users, k.user("a"))
				return k.Tx.InTx(ctx, func(ctx context.Context) error { return errVeto })
			})
			k.ErrorIs(err, errVeto, "InTx around one that fails")
			k.Equal(0, k.total(k.Users), "total after the second rollback")
		},
	},
	{
		name:     "transactions/unseen before the commit",
		contract: "A transaction is seen by others when it is committed.",
		needs:    needTx,
		run: func(k *kit) {
			a := k.newUser("a")
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				updated, err := k.Users.Update(ctx, k.rename(a, "b"))
				k.NoError(err, "Update")
				a = updated
				k.createIn(ctx, k.Users, k.user("c"))
				k.outside(func(ctx context.Context) error {
					got, err := k.Users.Get(ctx, a.ID, store.GetOptions{})
					if err == nil && k.attributes(got) == k.attributes(a) {
						return errors.New("a Get sees an uncommitted change")
					}
					p, err := k.Users.List(ctx, &store.Query{Count: 9, Total: true})
					if err == nil && (p.Total != 1 && !k.EstimatedTotals || len(p.Resources) != 1) {
						return errors.New("a List sees an uncommitted resource")
					}
					return nil
				})
				return nil
			}), "InTx")
			k.same(a, k.get(k.Users, a.ID), "Get after the commit")
			k.Equal(2, k.total(k.Users), "total after the commit")
		},
	},
	{
		name:     "transactions/for update",
		contract: "With ForUpdate, inside a transaction, no other transaction changes or deletes the resource until this one ends. Methods return promptly when ctx ends.",
		needs:    needTx,
		run: func(k *kit) {
			a := k.newUser("a")
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				held, err := k.Users.Get(ctx, a.ID, store.GetOptions{ForUpdate: true})
				k.NoError(err, "Get for update")
				k.same(a, held, "Get for update")
				change := k.rename(a, "b")
				k.outside(func(ctx context.Context) error {
					if _, err := k.Users.Update(ctx, change); err == nil {
						return errors.New("an Update of a resource that is held succeeds")
					}
					return nil
				})
				k.outside(func(ctx context.Context) error {
					if err := k.Users.Delete(ctx, Deletion(a, "")); err == nil {
						return errors.New("a Delete of a resource that is held succeeds")
					}
					return nil
				})
				return nil
			}), "InTx")
			k.same(a, k.get(k.Users, a.ID), "Get after the transaction")
			_, err := k.Users.Update(k.ctx, k.rename(a, "b"))
			k.NoError(err, "Update after the transaction")
		},
	},
	{
		name:     "transactions/existing resources are not deleted",
		contract: "Exists with ForUpdate, inside a transaction: no other transaction deletes those resources until this one ends.",
		needs:    needTx,
		run: func(k *kit) {
			a, users := k.newUser("a"), k.exister()
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				got, err := users.Exists(ctx, []string{a.ID}, store.GetOptions{ForUpdate: true})
				k.NoError(err, "Exists")
				k.sameIDs([]string{a.ID}, got, "Exists")
				k.outside(func(ctx context.Context) error {
					if err := k.Users.Delete(ctx, Deletion(a, "")); err == nil {
						return errors.New("a Delete succeeds of what exists for another transaction, which may make it a member")
					}
					return nil
				})
				return nil
			}), "InTx")
			k.same(a, k.get(k.Users, a.ID), "Get after the transaction")
			k.NoError(k.Users.Delete(k.ctx, Deletion(a, "")), "Delete after the transaction")
		},
	},
	{
		name:     "transactions/a resource being deleted does not exist",
		contract: "Exists with ForUpdate, inside a transaction, waits for another transaction that is deleting a resource: a resource that is being deleted never joins a group.",
		needs:    needTx,
		run: func(k *kit) {
			a, users := k.newUser("a"), k.exister()
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.NoError(k.Users.Delete(ctx, Deletion(a, "")), "Delete")
				k.outside(func(ctx context.Context) error {
					var got []string
					_ = k.Tx.InTx(ctx, func(ctx context.Context) (err error) { // may have to wait until ctx ends
						got, err = users.Exists(ctx, []string{a.ID}, store.GetOptions{ForUpdate: true})
						return err
					})
					if len(got) > 0 {
						return errors.New("an Exists returns what another transaction is deleting")
					}
					return nil
				})
				return nil
			}), "InTx")
			got, err := users.Exists(k.ctx, []string{a.ID}, store.GetOptions{})
			k.NoError(err, "Exists after the transaction")
			k.Empty(got, "Exists after the transaction")
		},
	},
	{
		name:     "transactions/waiting ends with the context",
		contract: "Methods return promptly when ctx ends.",
		needs:    needTx,
		run: func(k *kit) {
			a := k.newUser("a")
			ended, cancel := context.WithCancel(k.ctx)
			cancel()
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				_, err := k.Users.Get(ctx, a.ID, store.GetOptions{ForUpdate: true})
				k.NoError(err, "Get for update")
				change := k.rename(a, "b")
				k.background(func() error {
					err := k.Tx.InTx(ended, func(ctx context.Context) error {
						_, err := k.Users.Update(ctx, change)
						return err
					})
					if err == nil {
						return errors.New("InTx succeeds although its context has ended")
					}
					return nil
				})
				return nil
			}), "InTx")
			k.same(a, k.get(k.Users, a.ID), "Get after the transaction")
		},
	},
	{
		name:     "transactions/no lost update",
		contract: "With ForUpdate, inside a transaction, no other transaction changes the resource until this one ends.",
		needs:    needTx,
		run: func(k *kit) {
			u := k.newUser("n")
			const writers = 20
			errs := together(writers, func(int) error {
				return k.Tx.InTx(k.ctx, func(ctx context.Context) error {
					r, err := k.Users.Get(ctx, u.ID, store.GetOptions{ForUpdate: true})
					if err != nil {
						return err
					}
					name := r.Get(userName).Text() + "+"
					after := r.With(userName, schema.String(name))
					_, err = k.Users.Update(ctx, &store.Change{ID: r.ID, Before: r, After: after, Cause: event.ByPatch})
					return err
				})
			})
			for _, err := range errs {
				k.NoError(err, "InTx")
			}
			k.Len(k.get(k.Users, u.ID).Get(userName).Text(), 1+writers, "one mark of each writer")
		},
	},
	{
		name:     "transactions/one after the other",
		contract: "A transaction that has ended leaves no lock, whether it was committed or not.",
		needs:    needTx,
		run: func(k *kit) {
			for i := range 30 {
				err := k.Tx.InTx(k.ctx, func(ctx context.Context) error {
					k.createIn(ctx, k.Users, k.user("a"))
					if i < 29 {
						return errVeto
					}
					return nil
				})
				if i < 29 {
					k.ErrorIs(err, errVeto, "InTx")
				} else {
					k.NoError(err, "InTx")
				}
			}
			k.Equal(1, k.total(k.Users), "total")
		},
	},
}

var userName = schema.UserType.MustResolve("userName")[0]

// exister returns the store of users as an Exister, or skips the case.
func (k *kit) exister() store.Exister {
	e, ok := k.Users.(store.Exister)
	if !ok {
		panic(skip("no Exister"))
	}
	return e
}

// rollsBack proves that a transaction that fails has no effect.
func (k *kit) rollsBack(fail func(context.Context) error) {
	a, b, c := k.newUser("a"), k.newUser("b"), k.newUser("c")
	err := func() (err error) {
		defer func() {
			if p := recover(); p == errVeto {
				err = errVeto
			} else if p != nil {
				panic(p)
			}
		}()
		return k.Tx.InTx(k.ctx, func(ctx context.Context) error {
			k.createIn(ctx, k.Users, k.user("d"))
			_, err := k.Users.Update(ctx, k.rename(a, "e"))
			k.NoError(err, "Update")
			k.NoError(k.Users.Delete(ctx, Deletion(b, "")), "Delete")
			return fail(ctx)
		})
	}()
	k.ErrorIs(err, errVeto, "InTx")
	for _, r := range []*schema.Resource{a, b, c} {
		k.same(r, k.get(k.Users, r.ID), "Get after the rollback")
	}
	k.Equal(3, k.total(k.Users), "total after the rollback")
	k.taken(k.createErr(k.Users, k.user("a")), "userName")
	k.taken(k.createErr(k.Users, k.user("b")), "userName")
	k.newUser("d")
	k.newUser("e")
}

// patience is the time that a case waits for an event that must not occur.
const patience = 250 * time.Millisecond

// outside runs fn, which may have to wait for a transaction that is open, in
// another goroutine and with a context that ends.
func (k *kit) outside(fn func(context.Context) error) {
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	k.background(func() error { return fn(ctx) })
}

// background runs fn in another goroutine and waits for it.
func (k *kit) background(fn func() error) {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		k.NoError(err)
	case <-time.After(20 * patience):
		k.Fail("a call does not return although its context has ended")
	}
}

// together runs fn n times at once.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			errs[i] = fn(i)
		}()
	}
	close(start)
	wg.Wait()
	return errs
}
