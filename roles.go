package scim

import (
	"context"
	"errors"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Roles turns membership of groups into grants of roles. Every grant it makes
// has its origin, the group, so that it takes back what it gave and nothing
// else: a role somebody was given by hand, or by another group too, stays.
//
// Its [Roles.Handle] is a hook: as Hooks.Before, with grants in the database
// of the transaction, roles change with the membership or not at all; as
// Hooks.MembersChanged, Updated and Deleted they follow it from the outbox.
// Safe for concurrent use when its parts are.
type Roles struct {
	// Of returns the roles a group gives its members, none for groups that
	// are not mapped. It is asked with the group as it was after the change.
	Of func(ctx context.Context, group *schema.Resource) ([]string, error)
	// Grants keeps the grants.
	Grants Grants
	// Groups is the store of the groups.
	Groups store.MemberStore
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

// Handle adjusts the grants to an event; events of other resource types than
// that of Groups must not be passed in, kinds that concern no membership are
// ignored.
func (m *Roles) Handle(ctx context.Context, e *store.Event) error {
	switch e.Kind {
	case store.EventMembersChanged:
		return m.membersChanged(ctx, e)
	case store.EventUpdated:
		return m.Reevaluate(ctx, e.ResourceID) // a new name may mean other roles
	case store.EventDeleted:
		return m.Grants.Withdraw(ctx, e.ResourceID, "", "")
	}
	return nil
}

func (m *Roles) membersChanged(ctx context.Context, e *store.Event) error {
	for _, id := range e.Members.Remove {
		if err := m.Grants.Withdraw(ctx, e.ResourceID, id, ""); err != nil {
			return err
		}
	}
	if len(e.Members.Add) == 0 {
		return nil
	}
	roles, err := m.Of(ctx, e.Resource())
	if err != nil {
		return err
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

// Reevaluate brings the grants of a group in line with what Of says now. Call
// it for each group concerned when the mapping has changed. A group that does
// not exist any more loses all grants.
func (m *Roles) Reevaluate(ctx context.Context, group string) error {
	r, err := m.Groups.Get(ctx, group, store.GetOptions{})
	if errors.Is(err, store.ErrNotFound) {
		return m.Grants.Withdraw(ctx, group, "", "")
	}
	if err != nil {
		return err
	}
	want, err := m.Of(ctx, r)
	if err != nil {
		return err
	}
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
}

// grantAll gives the roles to every member. Whoever has one already has it
// once: Grant is idempotent.
func (m *Roles) grantAll(ctx context.Context, group string, roles []string) error {
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
