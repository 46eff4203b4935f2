// Package logout has two doors by which an identity provider ends the sessions of a user
// at once, beside SCIM: http.Handlers that the application mounts.
//
//   - [Server.Revocations] takes Global Token Revocation requests
//     (draft-parecki-oauth-global-token-revocation), which Okta calls Universal Logout: a
//     POST with a subject identifier (RFC 9493), authenticated by a JWT that the provider
//     signs.
//   - [Server.Events] receives security event tokens by push (RFC 8417, RFC 8935) with
//     the event session-revoked of CAEP, and account-disabled, account-purged,
//     credential-compromise and sessions-revoked of RISC.
//
// Both end in [scim.Handler.RevokeSessions], as an operator's button does: the same
// hooks, outbox and audit record, which names the issuer, the connection, the door and
// the time since the request arrived.
//
// A [Source] pins an issuer to one connection of one tenant, and a request reaches the
// users of that connection alone. A provider learns the status; the log has the reason.
//
// Left out: polling (RFC 8936), the management of streams (OpenID Shared Signals
// Framework §8), encrypted tokens. docs/logout.md has a worked set-up.
package logout
