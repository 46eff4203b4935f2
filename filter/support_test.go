package filter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

var userSupport = filter.Support{
	"userName":                filter.OpsOf(filter.EQ, filter.SW, filter.PR),
	"active":                  filter.OpsOf(filter.EQ, filter.NE),
	"emails[]":                filter.OpsOf(filter.PR),
	"emails.type":             filter.OpsOf(filter.EQ),
	"emails.value":            filter.OpsOf(filter.EQ),
	"phoneNumbers.value":      filter.OpsOf(filter.EQ),
	"schemas":                 filter.OpsOf(filter.EQ),
	"schemas[]":               filter.OpsOf(filter.EQ),
	ent + ":manager.value":    filter.OpsOf(filter.EQ),
	ent + ":manager[]":        filter.OpsOf(filter.EQ),
	ent + ":department":       filter.OpsOf(filter.EQ),
	"name.familyName":         filter.OpsOf(filter.EQ),
	"meta.lastModified":       filter.OpsOf(filter.GT, filter.GE),
	"urn:none:none-existing":  filter.OpsOf(filter.EQ),
	"phoneNumbers.type":       filter.OpsOf(filter.EQ),
	"addresses.streetAddress": filter.OpsOf(),
}

func TestSupportCan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`userName eq "x"`:                                      true,
		`userName eq null`:                                     true,
		`userName ne "x"`:                                      false,
		`userName pr`:                                          true,
		`title eq "x"`:                                         false,
		`userName eq "x" and active ne true`:                   true,
		`userName eq "x" and title pr`:                         false,
		`userName eq "x" or title pr`:                          false,
		`not (userName sw "x" or active eq true)`:              true,
		`not (title pr)`:                                       false,
		`emails eq "x"`:                                        true,
		`emails[type eq "work" and value eq "x"]`:              true,
		`emails[type eq "work" and value co "x"]`:              false,
		`emails[display eq "work"]`:                            false,
		`emails pr`:                                            false,
		`phoneNumbers.value eq "x"`:                            true,
		`phoneNumbers[value eq "x"]`:                           false,
		`schemas[value eq "x"]`:                                true,
		`schemas[value ne "x"]`:                                false,
		ent + `:manager.value eq "x"`:                          true,
		ent + `:manager[value eq "x"]`:                         true,
		ent + `:manager[value pr]`:                             false,
		`name.familyName eq "x"`:                               true,
		`name[familyName eq "x"]`:                              false,
		`meta.lastModified gt "2020-01-01T00:00:00Z"`:          true,
		`members.value eq "x"`:                                 true, // no attribute: no data
		`members[value eq "x"]`:                                true,
		`userName eq "x" and (nope eq "y" or active eq false)`: true,
		`addresses.streetAddress eq "x"`:                       false,
		`userName eq "x" and (nope eq "y" or active eq false) or title pr`: false,
	} {
		f, err := anyType(schema.UserType).Filter(text, nil)
		require.NoError(t, err)
		require.Equal(t, want, userSupport.Can(f.Expr()), text)
	}
	require.False(t, filter.Support(nil).Can(filter.Compare{Path: schema.UserType.MustResolve("userName")}))
}

func TestIndexed(t *testing.T) {
	t.Parallel()
	s := filter.Indexed("userName", "externalId", "emails.value", "emails[]")
	s["displayName"] = filter.OpsOf(filter.EQ)
	for text, want := range map[string]bool{
		`userName eq "x"`: true,
		`userName eq "x" and (externalId eq "y" or emails eq "z")`: true,
		`emails[value eq "x"]`:                           true,
		`userName eq null`:                               false,
		`userName eq "x" or externalId eq null`:          false,
		`not (userName eq "x")`:                          false,
		`not (emails[value eq "x"])`:                     false,
		`emails[not (value eq "x")]`:                     false,
		`not (not (userName eq "x"))`:                    false,
		`userName ne "x"`:                                false,
		`userName pr`:                                    false,
		`userName eq "x" and title eq "y"`:               false,
		`not (displayName eq "x")`:                       true, // declared in full
		`displayName eq null`:                            true,
		`displayName eq "x" and not (userName eq "x")`:   false,
		`not (displayName eq "x") and (userName eq "x")`: true,
	} {
		f, err := strict(schema.UserType).Filter(text, nil)
		require.NoError(t, err)
		require.Equal(t, want, s.Can(f.Expr()), text)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, push, rest string }{
		{`userName eq "x"`, `userName eq "x"`, ``},
		{`title pr`, ``, `title pr`},
		{`userName eq "x" and title pr`, `userName eq "x"`, `title pr`},
		{`title pr and userName eq "x" and nickName pr and active eq true`, `userName eq "x" and active eq true`, `title pr and nickName pr`},
		{`title pr and (userName eq "x" and (nickName pr and active eq true))`, `userName eq "x" and active eq true`, `title pr and nickName pr`},
		{`(userName eq "x" or active eq true) and (title pr or userName eq "x")`, `userName eq "x" or active eq true`, `title pr or userName eq "x"`},
		{`userName eq "x" or title pr`, ``, `userName eq "x" or title pr`},
		{`not (userName eq "x" and title pr)`, ``, `not (userName eq "x" and title pr)`},
		{`userName eq "x" and (active eq true and userName pr)`, `userName eq "x" and (active eq true and userName pr)`, ``},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			f, err := strict(schema.UserType).Filter(c.text, nil)
			require.NoError(t, err)
			push, rest := filter.Split(f, userSupport.Can)
			require.Equal(t, c.push, text(push))
			require.Equal(t, c.rest, text(rest))
		})
	}
}

func text(f *filter.Filter) string {
	if f == nil {
		return ""
	}
	return f.String()
}

func TestSplitNothing(t *testing.T) {
	t.Parallel()
	push, rest := filter.Split(nil, userSupport.Can)
	require.Nil(t, push)
	require.Nil(t, rest)
}
