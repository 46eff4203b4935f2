// Package roles turns membership of groups into grants of roles: an identity
// provider assigns users to groups, and the application grants what the groups
// stand for. It is optional; nothing else in the module depends on it.
//
//	mapper := &roles.Mapper{Roles: rolesOfGroup, Grants: grantsTable, Groups: groups, Tx: db}
//	hooks := scim.Hooks{Before: mapper.Handle}
//
// docs/lifecycle.md says where the hooks stand in the order of a write.
package roles
