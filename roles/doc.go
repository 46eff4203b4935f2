// Package roles turns membership of groups into grants of roles: an identity
// provider assigns users to groups, and the application grants the roles that it
// maps the groups to ([Mapper]). It is optional; nothing else in the module depends
// on it.
//
//	mapper := &roles.Mapper{Roles: rolesOfGroup, Grants: grantsTable, Groups: groups, Tx: db}
//	hooks := scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
//		if e.Type != schema.GroupType.Name {
//			return nil
//		}
//		return mapper.Handle(ctx, e)
//	}}
//
// [UserMapper] does the same with the attributes roles and entitlements of users, for
// providers that assign roles to users one by one. [Mapper.Handle] is for events of
// groups, [UserMapper.Handle] for those of users.
// docs/lifecycle.md says where the hooks stand in the order of a write.
package roles
