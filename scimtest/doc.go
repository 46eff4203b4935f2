// Package scimtest is the conformance kit over HTTP: it proves the requirements
// of RFC 7643 and RFC 7644 on an assembled handler, over any store. Package
// store/storetest is its counterpart for stores.
//
//	func TestConformance(t *testing.T) {
//		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
//			h, err := scim.New(scim.Config{Auth: auth, BaseURL: scimtest.BaseURL, …})
//			…
//			return h
//		})
//	}
//
// The name of a case begins with the ids of the requirements that it proves,
// such as P-46. docs/requirements.md lists the requirements with their
// sentences and their cases; a case that fails prints the sentences of its
// requirements. Each case runs in its own tenant, as the client (default or strict) that
// the requirement is about.
package scimtest
