package filter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	thing := resource(t, thingType, `{
		"name":"BJensen","code":"AbC","on":true,"count":9,"weight":1.5,
		"seen":"2011-05-13T06:42:34.5+02:00","blob":"AAEC","link":"http://example.com/b",
		"tags":["Red","green",""],"codes":[1,10],
		"box":{"label":"L","words":["p","q"]},
		"parts":[{"type":"work","value":"a@x","primary":true,"size":1},{"type":"home","value":"b@example.com"},{"type":"other","words":["u","v"]}],
		"marks":[{"text":"m"}],
		"`+oddURI+`":{"unit":"U","rooms":[{"value":"r1"},{"value":"r2","primary":true}]}
	}`)
	empty := resource(t, thingType, `{}`)
	for _, c := range []struct {
		text        string
		want, none  bool // on the thing, on the empty one
		description string
	}{
		{`name eq "bjensen"`, true, false, "eq folds case"}, // F-6, F-28
		{`code eq "abc"`, false, false, "caseExact"},
		{`code eq "AbC"`, true, false, "caseExact"},
		{`id eq "Id-1"`, true, true, "id"},
		{`id eq "ID-1"`, false, false, "id is caseExact"},
		{`on eq true`, true, false, "booleans"},
		{`on eq false`, false, false, "no default for booleans"},
		{`count eq 9`, true, false, "integers"},
		{`weight eq 1.50`, true, false, "numbers by value"},
		{`blob eq "AAEC"`, true, false, "binary"},
		{`blob eq "aaec"`, false, false, "binary is caseExact"},
		{`link eq "HTTP://EXAMPLE.com:80/b"`, true, false, "references are canonical"}, // N-4
		{`link ne "HTTP://EXAMPLE.com:80/b"`, false, true, "references are canonical"},
		{`link eq "http://example.com/B"`, false, false, "references are caseExact"},
		{`name ne "bjensen"`, false, true, "absent is ne"}, // F-7, Z-11
		{`tags eq "GREEN"`, true, false, "any value"},      // F-24
		{`tags ne "green"`, false, true, "no value equal"}, // Z-11
		{`tags ne "blue"`, true, true, "no value equal"},
		{`parts.type ne "work"`, false, true, "no value equal"},
		{`parts[type ne "work"]`, true, false, "some value not equal"},
		{`name co "JEN"`, true, false, "co folds"}, // F-8
		{`name co ""`, true, false, "co of nothing"},
		{`tags co ""`, true, false, "co of nothing"},
		{`code co "bc"`, false, false, "co caseExact"},
		{`code co "bC"`, true, false, "co caseExact"},
		{`name sw "BJ"`, true, false, "sw"}, // F-9
		{`name sw "bjensen"`, true, false, "sw whole"},
		{`name sw "bjensens"`, false, false, "sw longer"},
		{`name ew "SEN"`, true, false, "ew"},
		{`name ew "bjensen"`, true, false, "ew whole"},
		{`name ew "xbjensen"`, false, false, "ew longer"},
		{`link sw "http://example.com/"`, true, false, "sw on references"},
		{`name pr`, true, false, "pr"}, // F-10
		{`box pr`, true, false, "pr of a complex value"},
		{`parts pr`, true, false, "pr of complex values"},
		{`parts[words pr]`, true, false, "pr in brackets"},
		{`on pr`, true, false, "pr of a boolean"},
		{oddURI + ` pr`, true, false, "pr of an extension"},
		{httpURI + ` pr`, false, false, "pr of an extension"},
		{`name gt "BJ"`, true, false, "order folds"}, // F-11
		{`name gt "bjensen"`, false, false, "gt"},
		{`name ge "BJENSEN"`, true, false, "ge"},
		{`name le "bjensen"`, true, false, "le"},
		{`name lt "c"`, true, false, "lt"},
		{`code lt "a"`, true, false, "order of caseExact"},
		{`seen eq "2011-05-13T04:42:34.500Z"`, true, false, "instants"}, // F-12
		{`seen gt "2011-05-13T04:42:34Z"`, true, false, "fractions"},
		{`seen lt "2011-05-13T04:42:34.6Z"`, true, false, "fractions"},
		{`seen gt "0001-01-01T00:00:00Z"`, true, false, "year 1"},
		{`meta.lastModified gt "2011-05-13T04:42:34Z"`, true, true, "meta"}, // F-38
		{`meta.created le "2020-01-02T03:04:05Z"`, true, true, "meta"},
		{`meta.resourceType eq "Thing"`, true, true, "meta"},
		{`meta.version eq "W/\"7\""`, true, true, "meta"},
		{`count lt 10`, true, false, "numeric order"}, // F-13
		{`count ge 9 and count le 9 and not (count gt 9)`, true, false, "integers"},
		{`weight gt -1e3`, true, false, "decimals"},
		{`codes gt 9`, true, false, "any value"},
		{`codes lt 1`, false, false, "any value"},
		{`on eq true and count eq 9`, true, false, "and"}, // F-16
		{`on eq true and count eq 8`, false, false, "and"},
		{`on eq false or count eq 9`, true, false, "or"},
		{`on eq false or count eq 8`, false, false, "or"},
		{`not (on eq true)`, false, true, "not"}, // F-17
		{`name pr or count eq 0 and count eq 1`, true, false, "precedence"},
		{`(name pr or count eq 0) and count eq 1`, false, false, "precedence"},
		{`parts[type eq "work" and value co "@example.com"]`, false, false, "one value"}, // F-20
		{`parts.type eq "work" and parts.value co "@example.com"`, true, false, "two values"},
		{`parts[type eq "home" and value co "@example.com"]`, true, false, "one value"},
		{`parts[type eq "home"].value co "@example.com"`, true, false, "behind the brackets"}, // Entra ID
		{`parts[type eq "home"].value eq "a@x"`, false, false, "behind the brackets"},
		{`parts[type eq "work"].value ne "a@x"`, false, false, "ne behind the brackets"},
		{`parts[type eq "other"].value ne "a@x"`, true, false, "ne behind the brackets"},
		{`not (parts[type eq "work"])`, false, true, "not of a value path"},
		{`parts[not (type eq "work")]`, true, false, "not in a value path"},
		{`parts co "@example"`, true, false, "value"}, // Z-10
		{`parts.words eq "V"`, true, false, "lists in lists"},
		{`parts.words ne "v"`, false, true, "lists in lists"},
		{`parts[words eq "v" and type eq "other"]`, true, false, "lists in a value"},
		{`box[label eq "l"]`, true, false, "a singular value"},
		{`box.words[value eq "q"]`, true, false, "simple values"},
		{`tags[value sw "r" and value ew "d"]`, true, false, "one simple value"}, // P-26
		{`tags[value sw "r" and value ew "n"]`, false, false, "one simple value"},
		{`parts[primary eq false]`, true, false, "a missing primary"}, // N-2
		{`parts.primary eq false`, true, false, "a missing primary"},
		{`parts.primary ne false`, false, true, "a missing primary"},
		{`parts[type eq "home" and primary ne true]`, true, false, "a missing primary"},
		{`parts[type eq "home" and primary pr]`, false, false, "a missing primary is not present"},
		{`parts[type eq "home" and primary eq null]`, true, false, "a missing primary is unassigned"},
		{`box.primary eq false`, true, false, "a missing primary"},
		{`primary eq false`, false, false, "no sub-attribute"},
		{oddURI + `:primary eq false`, false, false, "no sub-attribute"},
		{oddURI + `:rooms.primary eq false`, true, false, "a missing primary in an extension"},
		{oddURI + `:rooms[primary eq false and value eq "r1"]`, true, false, "a missing primary in an extension"},
		{oddURI + `:unit eq "u"`, true, false, "extension"}, // F-30
		{longURI + `:unit eq "u"`, false, false, "extension"},
		{`name eq null`, false, true, "null"}, // F-35, Z-12
		{`name ne null`, true, false, "null"},
		{`parts eq null`, false, true, "null"},
		{`marks.text eq null`, false, true, "null"},
		{`schemas eq "` + oddURI + `"`, true, false, "schemas"}, // F-29
		{`schemas eq "urn:x:Thing"`, true, true, "schemas"},
	} {
		t.Run(c.text+" "+c.description, func(t *testing.T) {
			t.Parallel()
			f, err := lenient(thingType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.Match(thing))
			require.Equal(t, c.none, f.Match(empty), "on an empty resource")
		})
	}
}

func TestMatchEmptyString(t *testing.T) {
	t.Parallel()
	r := resource(t, thingType, `{"name":"","tags":["",""],"box":{"label":"","words":["",""]},"parts":[{"value":"","type":""},{"words":[""]}],"marks":[{"text":""},{"text":"x"}],"`+oddURI+`":{"unit":"","boss":{"value":""}},"`+httpURI+`":{"primary":false}}`)
	for text, want := range map[string]bool{ // T-13
		`name pr`: false, `tags pr`: false, `name eq ""`: true, `name eq null`: false, `name ne null`: true, `name co ""`: true,
		`name co "a"`: false, `name sw ""`: true, `name ew ""`: true, `name lt "a"`: true, `name ge ""`: true,
		`box pr`: false, `parts pr`: false, `marks pr`: true, oddURI + ` pr`: false, oddURI + `:boss pr`: false, httpURI + ` pr`: true, // F-10
		`parts ne null`: true, `parts[value eq ""]`: true, `parts[not (words pr)]`: true,
	} {
		f, err := strict(thingType).Filter(text, nil)
		require.NoError(t, err)
		require.Equal(t, want, f.Match(r), text)
	}
}

func TestMatchFoldsUnicode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct { // F-36
		value, op, literal string
		want               bool
	}{
		{"José", "eq", "jose\u0301", true},
		{"ｊｏｓｅ", "eq", "JOSE", true},
		{"Straße", "eq", "STRASSE", true},
		{"Straße", "co", "ass", true},
		{"jose", "eq", "josé", false},
		{"jose", "co", "é", false},
		{"jose\u0301", "co", "jose", false},
		{"ÉCOLE", "sw", "éc", true},
		{"ÉCOLE", "ew", "OLE", true},
		{"ecole", "lt", "é", true},
		{"é", "gt", "Z", true},
		{"Z", "lt", "é", true},
		{"z", "ge", "É", false},
	} {
		t.Run(c.value+" "+c.op+" "+c.literal, func(t *testing.T) {
			t.Parallel()
			var b schema.Builder
			b.Set(thingType.MustResolve("name").Root(), schema.String(c.value))
			r := &schema.Resource{Type: thingType, Attributes: b.Object()}
			f, err := strict(thingType).Filter(`name `+c.op+` "`+c.literal+`"`, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.Match(r))
		})
	}
}

func TestMatchSurvivesValuesOfAnotherType(t *testing.T) {
	t.Parallel()
	var b schema.Builder
	for _, name := range []string{"on", "count", "weight", "seen", "blob", "link", "box", "parts"} {
		b.Set(thingType.MustResolve(name).Root(), schema.String("x"))
	}
	r := &schema.Resource{Type: thingType, Attributes: b.Object()}
	for _, text := range []string{
		`on eq false`, `count eq 0`, `count lt 1`, `weight lt 1`, `seen lt "2020-01-01T00:00:00Z"`,
		`blob eq "AAEC"`, `link eq "x"`, `box.label pr`, `parts[type eq "x"]`, `parts.words eq "x"`,
	} {
		f, err := strict(thingType).Filter(text, nil)
		require.NoError(t, err)
		require.False(t, f.Match(r), text)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	r := resource(t, schema.UserType, `{"userName":"BJensen@example.com","active":true,"emails":[{"type":"work","value":"x@Example.com"}]}`)
	for _, text := range []string{
		`userName eq "bjensen@EXAMPLE.com"`, `userName co "JENSEN" and active eq true`, `id eq "Id-1"`,
		`emails[type eq "work" and value ew "@example.com"]`, `not (title pr) or emails.value sw "y"`,
	} {
		f, err := strict(schema.UserType).Filter(text, nil)
		require.NoError(t, err)
		require.True(t, f.Match(r))
		require.Zero(t, testing.AllocsPerRun(100, func() { f.Match(r) }), text)
	}
}

func TestNewMatchesConstructedExpressions(t *testing.T) {
	t.Parallel()
	r := resource(t, schema.UserType, `{"userName":"BJensen","emails":[{"type":"work"}]}`)
	userName := schema.UserType.MustResolve("userName")
	emails := schema.UserType.MustResolve("emails")
	isType := filter.Compare{Path: schema.AttrPath{emails.Last().Sub("type")}, Op: filter.EQ, Value: schema.String("WORK")}
	f := filter.New(filter.And{
		Left:  filter.Compare{Path: userName, Op: filter.SW, Value: schema.String("BJ")},
		Right: filter.ValuePath{Path: emails, Expr: isType},
	})
	require.True(t, f.Match(r))
	require.Equal(t, `userName sw "BJ" and emails[type eq "WORK"]`, f.String())
	before := filter.New(filter.Compare{Path: schema.UserType.MustResolve("meta.created"), Op: filter.LT, Value: schema.DateTime(time.Unix(0, 0))})
	require.False(t, before.Match(r))
}
