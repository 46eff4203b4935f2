package main

import (
	"flag"
	"regexp"
	"strings"
)

// leftOut are cases of the kits that need abilities which this application lacks,
// or too much time.
var leftOut = map[string][]string{
	// team_members has users only: a group as a member is refused, an id that is
	// not a user's is dropped.
	"TestTablesPassTheKitForStores/[^/]*/members": {
		"their type is kept",
		"groups of many",
		"a large group",
	},
	"TestHandlerPassesTheKitForHandlers/[^/]*": {
		"N-14 only direct membership is called direct",
		"N-18 a member gets $ref and type from the resource it names",
		"N-19 groups nest, and a cycle is harmless",
		"F-38 F-37 membership is filterable from either side, by value, type, display and $ref",
		"A-15 N-18 by default a reference to an unknown resource is accepted",
		"J-1 J-3 excludedAttributes returns the default set without the named attributes",
		"P-16 values that the default client may send for providers' sake are of the wrong type for the strict client",
		"P-45 P-34 several members are added at once, each once; display is ignored, $ref and type are completed",
		"P-62 one value where a list is replaced is the list by default and refused for the strict client (Z-30)",
		"L-7 a deleted resource is no longer a member of any group, and the groups have a new version",
		"L-7 a reference to a deleted resource is accepted and does not lead to its successor",
		"U-21 PATCH of a user returns the user, of thousands of members 204 (Entra ID, Okta)",
		"U-24 a reference to an unknown resource is accepted (Entra ID's validator, Okta)",

		// There are no tenants: each tenant of the kit has a separate
		// application, and their ids are equal numbers.
		"M-18 externalId is scoped to the tenant",
		"S-12 unique values, external ids and names are those of each tenant",

		// Thousands of writes, each of them on disk: minutes with the race
		// detector.
		"E-6 E-22 W-14 M-32 any value at any place of a body is stored whole or refused whole: never a 500",
	},
}

// leaveOut sets the -skip flag of go test to the cases; -skip on the command line
// overrides it.
func leaveOut() error {
	var patterns []string
	for prefix, names := range leftOut {
		for _, name := range names {
			patterns = append(patterns, prefix+"/^"+regexp.QuoteMeta(strings.ReplaceAll(name, " ", "_"))+"$")
		}
	}
	return flag.Set("test.skip", strings.Join(patterns, "|"))
}
