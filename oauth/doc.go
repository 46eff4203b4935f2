// Package oauth gives the clients of a SCIM service provider short access tokens
// (OAuth 2.0, RFC 6749), in place of bearer tokens that live for years.
//
// A [Server] is an http.Handler with two endpoints, which the application mounts
// beside its [scim.Handler]:
//
//   - the token endpoint ([Server.TokenPath], RFC 6749 §3.2), with the grant
//     client_credentials (§4.4) and the JWT bearer grant (RFC 7523 §2.1);
//   - its metadata ([Server.MetadataPath], RFC 8414).
//
// Clients authenticate with a secret (client_secret_basic, client_secret_post), with
// a JWT that they sign themselves (private_key_jwt, RFC 7523 §2.2), or with a JWT of
// an issuer that they are known to: workload identity federation, as Microsoft Entra
// ID has it. [Client] says how, and what its access tokens may do.
//
// Access tokens are opaque and random. Their SHA-256 is kept in a store.Tokens, with
// the tenant, connection, policy and scope of the client, so that they are
// authenticated like every other token and end at once when they are revoked.
//
// The server is an authenticator for [scim.Config] too: it accepts the tokens in the
// store, and JWTs of issuers that a client names in [Client.Bearer].
//
// A client learns the error of RFC 6749 §5.2 and nothing else. The log has the
// reason.
//
// Left out: grants with a user in a browser, refresh tokens, token introspection and
// revocation by the client (RFC 7662, RFC 7009), registration of clients (RFC 7591),
// tokens bound to a key (RFC 8705, RFC 9449).
package oauth
