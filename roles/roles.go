package roles

import (
	"context"
	"errors"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Mapper turns membership of groups into grants of roles. Every grant it makes
// has its origin, the group, so that it takes back what it gave and nothing
// else: a role somebody was given by hand, or by another group too, stays.
//
// Its [Mapper.Handle] is a hook: as Hooks.Before, with grants in the database
// of the transaction, roles change with the membership or not at all; as
// Hooks.MembersChanged, Updated and Deleted they follow it from the outbox.
// Safe for concurrent use when its parts are.
type Mapper struct {
	// Roles returns the roles a group gives its members, none for groups that
	// are not mapped.
	Roles func(ctx context.Context, group *schema.Resource) ([]string, error)
	// Grants keeps the grants.
	Grants Grants
	// Groups is the store of the groups, Tx its transactor (Config.Tx).
	Groups store.MemberStore
	Tx     store.Transactor
}

// Grants is where the application keeps who has which role, and why. Methods
// concern the tenant in the context, and only grants whose origin is a group.
// Each is idempotent.
type Grants interface {
	// Grant records that group gives member the role.
	Grant(ctx context.Context, group, member, role string) error
	// Withdraw takes back what group gave: to one member, or to all if member
	// is "", of one role, or of all if role is "".
	Withdraw(ctx context.Context, group, member, role string) error
	// Granted returns the roles for which there is any grant by group.
	Granted(ctx context.Context, group string) ([]string, error)
}

// Handle adjusts the grants to an event of a group; kinds that concern no
// membership are ignored. It holds the group while it does, so that nobody
// joins or leaves meanwhile.
func (m *Mapper) Handle(ctx context.Context, e *store.Event) error {
	switch e.Kind {
	case store.EventMembersChanged:
		return m.locked(ctx, e.ResourceID, func(ctx context.Context, roles []string) error {
			return m.membersChanged(ctx, e, roles)
		})
	case store.EventUpdated:
		return m.Reevaluate(ctx, e.ResourceID) // a new name may mean other roles
	case store.EventDeleted:
		return m.Grants.Withdraw(ctx, e.ResourceID, "", "")
	}
	return nil
}

// Reevaluate brings the grants of a group in line with what Roles says now. Call
// it for each group concerned when the mapping has changed. A group that does
// not exist any more loses all grants.
func (m *Mapper) Reevaluate(ctx context.Context, group string) error {
	return m.locked(ctx, group, func(ctx context.Context, want []string) error {
		have, err := m.Grants.Granted(ctx, group)
		if err != nil {
			return err
		}
		for _, role := range have {
			if slices.Contains(want, role) {
				continue
			}
			if err := m.Grants.Withdraw(ctx, group, "", role); err != nil {
				return err
			}
		}
		return m.grantAll(ctx, group, want)
	})
}

// locked calls fn with the roles of a group that nobody else changes
// meanwhile. A group that is gone loses all grants instead.
func (m *Mapper) locked(ctx context.Context, group string, fn func(ctx context.Context, roles []string) error) error {
	return m.Tx.InTx(ctx, func(ctx context.Context) error {
		r, err := m.Groups.Get(ctx, group, store.GetOptions{ForUpdate: true})
		if errors.Is(err, store.ErrNotFound) {
			return m.Grants.Withdraw(ctx, group, "", "")
		}
		if err != nil {
			return err
		}
		roles, err := m.Roles(ctx, r)
		if err != nil {
			return err
		}
		return fn(ctx, roles)
	})
}

func (m *Mapper) membersChanged(ctx context.Context, e *store.Event, roles []string) error {
	for _, id := range e.Members.Remove {
		if err := m.Grants.Withdraw(ctx, e.ResourceID, id, ""); err != nil {
			return err
		}
	}
	for _, member := range e.Members.Add {
		for _, role := range roles {
			if err := m.Grants.Grant(ctx, e.ResourceID, member.Value, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// grantAll gives the roles to every member. Whoever has one already has it
// once: Grant is idempotent.
func (m *Mapper) grantAll(ctx context.Context, group string, roles []string) error {
	if len(roles) == 0 {
		return nil
	}
	for member, err := range m.Groups.Members(ctx, group) {
		if err != nil {
			return err
		}
		for _, role := range roles {
			if err := m.Grants.Grant(ctx, group, member.Value, role); err != nil {
				return err
			}
		}
	}
	return nil
}
