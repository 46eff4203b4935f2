// Package contextkey has the keys of the values that several packages read from the
// context of a request. One object of package scim answers all of them, in place of a
// chain of contexts with one value each.
package contextkey

// Tenant is the key of the tenant of package store, a *string.
type Tenant struct{}

// Budget is the key of the *filter.Budget.
type Budget struct{}
