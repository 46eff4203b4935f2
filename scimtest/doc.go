// Package scimtest is the conformance kit over HTTP: it walks the requirements
// of RFC 7643 and RFC 7644 against an assembled handler, whatever store is
// behind it. Package store/storetest is its counterpart for stores.
//
//	func TestConformance(t *testing.T) {
//		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
//			h, err := scim.New(scim.Config{Auth: auth, BaseURL: scimtest.BaseURL, …})
//			…
//			return h
//		})
//	}
//
// Each case carries the id of the requirement it proves, as
// docs/conformance.md lists them, and runs in a tenant of its own, as the
// client (default or strict) that the requirement speaks of.
package scimtest
