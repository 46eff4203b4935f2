// Package requestlog keeps the last requests of each connection for support: what did
// the provider send, and what was the answer?
//
//	requests, err := requestlog.New(requestlog.Config{})
//	handler, err := scim.New(scim.Config{…, Observe: requests.Observe})
//	requests.Attach(handler)
//
//	requests.Start("acme", "okta", time.Now().Add(time.Hour))
//	entries := requests.Entries("acme", "okta")
//
// It is off until [Log.Start] switches it on for a connection and a time. The requests
// are in the memory of the process, bounded in number and bytes, and gone with it; of
// several processes each keeps those that it served.
//
// # Personal data
//
// Entries show the shape of a request: method, route, status, scimType and detail, the
// names of attributes, operations and paths, booleans, short numbers and the words of
// the protocol (op, type, schemas). Every other text is masked, also in filters and
// paths: [email 17-32 #1a2b] is an e-mail address of 17 to 32 characters, and the same
// value has the same #1a2b until the process ends, so that requests about one person
// can be recognised. Of passwords, other attributes that are writeOnly or never
// returned, and scim.Config.SensitiveAttributes nothing is kept. Of a body that is not
// JSON nothing but the size is kept, and of the header only those fields of a fixed
// list. What a client uses as the name of an attribute is taken for one.
package requestlog
