package roles

import (
	"context"
	"errors"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Mapper turns membership of groups into grants of roles. Each of its grants
// names its origin, the group, and it withdraws only grants of that origin: a
// role granted by hand, or by another group as well, stays.
//
// [Mapper.Handle] is a hook. As Hooks.Before, with the grants in the database of
// the transaction, roles change together with the membership or not at all. As
// Hooks.MembersChanged, Updated and Deleted, roles follow the membership from
// the outbox. A Mapper is safe for concurrent use if its fields are.
type Mapper struct {
	// Roles returns the roles that a group grants to its members, none if the
	// group is not mapped. An error ends the operation and is returned from it.
	Roles func(ctx context.Context, group *schema.Resource) ([]string, error)
	// Grants stores the grants.
	Grants Grants
	// Groups is the store of the groups, Tx its transactor (Config.Tx).
	Groups store.MemberStore
	Tx     store.Transactor
}

// Grants is the application's table of grants: member, role and the group that
// granted it. All methods concern the tenant in the context, and only grants
// whose origin is a group. Each is idempotent. They are called within the
// transaction of Mapper.Tx; an error undoes it.
type Grants interface {
	// Grant records that group gives member the role.
	Grant(ctx context.Context, group, member, role string) error
	// Withdraw deletes grants of group: those to member, or to every member if
	// member is "", and those of role, or of every role if role is "".
	Withdraw(ctx context.Context, group, member, role string) error
	// Granted returns each role of which there is at least one grant by group.
	Granted(ctx context.Context, group string) ([]string, error)
}

// Handle adjusts the grants to an event of a group. It ignores kinds of events
// that concern no membership. It holds the lock of the group meanwhile, so that
// its members do not change.
func (m *Mapper) Handle(ctx context.Context, e *event.Event) error {
	switch e.Kind {
	case event.MembersChanged:
		return m.locked(ctx, e.ResourceID, func(ctx context.Context, roles []string) error {
			return m.membersChanged(ctx, e, roles)
		})
	case event.Updated:
		return m.Reevaluate(ctx, e.ResourceID) // the roles may depend on the name
	case event.Deleted:
		return m.Grants.Withdraw(ctx, e.ResourceID, "", "")
	}
	return nil
}

// Reevaluate makes the grants of a group those that Roles now returns. Call it
// for each group concerned when the mapping has changed. If the group no longer
// exists, all of its grants are withdrawn.
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

// locked calls fn with the roles of a group while it holds the lock of the
// group. If the group no longer exists, it withdraws all grants of the group
// instead.
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

func (m *Mapper) membersChanged(ctx context.Context, e *event.Event, roles []string) error {
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

// grantAll grants the roles to every member. Grant is idempotent, so that a
// member keeps one grant of each role.
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
