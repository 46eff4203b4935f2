// Package secevent issues Security Event Tokens (RFC 8417) about the changes of
// SCIM resources and about asynchronous requests, as RFC 9967 defines them, and
// delivers them by push (RFC 8935).
//
//	deliver, err := secevent.Push(secevent.PushConfig{URL: "https://receiver.example.com/events"})
//	issuer, err := secevent.New(secevent.Config{
//		Issuer:   "https://app.example.com",
//		Audience: []string{"https://receiver.example.com"},
//		Key:      jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "2026-11"}},
//		Deliver:  deliver,
//	})
//	h, err := scim.New(scim.Config{
//		// …
//		Hooks:     scim.Hooks{Changed: issuer.Handle, AsyncResponse: issuer.Handle},
//		EventURIs: issuer.EventURIs(),
//	})
//
// A token is made when its event is delivered from the outbox, in the worker
// ([scim.Handler.Run]). A crash loses none, and an event that is delivered again
// has the same token, with the same jti; receivers drop what they have. Each change
// of a resource is one token, which may have several events.
//
// # What is left out
//
// Event streams and their configuration, polling (RFC 8936), verification events,
// encryption, and the feed events, which say that a resource joined or left a
// stream, are the part of a transmitter: give it the tokens in Config.Deliver. The
// package issues prov:create, prov:patch, prov:put, prov:delete, prov:activate,
// prov:deactivate and misc:asyncresp.
//
// # Security considerations
//
// No token has a secret, a hidden attribute or one that is never returned; by
// default it has no values at all, only names ("notice"). With Config.Full it has
// personal data: Push accepts only https.
package secevent
