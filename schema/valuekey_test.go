package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Keys are equal if and only if the values are equal.
func TestKeysAgreeWithEqual(t *testing.T) {
	t.Parallel()
	s, err := New(Schema{ID: "urn:x:K", Name: "K", Attributes: []*Attribute{
		{Name: "text"}, {Name: "exact", CaseExact: true}, {Name: "yes", Type: TypeBoolean},
		{Name: "whole", Type: TypeInteger}, {Name: "real", Type: TypeDecimal}, {Name: "at", Type: TypeDateTime},
		{Name: "raw", Type: TypeBinary}, {Name: "ref", Type: TypeReference},
		{Name: "many", MultiValued: true},
		{Name: "set", Type: TypeComplex, MultiValued: true, SubAttributes: []*Attribute{
			{Name: "a"}, {Name: "b"}, {Name: "primary", Type: TypeBoolean}, {Name: "n", Type: TypeDecimal}, {Name: "m", MultiValued: true},
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
		var values []Value
		for _, text := range texts {
			raw, err := ParseJSON([]byte(text))
			require.NoError(t, err)
			v, _, err := DecodeValue(a, raw, false, Strict())
			require.NoError(t, err, text)
			values = append(values, v)
		}
		for i, x := range values {
			for j, y := range values {
				require.Equal(t, Equal(a, x, y), valueKey(a, x) == valueKey(a, y), "%s: %s and %s", name, texts[i], texts[j])
			}
		}
	}
}
