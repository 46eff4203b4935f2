//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// userBody returns the body of a POST or PUT of the n-th user, whose stored JSON has
// about 1.2 kB. The title is free to change.
func userBody(name string, n int, title string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],`+
		`"externalId":"00u%[1]s%[2]d","userName":"%[1]s.%06[2]d@example.com",`+
		`"name":{"formatted":"Ursula Number%[2]d","familyName":"Number%[2]d","givenName":"Ursula"},`+
		`"displayName":"Ursula Number%[2]d","nickName":"Uschi","title":"%[3]s","userType":"Employee","preferredLanguage":"en-US","locale":"en-US","timezone":"Europe/Berlin","active":true,`+
		`"emails":[{"value":"%[1]s.%06[2]d@example.com","type":"work","primary":true},{"value":"ursula.%[2]d@home.example.org","type":"home"}],`+
		`"phoneNumbers":[{"value":"+49 30 %07[2]d","type":"work"},{"value":"+49 170 %07[2]d","type":"mobile"}],`+
		`"addresses":[{"streetAddress":"Invalidenstrasse %[2]d","locality":"Berlin","region":"Berlin","postalCode":"10115","country":"DE","type":"work"}],`+
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"%[2]d","costCenter":"4130","organization":"Example Ltd","division":"Products","department":"Engineering"}}`,
		name, n, title)
}

// userName is the userName of a seeded user.
func userName(n int) string { return fmt.Sprintf("user.%06d@example.com", n) }

// writeSeed writes the bodies of n users to a file, one in each line.
func writeSeed(file string, n int) error {
	var b strings.Builder
	for i := range n {
		b.WriteString(userBody("user", i, "Engineer"))
		b.WriteByte('\n')
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}
