package schema_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// Accepted input is valid JSON, and writing it and reading it again does not
// change it.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0,1.5e+3,true,false,null,"\u00e4\ud83d\ude00\u0000\n"],"b":{"c":{}}}`,
		`[01]`, `"\ud800"`, `{"a":1,"A":2}`, "\"\xff\"", `[[[[[[`, `{"a":1} x`, " ", `-`, "\"\u2028<>&\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := schema.ParseJSON(data)
		if err != nil {
			require.Nil(t, got)
			requireError(t, err, schema.ErrorInvalidSyntax, "")
			return
		}
		require.True(t, json.Valid(data), "%q", data)
		written := appendJSON(nil, got)
		require.True(t, json.Valid(written), "%q", written)
		again, err := schema.ParseJSON(written)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case schema.JSONObject:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(schema.AppendJSONString(dst, m.Name), ':')
			dst = appendJSON(dst, m.Value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, one := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, one)
		}
		return append(dst, ']')
	case string:
		return schema.AppendJSONString(dst, v)
	case schema.Number:
		return append(dst, v...)
	case bool:
		return schema.Boolean(v).AppendJSON(dst)
	}
	return append(dst, "null"...)
}

// An accepted resource is unchanged when stored and read back or decoded again,
// and has no secret. The lenient profile accepts all that the strict one accepts.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"8.1-minimal-user.json", "8.2-full-user.json", "8.3-enterprise-user.json", "8.4-group.json"} {
		f.Add(readFile(f, "testdata/rfc7643/"+name), false)
	}
	for _, seed := range []string{
		`{"schemas":["urn:example:gadget"],"name":"n","count":-0,"weight":1.50,"at":"2020-01-01T00:00:00.1234567+01:00","blob":"QQ","link":"HTTP://A:80/../%7e"}`,
		`{"schemas":["urn:example:gadget"],"labels":["a","A"],"sizes":[1,1.0],"owner":{"value":"o","pin":"1"},"keys":[{"value":"a","secret":"s","primary":true},{"value":"a"}]}`,
		`{"schemas":["urn:example:gadget"],"on":"True","owner":"o","keys":{"value":"k"},"labels":"","at":""}`,
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, gadget bool) {
		v, err := schema.ParseJSON(data)
		body, ok := v.(schema.JSONObject)
		if err != nil || !ok {
			return
		}
		rt := schema.UserType
		if gadget {
			rt = gadgetType
		}
		strict, strictErr := rt.Decode(body, schema.Strict())
		got, err := rt.Decode(body, schema.Lenient())
		if strictErr == nil {
			require.NoError(t, err)
			require.True(t, schema.IdenticalObjects(strict.Attributes, got.Attributes))
		}
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		written := got.Attributes.AppendJSON(nil)
		require.True(t, json.Valid(written), "%s", written)
		stored, errs := rt.DecodeStored(written)
		require.Empty(t, errs)
		require.True(t, schema.IdenticalObjects(got.Attributes, stored), "%s", written)
		requireReadStored(t, rt, got.Attributes)

		again := parse(t, string(written)).(schema.JSONObject)
		again = append(again, schema.JSONMember{Name: "schemas", Value: []any{rt.Schema.ID}})
		second, err := rt.Decode(again, schema.Lenient())
		require.NoError(t, err)
		require.True(t, schema.IdenticalObjects(got.Attributes, second.Attributes), "%s", written)
		require.Zero(t, second.Secrets.Len())
		_ = rt.Validate(got.Attributes)
		carried, err := rt.Carry(got.Attributes, got.Attributes)
		require.NoError(t, err)
		require.True(t, schema.IdenticalObjects(got.Attributes, carried), "%s", written)
	})
}

func FuzzFoldKey(f *testing.F) {
	for _, seed := range []string{"bjensen", "ＢＪ", "E\u0301", "ß", "\u0345", "\U000103d2\u0301", "a\xff", "İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			_ = schema.FoldKey(s)
			return
		}
		key := schema.FoldKey(s)
		require.Equal(t, key, schema.FoldKey(key))
		require.True(t, schema.EqualFold(s, key))
		require.Equal(t, s == key || schema.FoldKey(s) == key, schema.EqualFold(s, key))
	})
}
