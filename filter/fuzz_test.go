package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

var seeds = []string{
	``, `name eq "bjensen"`, `parts[type eq "work" or (size gt 1 and not (primary eq "True"))].value eq "x"`,
	`not(name pr) and a$b co "\u00e9\ud83d\ude00" or seen ge "0001-01-01T00:00:00.1234567Z"`,
	oddURI + `:boss.$ref eq null`, httpURI, longURI + ` pr`, `urn:x:Thing:box.words[value sw ""]`, `tags eq "a"`,
	`parts[nope eq ""] or parts[(urn:x:Thing:type pr)]`, `weight lt -1.5E+10 and count ne 9223372036854775808`, `link eq "HTTP://a:80/%7e/../b"`, `blob eq "AA=="`,
	`emails[`, `parts[0]`, `a..b`, `name regex 'x'`, `((((((((((((((((name pr))))))))))))))))`, `codes[value gt 1].value`,
}

// canGrow reports whether the text of a filter fails to parse because of a limit:
// the spelling of the schema and parentheses can make the text longer.
func canGrow(err error) bool {
	return strings.Contains(err.Error(), "too long") || strings.Contains(err.Error(), "too deeply")
}

func FuzzFilter(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	r, lax := lenient(thingType), anyType(thingType)
	res := resource(f, thingType, `{"name":"x","parts":[{"type":"work"}],"tags":["a"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range []*filter.Resolver{r, lax} {
			got, err := r.Filter(text, nil)
			if err != nil {
				require.Nil(t, got)
				requireError(t, err, schema.ErrorInvalidFilter)
				continue
			}
			got.Match(res)
			again, err := r.Filter(got.String(), nil)
			if err != nil && canGrow(err) {
				continue
			}
			require.NoError(t, err, "%q became %q", text, got)
			require.Equal(t, got.Expr(), again.Expr(), "%q became %q", text, got)
			require.Equal(t, got.Match(res), again.Match(res))
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	r := lenient(thingType)
	res := resource(f, thingType, `{"name":"x","parts":[{"type":"work"}],"tags":["a"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := r.Path(text, nil)
		if err != nil {
			require.Nil(t, got)
			want := schema.ErrorInvalidPath
			if strings.ContainsAny(text, "[ ") && errorType(err) == schema.ErrorInvalidFilter {
				want = schema.ErrorInvalidFilter
			}
			requireError(t, err, want)
			return
		}
		for v := range got.Attr.Values(res) {
			got.Matches(v)
		}
		again, err := r.Path(got.String(), nil)
		if err != nil && canGrow(err) {
			return
		}
		require.NoError(t, err, "%q became %q", text, got)
		require.Equal(t, got, again, "%q became %q", text, got)
	})
}

func errorType(err error) schema.ErrorType {
	var e *schema.Error
	errors.As(err, &e)
	return e.Type
}
