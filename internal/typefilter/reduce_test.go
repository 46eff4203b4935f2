package typefilter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/typefilter"
	"github.com/seed5f3efb56/scim/schema"
)

func TestReduce(t *testing.T) {
	t.Parallel()
	resolver := filter.NewResolver(schema.UserType, filter.Options{Profile: schema.Strict(), AnyType: true})
	for text, want := range map[string]string{
		`meta.resourceType eq "User"`:                           "all",
		`meta.resourceType eq "Group"`:                          "none",
		`meta.resourceType eq "user"`:                           "none",
		`meta[resourceType eq "Group"]`:                         "none",
		`meta.resourceType pr`:                                  "all",
		`meta.resourceType sw "U" and userName eq "a"`:          `userName eq "a"`,
		`userName eq "a" and meta.resourceType eq "User"`:       `userName eq "a"`,
		`meta.resourceType eq "Group" and userName eq "a"`:      "none",
		`meta.resourceType eq "Group" or userName eq "a"`:       `userName eq "a"`,
		`meta.resourceType eq "User" or userName eq "a"`:        "all",
		`not (meta.resourceType eq "User")`:                     "none",
		`not (meta.resourceType eq "Group" or userName eq "a")`: `not (userName eq "a")`,
		`members.value eq "x"`:                                  "none",
		`members[value eq "x"] or title pr`:                     `title pr`,
		`nope ne "x"`:                                           "all",
		`nope eq null`:                                          "all",
		`not (nope pr)`:                                         "all",
		`schemas eq "` + schema.UserURI + `"`:                   "all",
		`schemas ne "` + schema.UserURI + `"`:                   "none",
		`schemas eq "` + schema.GroupURI + `"`:                  "none",
		`schemas eq "` + schema.EnterpriseUserURI + `"`:         `schemas eq "` + schema.EnterpriseUserURI + `"`,
		`schemas co "Group"`:                                    `schemas co "Group"`,
		`meta[resourceType eq "User" and version eq "x"]`:       `meta[resourceType eq "User" and version eq "x"]`,
		`emails[type eq "work"]`:                                `emails[type eq "work"]`,
		`userName eq "a"`:                                       `userName eq "a"`,
		`(nope pr and title pr) or (meta.resourceType eq "User" and not (userName pr))`: `not (userName pr)`,
	} {
		f, err := resolver.Filter(text, nil)
		require.NoError(t, err, text)
		rest, none := typefilter.Reduce(f, schema.UserType)
		got := "all"
		switch {
		case none:
			got = "none"
		case rest != nil:
			got = rest.String()
		}
		require.Equal(t, want, got, text)
	}
}
