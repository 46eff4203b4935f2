package patch

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// Keys are equal exactly when values are.
func TestKeysAgreeWithEqual(t *testing.T) {
	t.Parallel()
	s, err := schema.New(schema.Schema{ID: "urn:x:K", Name: "K", Attributes: []*schema.Attribute{
		{Name: "text"}, {Name: "exact", CaseExact: true}, {Name: "yes", Type: schema.TypeBoolean},
		{Name: "whole", Type: schema.TypeInteger}, {Name: "real", Type: schema.TypeDecimal}, {Name: "at", Type: schema.TypeDateTime},
		{Name: "raw", Type: schema.TypeBinary}, {Name: "ref", Type: schema.TypeReference},
		{Name: "many", MultiValued: true},
		{Name: "set", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{
			{Name: "a"}, {Name: "b"}, {Name: "primary", Type: schema.TypeBoolean}, {Name: "n", Type: schema.TypeDecimal}, {Name: "m", MultiValued: true},
		}},
	}})
	require.NoError(t, err)
	for name, texts := range map[string][]string{
		"text":  {`"a"`, `"A"`, `"ä"`, `"Ä"`, `"a\u0308"`, `"ss"`, `"ß"`, `""`, `"a]"`},
		"exact": {`"a"`, `"A"`, `""`},
		"yes":   {`true`, `false`},
		"whole": {`1`, `0`, `-1`, `-0`},
		"real":  {`1`, `1.0`, `10e-1`, `0`, `-0.0`, `-1`, `2`},
		"at":    {`"2020-01-02T03:04:05Z"`, `"2020-01-02T04:04:05+01:00"`, `"2020-01-02T03:04:05.0Z"`, `"2020-01-02T03:04:05.1Z"`, `"1900-01-02T03:04:05Z"`},
		"raw":   {`"AAAA"`, `"aaaa"`},
		"ref":   {`"../Users/1"`, `"../users/1"`},
		"many":  {`[]`, `["a"]`, `["A"]`, `["a","b"]`, `["ab"]`, `["b","a"]`, `["a]","b"]`, `["a","]b"]`},
		"set": {`[{"a":"x"}]`, `[{"a":"X"}]`, `[{"b":"x"}]`, `[{"a":"x","b":"y"}]`, `[{"a":"xb","n":1}]`, `[{"a":"xB","n":1.0}]`, `[{"a":"x"},{"b":"y"}]`,
			`[{"a":"x","primary":true}]`, `[{"a":"x","primary":false}]`, `[{"m":["a"],"a":"x"}]`, `[{"m":["a","x"]}]`},
	} {
		a := s.Attribute(name)
		var values []schema.Value
		for _, text := range texts {
			raw, err := schema.ParseJSON([]byte(text))
			require.NoError(t, err)
			v, _, err := schema.DecodeValue(a, raw, false, schema.Strict())
			require.NoError(t, err, text)
			values = append(values, v)
		}
		for i, x := range values {
			for j, y := range values {
				require.Equal(t, schema.Equal(a, x, y), string(appendKey(nil, a, x)) == string(appendKey(nil, a, y)), "%s: %s and %s", name, texts[i], texts[j])
			}
		}
	}
}
