// Package scim is an embeddable SCIM 2.0 service provider (RFC 7643, RFC 7644):
// an http.Handler that an application mounts, usually under /scim/v2, so that
// identity providers create, update, deactivate and group its users.
//
//	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
//	h, err := scim.New(scim.Config{
//		BaseURL:   "https://app.example.com/scim/v2",
//		Auth:      scim.BearerTokens(scim.HashToken("idp-1", token)),
//		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(groups)},
//		Tx:        db,
//	})
//	// any router, any prefix
//	mux.Handle("/scim/v2/", h)
//
// The library routes, authenticates, parses filters, applies PATCH, validates,
// pages, projects and reports errors. The application supplies persistence: a
// [store.Store] for each resource type (packages store/memstore and
// store/sqlstore are complete ones).
//
// # Endpoints
//
// GET, POST, PUT, PATCH, DELETE and POST .search for each resource type; GET
// and POST .search over all types at the root; /ServiceProviderConfig,
// /ResourceTypes and /Schemas; /Me when [Config.Me] is set (501 otherwise).
// /Bulk answers 501. docs/requirements.md lists every requirement of the RFCs
// and the cases that prove it, docs/conformance.md where the default client
// departs from one because an identity provider needs it.
//
// # Security considerations
//
// Serve it over TLS only (RFC 7644 §7.2): requests carry bearer tokens and
// personal data. [New] refuses a configuration without an [Authenticator].
// What a client controls is bounded by [Limits]. Passwords are split off when
// a body is decoded, go to [Config.SetPassword] or nowhere, and are never part
// of a resource, a log or a response. Internal errors are logged and answered
// with a reference only.
//
// Read next: package store for the contract an application implements.
package scim
