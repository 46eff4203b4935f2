// Package console is the page of an administrator: an http.Handler that shows what
// the identity providers of a tenant do, and repairs it. The application mounts it
// behind its own login.
//
//	c, err := console.New(console.Config{
//		Handler: handler, // the *scim.Handler
//		Prefix:  "/admin/scim",
//		Identify: func(r *http.Request) (console.Identity, error) {
//			admin, err := session(r) // the application's login
//			return console.Identity{Actor: admin.Email, Tenant: admin.Org, Session: admin.SessionID}, err
//		},
//	})
//	…
//	mux.Handle("/admin/scim/", c)
//
// Pages are made on the server and work without JavaScript. There is no build
// step, and nothing comes from another host. A page whose source is not configured
// is not there: the console of a handler alone has the directory, the brake and the
// reconciliation.
//
// # Security
//
// [Config.Identify] is the only source of the tenant, the actor and the right to
// write, and is asked for every request but those for the style sheet, the script and
// the icon, which are the same for everybody. An error of it shows nothing.
//
// A request that changes something is a POST from a page of the same origin
// (Origin, Sec-Fetch-Site), with a token that is bound to the identity and ends
// after 12 hours. Identity.ReadOnly refuses every POST. The session cookie is the
// application's: let it be HttpOnly, Secure and SameSite.
//
// Responses are not cached, and their Content-Security-Policy allows what the
// console itself serves. Values that people or providers wrote are escaped and
// isolated (bdi), control characters are shown as their names, and long values are
// cut. Private values, which are all but names and status, are shown on demand. A
// secret is part of one response, of no URL and of no log.
package console
