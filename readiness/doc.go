// Package readiness says which demands of the SCIM interop profile
// (draft-zollner-scim-interop-profile-01) and of the levels AL1 and AL2 of the OpenID
// IPSIE account lifecycle profile (draft 00) a configuration fulfils.
//
// scim.Handler.Readiness makes the report of a handler:
//
//	fmt.Print(handler.Readiness())
//
// Both texts are drafts and change. The report knows the configuration only: what the
// application does in its hooks, and what is in front of it (TLS), is reported as the
// host's part, with what is asked of it.
package readiness
