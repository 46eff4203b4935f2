package schema

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestResourceText(t *testing.T) {
	t.Parallel()
	o, problems := UserType.DecodeStored([]byte(`{"userName":"Bjensen","active":false,"name":{"givenName":"Barbara"},
		"emails":[{"value":"home@x","type":"home"},{"value":"work@x","type":"work","primary":true},{"value":"w2@x","type":"work"}],
		"phoneNumbers":[{"value":"1"},{"value":"2","type":"we\"ird ]"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tours","manager":{"value":"7"}}}`))
	require.Empty(t, problems)
	r := &Resource{Type: UserType, ID: "7", Version: "3", Created: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Attributes: o}
	for path, want := range map[string]string{
		"userName":       "Bjensen",
		"USERNAME":       "Bjensen",
		"id":             "7",
		"active":         "false",
		"meta.created":   "2024-01-02T03:04:05Z",
		"meta.version":   `W/"3"`,
		"name.givenName": "Barbara",
		"urn:ietf:params:scim:schemas:core:2.0:User:name.givenName":                "Barbara",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":    "Tours",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value": "7",
		"schemas":                             "urn:ietf:params:scim:schemas:core:2.0:User",
		"emails.value":                        "work@x",
		"emails[primary eq true].value":       "work@x",
		"emails[primary eq false].value":      "home@x",
		`emails[type eq "work"].value`:        "work@x",
		`emails[type EQ "HOME"].value`:        "home@x",
		`emails[value eq "w2@x"].type`:        "work",
		`emails[type eq "other"].value`:       "",
		"phoneNumbers.value":                  "1",
		"phoneNumbers[primary eq true].value": "",

		"name": "", "emails": "", `emails[type eq "work"]`: "", "title": "", "name.familyName": "", "addresses.locality": "",
		`addresses[type eq "work"].locality`: "", "password": "",
		"": "", "nope": "", "name.nope": "", "emails[": "", "emails[].value": "", "emails[type].value": "", `emails[type ne "work"].value`: "",
		`emails[nope eq "work"].value`: "", "emails[primary eq maybe].value": "", `name[type eq "work"].givenName`: "", `emails.value[type eq "work"]`: "",
		`emails]type eq "work"[.value`: "", "urn:example:nope:attr": "", `userName[value eq "x"]`: "",
	} {
		require.Equal(t, want, r.Text(path), "%q", path)
	}
	require.Equal(t, "", (&Resource{Type: UserType}).Text("emails.value"))
	require.Equal(t, "", (&Resource{Type: UserType}).Text("id"))
}
