// Package diagnose says what is wrong with a connection, in the words of its provider,
// by rules over its recent requests.
//
//	d := diagnose.New(diagnose.Config{})
//	handler, err := scim.New(scim.Config{…, Observe: d.Observe})
//
//	for _, f := range d.Findings("acme", "okta") {
//		fmt.Println(f.Severity, f.Title, f.Seen, f.Do)
//	}
//
// Most faults of provisioning are answered 2xx: a mapping that never sends active, an
// externalId that changes when a person marries, a look-up by the wrong attribute.
// Neither side reports them as an error. Package health reports those that are.
//
// Each rule looks at the last requests of a kind, 64 of them at most, so that a
// finding goes away soon after its cause. Nothing is kept of a request but bits,
// counts, names of attributes and keyed hashes; no finding has a person's data. Memory is
// bounded: at most about 60 kB for each of [Config.Connections]. The observations are those of
// this process: of several each has a part of the requests.
//
// docs/diagnose.md has a section for each rule.
package diagnose
