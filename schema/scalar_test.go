package schema_test

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// T-3
func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ members, want string }{
		{`"count":0`, `0`},
		{`"count":-0`, `0`},
		{`"count":-5`, `-5`},
		{`"count":9007199254740993`, `9007199254740993`},
		{`"count":9223372036854775807`, `9223372036854775807`},
		{`"count":-9223372036854775808`, `-9223372036854775808`},
		{`"count":9223372036854775808`, ""},
		{`"count":1.0`, ""},
		{`"count":1.5`, ""},
		{`"count":1e3`, ""},
		{`"count":1E3`, ""},
		{`"count":true`, ""},
		{`"weight":1.5`, `1.5`},
		{`"weight":1.50`, `1.50`},
		{`"weight":1e3`, `1e3`},
		{`"weight":-0`, `-0`},
		{`"weight":3`, `3`},
		{`"weight":1e-999`, `1e-999`},
		{`"weight":1e999`, ""},
	} {
		for _, p := range []schema.Profile{schema.Strict(), schema.Lenient()} {
			name, _, _ := strings.Cut(strings.TrimPrefix(c.members, `"`), `"`)
			got, err := gadgetType.Decode(gadgetBody(t, c.members), p)
			if c.want == "" {
				requireError(t, err, schema.ErrorInvalidValue, name)
				continue
			}
			require.NoError(t, err, c.members)
			v := got.Attributes.Get(gadgetType.MustResolve(name).Last())
			require.Equal(t, c.want, string(v.AppendJSON(nil)))
			f, _ := strconv.ParseFloat(c.want, 64)
			require.InDelta(t, f, v.Float(), math.Abs(f)*1e-15)
		}
	}
}

// T-4
func TestDateTime(t *testing.T) {
	t.Parallel()
	at := gadgetType.MustResolve("at").Last()
	utc := func(y, mo, d, h, mi, s, ns int) time.Time {
		return time.Date(y, time.Month(mo), d, h, mi, s, ns, time.UTC)
	}
	for text, want := range map[string]time.Time{
		"2011-05-13T04:42:34Z":                       utc(2011, 5, 13, 4, 42, 34, 0),
		"2011-05-13T04:42:34.123+02:00":              utc(2011, 5, 13, 2, 42, 34, 123e6),
		"2011-05-13T04:42:34.1234567Z":               utc(2011, 5, 13, 4, 42, 34, 123456700), // Entra ID
		"2011-05-13T04:42:34.123456789987654321Z":    utc(2011, 5, 13, 4, 42, 34, 123456789),
		"2011-05-13T04:42:34.0000000000000000000001": utc(2011, 5, 13, 4, 42, 34, 0),
		"2011-05-13T04:42:34":                        utc(2011, 5, 13, 4, 42, 34, 0),
		"2011-05-13T23:59:59-14:00":                  utc(2011, 5, 14, 13, 59, 59, 0),
		"2012-02-29T00:00:00Z":                       utc(2012, 2, 29, 0, 0, 0, 0),
		"0001-01-01T00:00:00Z":                       utc(1, 1, 1, 0, 0, 0, 0),
		"9999-12-31T23:59:59.999999999Z":             utc(9999, 12, 31, 23, 59, 59, 999999999),
	} {
		v, err := schema.ParseScalar(at, text)
		require.NoError(t, err, text)
		require.True(t, want.Equal(v.Time()), "%s: %s", text, v.Time())
		require.Equal(t, text, v.Text(), "the text is kept")
	}
	for _, text := range []string{
		"", "2011-05-13", "04:42:34", "2011-05-13T04:42Z", "2011-05-13 04:42:34Z", "2011-05-13t04:42:34Z", "2011-05-13T04:42:34z",
		"2011-13-13T04:42:34Z", "2011-00-13T04:42:34Z", "2011-05-32T04:42:34Z", "2011-05-00T04:42:34Z", "2011-02-29T04:42:34Z", "2011-04-31T00:00:00Z",
		"2011-05-13T24:00:00Z", "2011-05-13T04:60:34Z", "2011-05-13T04:42:60Z",
		"2011-05-13T04:42:34.Z", "2011-05-13T04:42:34,5Z", "2011-05-13T04:42:34+2:00", "2011-05-13T04:42:34+0200", "2011-05-13T04:42:34+14:01",
		"2011-05-13T04:42:34+02:60", "2011-05-13T04:42:34ZZ", "2011-05-13T04:42:34 Z", " 2011-05-13T04:42:34Z", "2011-05-13T04:42:34+ab:cd",
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "-2011-05-13T04:42:34Z", "११११-०५-१३T०४:४२:३४Z",
	} {
		_, err := schema.ParseScalar(at, text)
		requireError(t, err, schema.ErrorInvalidValue, "")
		_, err = gadgetType.Decode(gadgetBody(t, `"at":"`+text+`"`), schema.Strict())
		requireError(t, err, schema.ErrorInvalidValue, "at")
	}
	_, err := gadgetType.Decode(gadgetBody(t, `"at":1305261754`), schema.Lenient())
	requireError(t, err, schema.ErrorInvalidValue, "at")
}

// T-5
func TestBinary(t *testing.T) {
	t.Parallel()
	blob := gadgetType.MustResolve("blob").Last()
	for text, ok := range map[string]bool{
		"QQ==": true, "QQ": true, "QUI=": true, "QUI": true, "QUJD": true, "+/+/": true,
		"": false, "=": false, "Q": false, "Q===": false, "QQ=": false, "QUI==": false, "QUJD=": false, "QUJD====": false, "QUJDR": false,
		"!!!": false, "QQ==QQ==": false, "QU JD": false, "QUJD\n": false, "-_-_": false, "QÜ==": false,
	} {
		v, err := schema.ParseScalar(blob, text)
		require.Equal(t, ok, err == nil, "%q: %v", text, err)
		if !ok {
			requireError(t, err, schema.ErrorInvalidValue, "")
			continue
		}
		require.Equal(t, text, v.Text())
		_, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		require.NoError(t, err)
	}
}

func TestParseScalar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, text, want string }{
		{"name", "", `""`},
		{"code", "any", `"any"`},
		{"on", "true", `true`},
		{"on", "false", `false`},
		{"on", "TRUE", ""},
		{"on", "1", ""},
		{"count", "12", `12`},
		{"count", "+12", ""},
		{"count", "012", ""},
		{"count", "1 ", ""},
		{"count", "0x1", ""},
		{"count", "1.0", ""},
		{"count", "", ""},
		{"weight", "1.5e3", `1.5e3`},
		{"weight", "NaN", ""},
		{"weight", "Inf", ""},
		{"weight", "1_0", ""},
		{"link", "HTTP://A/", `"http://a/"`},
		{"link", "http://[bad", ""},
		{"owner", "x", ""},
	} {
		got, err := schema.ParseScalar(gadgetType.MustResolve(c.path).Last(), c.text)
		if c.want == "" {
			requireError(t, err, schema.ErrorInvalidValue, "")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, string(got.AppendJSON(nil)))
	}
}
