// Package connection manages the connections of tenants to identity providers: the
// unit an operator thinks in ("Okta of tenant acme"), with its state, its
// credentials, and the people that it provisioned.
//
//	h, err := scim.New(scim.Config{Auth: scim.StoredTokens(db, nil), Connections: db, Tx: db, …})
//	m, err := connection.New(connection.Config{Handler: h, Store: db, Tokens: db})
//	_, err = m.Create(ctx, "acme", connection.Connection{Name: "okta", Provider: "okta"}, by)
//	secret, token, err := m.IssueToken(ctx, "acme", "okta", connection.Issue{Label: "2027", Expires: nextYear}, by)
//	err = m.Pause(ctx, "acme", "okta", by)
//
// A connection is active, paused (its requests are answered 503, so that the provider
// tries again) or off (401). The state holds for every credential that names the
// connection (scim.Principal.Connection), whatever its kind: scim.Config.Connections
// is the one place that decides.
//
// Every change needs an actor and a reason ([By]) and leaves an audit record.
// docs/connections.md describes the life of a connection.
package connection
