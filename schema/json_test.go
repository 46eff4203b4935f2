package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestParseJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       any
	}{
		{"null", "null", nil},
		{"booleans", "[true,false]", []any{true, false}},
		{"numbers keep their text", "[0,-0,1.50,1E+2,-1e-2,9007199254740993]",
			[]any{schema.Number("0"), schema.Number("-0"), schema.Number("1.50"), schema.Number("1E+2"), schema.Number("-1e-2"), schema.Number("9007199254740993")}},
		{"white space", " \t\r\n{ \"a\" : [ ] , \"b\" : { } } \n", schema.JSONObject{{Name: "a", Value: []any{}}, {Name: "b", Value: schema.JSONObject{}}}},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e4\uD83D\ude00"`, "\"\\/\b\f\n\r\tä😀"},
		{"a NUL escape", `"a\u0000b"`, "a\x00b"}, // T-1
		{"plain text beside escapes", `"ä\n→ x"`, "ä\n→ x"},
		{"U+FFFD itself", "\"\uFFFD\"", "\uFFFD"},
		{"members keep their order and spelling", `{"b":1,"A":2}`, schema.JSONObject{{Name: "b", Value: schema.Number("1")}, {Name: "A", Value: schema.Number("2")}}}, // M-31
		{"an empty name", `{"":1}`, schema.JSONObject{{Name: "", Value: schema.Number("1")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := schema.ParseJSON([]byte(c.text))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// H-12, H-1, Z-40
func TestParseJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		offset     int
	}{
		{"nothing", "", 0},
		{"white space only", "  ", 2},
		{"an open object", "{", 1},
		{"an open array", "[1", 2},
		{"an open string", `"abc`, 4},
		{"trailing text", "{} x", 3},
		{"a second value", "{}{}", 2},
		{"a byte order mark", "\ufeff{}", 0},
		{"a trailing comma in an array", "[1,]", 3},
		{"a trailing comma in an object", `{"a":1,}`, 7},
		{"a leading comma", "[,1]", 1},
		{"a missing comma", "[1 2]", 3},
		{"a missing colon", `{"a" 1}`, 5},
		{"a name without quotes", "{a:1}", 1},
		{"a wrong bracket", "[1}", 2},
		{"a leading zero", "[01]", 1},
		{"a negative leading zero", "-01", 0},
		{"a lone minus", "-", 1},
		{"a plus sign", "+1", 0},
		{"a fraction without digits", "1.", 2},
		{"a number without integer part", ".5", 0},
		{"an exponent without digits", "1e+", 3},
		{"hexadecimal", "0x1", 1},
		{"NaN", "NaN", 0},
		{"a cut literal", "tru", 0},
		{"a capital literal", "True", 0},
		{"single quotes", "'a'", 0},
		{"a comment", "{}//", 2},
		{"a control character", "\"a\nb\"", 2},
		{"a NUL byte", "\"\x00\"", 1},
		{"an unknown escape", `"\x41"`, 1},
		{"an escape at the end", `"\`, 1},
		{"three digits after \\u", `"\u12"`, 1},
		{"a lone high surrogate", `"a\ud800"`, 2},
		{"a lone low surrogate", `"\udc00"`, 1},
		{"a high surrogate before a letter", `"\ud800A"`, 1},
		{"two high surrogates", `"\ud800\ud800"`, 1},
		{"invalid UTF-8", "\"ab\xff\"", 3},
		{"invalid UTF-8 behind an escape", "\"\\n\xff\"", 3},
		{"overlong UTF-8", "\"\xc0\xaf\"", 1},
		{"a surrogate in UTF-8", "\"\xed\xa0\x80\"", 1},
		{"invalid UTF-8 in a name", "{\"\xff\":1}", 2},
		{"a name twice", `{"a":1,"a":2}`, 7},
		{"a name twice in another case", `{"userName":1,"b":0,"USERNAME":2}`, 20}, // M-29, Z-40
		{"a name twice by escape", `{"a":1,"\u0061":2}`, 7},
		{"a name twice among many", "{" + members(40) + `,"M7":0}`, len("{"+members(40)) + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := schema.ParseJSON([]byte(c.text))
			require.Nil(t, got)
			requireError(t, err, schema.ErrorInvalidSyntax, "")
			require.Contains(t, err.Error(), fmt.Sprintf("character %d:", c.offset+1))
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":%d,`, i, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func TestParseJSONDepth(t *testing.T) {
	t.Parallel()
	nested := func(n int) []byte {
		return []byte(strings.Repeat(`[{"a":`, n/2) + "1" + strings.Repeat("}]", n/2))
	}
	_, err := schema.ParseJSON(nested(schema.MaxDepth))
	require.NoError(t, err)
	_, err = schema.ParseJSON(nested(schema.MaxDepth + 2))
	requireError(t, err, schema.ErrorInvalidSyntax, "")
	_, err = schema.ParseJSON([]byte(strings.Repeat("[", schema.MaxDepth+1)))
	requireError(t, err, schema.ErrorInvalidSyntax, "")
	// The limit is for the depth, not for the number of arrays.
	_, err = schema.ParseJSON([]byte("[" + strings.Repeat("[{}],", 100) + "[]]"))
	require.NoError(t, err)
}

// A body of 8 MiB must not take hundreds of MiB when it is parsed.
func TestParseJSONBoundsItsMemory(t *testing.T) {
	t.Parallel()
	ones := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }
	member := `{"value":"2819c223-7f76-453a-919d-413861904646","$ref":"/Users/2819c223","type":"User","display":"A"},`
	for _, c := range []struct{ name, text, fail string }{
		{"a group of 100,000 members", `{"displayName":"g","members":[` + strings.Repeat(member, 99_999) + strings.TrimSuffix(member, ",") + `]}`, ""},
		{"as many values as there may be", ones(schema.MaxValues - 1), ""},
		{"one value more", ones(schema.MaxValues), fmt.Sprintf("character %d: more than 1000000 values", 2*schema.MaxValues)},
		{"one value more, in objects", "[" + strings.Repeat(`{"a":1},`, schema.MaxValues/2) + "1]", "more than 1000000 values"},
		{"as many names as there may be", "{" + members(schema.MaxNames) + "}", ""},
		{"one name more", "{" + members(schema.MaxNames+1) + "}", "the object has more than 10000 members"},
		{"names are counted for each object", `[{` + members(schema.MaxNames) + `},{` + members(schema.MaxNames) + `}]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.ParseJSON([]byte(c.text))
			if c.fail == "" {
				require.NoError(t, err)
				return
			}
			requireError(t, err, schema.ErrorInvalidSyntax, "")
			require.Contains(t, err.Error(), c.fail)
		})
	}
}

func TestParseJSONSeparatesNestedObjects(t *testing.T) {
	t.Parallel()
	got, err := schema.ParseJSON([]byte(`{"a":{"b":{"c":1},"d":[{"a":2},{}]},"b":3}`))
	require.NoError(t, err)
	require.Equal(t, schema.JSONObject{
		{Name: "a", Value: schema.JSONObject{
			{Name: "b", Value: schema.JSONObject{{Name: "c", Value: schema.Number("1")}}},
			{Name: "d", Value: []any{schema.JSONObject{{Name: "a", Value: schema.Number("2")}}, schema.JSONObject{}}},
		}},
		{Name: "b", Value: schema.Number("3")},
	}, got)
}

// Errors may be sent to a client, so they are short for any input.
func TestParseJSONErrorsAreShort(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ä", 1<<16)
	_, err := schema.ParseJSON([]byte(`{"` + name + `":1,"` + name + `":2}`))
	require.Less(t, len(err.Error()), 300)
}

func TestParseJSONDoesNotAliasItsInput(t *testing.T) {
	t.Parallel()
	data := []byte(`{"name":"value","n":12}`)
	v, err := schema.ParseJSON(data)
	require.NoError(t, err)
	clear(data)
	require.Equal(t, schema.JSONObject{{Name: "name", Value: "value"}, {Name: "n", Value: schema.Number("12")}}, v)
}

func TestJSONObjectGet(t *testing.T) {
	t.Parallel()
	o := schema.JSONObject{{Name: "op", Value: "add"}, {Name: "Path", Value: nil}}
	v, ok := o.Get("OP")
	require.True(t, ok)
	require.Equal(t, "add", v)
	v, ok = o.Get("path")
	require.True(t, ok)
	require.Nil(t, v)
	_, ok = o.Get("value")
	require.False(t, ok)
	_, ok = schema.JSONObject{{Name: "pa\u017fs"}}.Get("pass") // names are ASCII
	require.False(t, ok)
}

func TestAppendJSONString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"plain ä😀", `"plain ä😀"`},
		{`"\`, `"\"\\"`},
		{"\b\f\n\r\t\x00\x1f\x7f", `"\b\f\n\r\t\u0000\u001f` + "\x7f" + `"`},
		{"</script>&", `"\u003c/script\u003e\u0026"`},
		{"a\u2028b\u2029c", `"a\u2028b\u2029c"`},
		{"a\xffb", `"a\ufffdb"`},
		{"\xff", `"\ufffd"`},
	} {
		got := string(schema.AppendJSONString([]byte("x"), c.in))
		require.Equal(t, "x"+c.want, got)
		want, err := json.Marshal(c.in)
		require.NoError(t, err)
		require.Equal(t, string(want), got[1:], "as encoding/json does")
	}
}
