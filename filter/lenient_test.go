package filter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// The default client sends these forms; for a strict one they are errors.
func TestFilterReadsLenientForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`userName eq bjensen`:                               `userName eq "bjensen"`,
		`userName eq b.jensen+x@example-1.com and title pr`: `userName eq "b.jensen+x@example-1.com" and title pr`,
		`userName eq 2819c223-7f76-453a-919d-413861904646`:  `userName eq "2819c223-7f76-453a-919d-413861904646"`,
		`userName eq 007`:                                   `userName eq "007"`,
		`userName eq -x`:                                    `userName eq "-x"`,
		`userName eq @x`:                                    `userName eq "@x"`,
		`userName eq _x`:                                    `userName eq "_x"`,
		`userName eq le`:                                    `userName eq "le"`,
		`(userName eq and)`:                                 `userName eq "and"`,
		`emails[type eq work and value co b]`:               `emails[type eq "work" and value co "b"]`,
		`title eq 5`:                                        `title eq "5"`,
		`title eq 1.50`:                                     `title eq "1.50"`,
		ent + `:employeeNumber eq 701984`:                   ent + `:employeeNumber eq "701984"`,
		ent + `.department eq "x"`:                          ent + `:department eq "x"`,
		strings.ToUpper(ent) + `.manager.value eq "x"`:      ent + `:manager.value eq "x"`,
		schema.UserURI + `.name.familyName pr`:              `name.familyName pr`,
		schema.UserURI + `.emails[type eq "work"]`:          `emails[type eq "work"]`,
		`x509Certificates.value eq "some words!"`:           `x509Certificates.value eq "some words!"`,
	} {
		f, err := lenient(schema.UserType).Filter(text, nil)
		require.NoError(t, err, text)
		require.Equal(t, want, f.String())
		_, err = strict(schema.UserType).Filter(text, nil)
		requireError(t, err, schema.ErrorInvalidFilter)
	}
	f, err := lenient(thingType).Filter(`count eq "31" and weight gt " 1.5 "`, nil)
	require.NoError(t, err)
	require.Equal(t, `count eq 31 and weight gt 1.5`, f.String())
	_, err = strict(thingType).Filter(`count eq "31"`, nil)
	requireError(t, err, schema.ErrorInvalidFilter)
}

func TestFilterRefusesAmbiguousForms(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`userName eq b jensen`, `userName eq b!`, `userName eq b:c`, `userName eq b/c`, `userName eq (b)`, `userName eq true`, `userName eq TRUE`,
		`userName eq bj"x"`, `bjensen`, `eq bjensen`, `count eq x`, `userName co null`, `userName eq ü`, ent + `.department.x eq "x"`, schema.UserURI + `. pr`,
	} {
		_, err := lenient(schema.UserType).Filter(text, nil)
		requireError(t, err, schema.ErrorInvalidFilter)
	}
	_, err := lenient(thingType).Filter(`count eq "x"`, nil)
	requireError(t, err, schema.ErrorInvalidFilter)
}

func TestPathReadsDotAfterURI(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		ent + `.manager`:                               ent + `:manager`,
		ent + `.manager.value`:                         ent + `:manager.value`,
		schema.UserURI + `.emails[type eq work].value`: `emails[type eq "work"].value`,
	} {
		p, err := lenient(schema.UserType).Path(text, nil)
		require.NoError(t, err, text)
		require.Equal(t, want, p.String())
		_, err = strict(schema.UserType).Path(text, nil)
		require.Error(t, err, text)
	}
}
