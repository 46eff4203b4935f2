package storetest

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// restricted is a store of an application: tenants are numbers, some attributes
// always have a value, members are users.
type restricted struct {
	*naive
	kit   kit // declares
	users *naive
}

func newRestricted() Fixture {
	f := newNaive("")
	f.Tenant, f.MembersAreUsers, f.TwoStateActive, f.Filled = strconv.Itoa, true, true, []string{"displayName", "name.familyName"}
	users := f.Users.(*naive)
	f.Users = &restricted{users, kit{Fixture: f}, users}
	f.Groups = &restricted{f.Groups.(*naive), kit{Fixture: f}, users}
	f.Things = nil
	return f
}

func (s *restricted) fill(ctx context.Context, c *store.Change) (*store.Change, error) {
	if _, err := strconv.Atoi(store.Tenant(ctx)); err != nil {
		return nil, errors.New("the tenant is not a number")
	}
	done := *c
	if s.t == schema.UserType {
		done.After = c.After.WithAttributes(s.kit.filled(c.After.Attributes))
	}
	if c.Members == nil {
		return &done, nil
	}
	delta := *c.Members
	delta.Add = nil
	for _, m := range c.Members.Add {
		if m.Type != "User" {
			return nil, &schema.Error{Type: schema.ErrorInvalidValue, Path: "members", Detail: "only users can be members"}
		}
		if here, err := s.users.Exists(ctx, []string{m.Value}, store.GetOptions{}); err != nil || len(here) == 0 {
			continue
		}
		delta.Add = append(delta.Add, m)
	}
	done.Members = &delta
	return &done, nil
}

func (s *restricted) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	done, err := s.fill(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.naive.Create(ctx, done)
}

func (s *restricted) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	done, err := s.fill(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.naive.Update(ctx, done)
}

func (s *restricted) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	done, err := s.fill(ctx, c)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return s.naive.PutMembers(ctx, done)
}

func TestRestrictedStorePasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture { return newRestricted() })
}
