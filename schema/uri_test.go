package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func reference(t testing.TB, text string, p schema.Profile) (string, error) {
	t.Helper()
	v, _, err := schema.DecodeValue(schema.User.Attribute("profileUrl"), text, false, p)
	return v.Text(), err
}

// N-4: RFC 3986 §6.2.2, §6.2.3
func TestReferencesAreCanonical(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"HTTP://Example.com:80/a/../b":      "http://example.com/b",
		"https://example.com:443":           "https://example.com/",
		"https://example.com":               "https://example.com/",
		"ftp://Example.com":                 "ftp://example.com/",
		"file://":                           "file://",
		"https://example.com/":              "https://example.com/",
		"https://example.com:80/":           "https://example.com:80/",
		"http://example.com:/":              "http://example.com/",
		"ldap://Example.com:389/CN=A":       "ldap://example.com:389/CN=A",
		"http://User:Pass@Example.com:80/X": "http://User:Pass@example.com/X",
		"http://a/%7euser/%c3%a4%2f":        "http://a/~user/%C3%A4%2F",
		"http://a/%2e%2E/b":                 "http://a/b",
		"http://AB%c3%a4/":                  "http://ab%C3%A4/",
		"http://[2001:DB8::1]:80/":          "http://[2001:db8::1]/",
		"http://[2001:DB8::1]":              "http://[2001:db8::1]/",
		"http://a/./b/../../c/.":            "http://a/c/",
		"http://a/b/..":                     "http://a/",
		"http://a/..":                       "http://a/",
		"http://a/b//../c":                  "http://a/b/c",
		"http://a/.hidden/..x/y.":           "http://a/.hidden/..x/y.",
		"http://A?Q=/../%7e#F/../x":         "http://a/?Q=/../~#F/../x",
		"http://a#?X":                       "http://a/#?X",
		"":                                  "",
		"Users/1":                           "Users/1",
		"../Users/%7e1":                     "../Users/%7e1",
		"/a/../b":                           "/a/../b",
		"//Example.com/a":                   "//Example.com/a",
		"urn:ISBN:0451450523":               "urn:ISBN:0451450523",
		"mailto:A@B":                        "mailto:A@B",
		"data:image/png;base64,QQ==":        "data:image/png;base64,QQ==",
		"x?y=HTTP://A/../b":                 "x?y=HTTP://A/../b",
	} {
		for _, p := range []schema.Profile{schema.Strict(), schema.Lenient()} {
			got, err := reference(t, in, p)
			require.NoError(t, err, in)
			require.Equal(t, want, got, in)
			again, err := reference(t, got, p)
			require.NoError(t, err)
			require.Equal(t, got, again, "canonical twice")
		}
	}
}

// T-6
func TestReferenceSyntax(t *testing.T) {
	t.Parallel()
	for in, lenient := range map[string]bool{
		"foo bar":             true,
		"http://a/b c":        true,
		"http://a/ä":          true,
		`http://a/"<>\^{|}`:   true,
		"http://a/[x]":        true,
		"http://a/?q=%zz":     true,
		"http://a/#b#c":       true,
		"http://[bad":         false,
		"http://a::80/":       false, // a host has no colon
		"http://u@a:b:1/":     false,
		"http://a b/":         false,
		"http://a:port/":      false,
		"http://a/%zz":        false,
		"http://a/%4":         false,
		"://a":                false,
		":x":                  false,
		"1:2":                 false,
		"http://a/\x00":       false,
		"a\nb":                false,
		"http://[::1%25a b]/": false,
	} {
		_, err := reference(t, in, schema.Strict())
		requireError(t, err, schema.ErrorInvalidValue, "")
		_, err = reference(t, in, schema.Lenient())
		require.Equal(t, lenient, err == nil, "%q: %v", in, err)
	}
}
