package filter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

func TestFilterReadsTheGrammar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		// RFC 7644 Figure 2
		{"eq", `userName eq "bjensen"`, `userName eq "bjensen"`},
		{"apostrophe", `name.familyName co "O'Malley"`, `name.familyName co "O'Malley"`},
		{"sw", `userName sw "J"`, `userName sw "J"`},
		{"core URI", `urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, `userName sw "J"`}, // F-30
		{"core URI and sub-attribute", `URN:IETF:params:scim:schemas:core:2.0:user:NAME.givenname sw "J"`, `name.givenName sw "J"`},
		{"pr", `title pr`, `title pr`},
		{"dateTime gt", `meta.lastModified gt "2011-05-13T04:42:34Z"`, `meta.lastModified gt "2011-05-13T04:42:34Z"`},
		{"and", `title pr and userType eq "Employee"`, `title pr and userType eq "Employee"`},
		{"or", `title pr or userType eq "Intern"`, `title pr or userType eq "Intern"`},
		{"schemas", `schemas eq "` + ent + `"`, `schemas eq "` + ent + `"`}, // F-29
		{"multi-valued complex means value", `userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`, // F-25, Z-10
			`userType eq "Employee" and (emails.value co "example.com" or emails.value co "example.org")`},
		{"not with a space", `userType ne "Employee" and not (emails co "a" or emails.value co "b")`, // F-19
			`userType ne "Employee" and not (emails.value co "a" or emails.value co "b")`},
		{"not without a space", `not(title pr)`, `not (title pr)`},
		{"needless parentheses", `userType eq "Employee" and (emails.type eq "work")`, `userType eq "Employee" and emails.type eq "work"`},
		{"value path", `userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`,
			`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`},
		{"value paths combine", `emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`, // F-23
			`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`},

		{"any case", `Username Eq "john" AND NOT (TITLE Pr) Or active EQ true`, `userName eq "john" and not (title pr) or active eq true`}, // F-3
		{"and before or", `title pr or userName pr and nickName pr`, `title pr or userName pr and nickName pr`},                            // F-18, Z-8
		{"not before and", `not (title pr) and nickName pr`, `not (title pr) and nickName pr`},
		{"grouping", `(title pr or userName pr) and nickName pr`, `(title pr or userName pr) and nickName pr`}, // F-16
		{"grouping to the right", `title pr and (userName pr and nickName pr)`, `title pr and (userName pr and nickName pr)`},
		{"spaces", `  (  title   pr  )   and  emails[  type eq "a"  ]  `, `title pr and emails[type eq "a"]`},
		{"logic within brackets", `emails[type eq "work" or (type eq "home" and not (value ew "@x")) and primary eq true]`, // F-22
			`emails[type eq "work" or type eq "home" and not (value ew "@x") and primary eq true]`},
		{"value path in parentheses", `(emails[type pr])`, `emails[type pr]`},
		{"extension", ent + `:department eq "x"`, ent + `:department eq "x"`},
		{"extension, any case", strings.ToUpper(ent) + `:MANAGER.VALUE eq "x"`, ent + `:manager.value eq "x"`},
		{"extension within a filter", `not (title pr and ` + ent + `:manager.displayName eq "x")`, `not (title pr and ` + ent + `:manager.displayName eq "x")`},
		{"extension value path", ent + `:manager[value eq "x" and displayName pr]`, ent + `:manager[value eq "x" and displayName pr]`},
		{"extension as a whole", ent + ` pr`, ent + ` pr`},
		{"singular complex pr", `name pr`, `name pr`},
		{"$ref", `groups.$ref eq "x" and groups[$ref co "y"]`, `groups.$ref eq "x" and groups[$ref co "y"]`},                                                        // F-37
		{"common attributes", `id eq "a" and externalId eq "b" and meta.resourceType eq "User"`, `id eq "a" and externalId eq "b" and meta.resourceType eq "User"`}, // F-38
		{"null", `nickName eq null or nickName ne null`, `nickName eq null or nickName ne null`},                                                                    // F-35, Z-12
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := strict(schema.UserType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.String())
		})
	}
}

func TestFilterReadsUnusualNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"odd URI", oddURI + `:unit eq "a"`, oddURI + `:unit eq "a"`},
		{"odd URI in another case", strings.ToUpper(oddURI) + `:BOSS.$REF eq "a"`, oddURI + `:boss.$ref eq "a"`},
		{"https URI", `name pr and ` + httpURI + `:boss.value eq "a"`, `name pr and ` + httpURI + `:boss.value eq "a"`},
		{"the longest URI wins", longURI + `:unit eq "a"`, longURI + `:unit eq "a"`},
		{"the longest URI alone", longURI + ` pr`, longURI + ` pr`},
		{"an attribute called not", `not eq "a" and not (not pr)`, `not eq "a" and not (not pr)`},
		{"attributes called like operators", `eq eq "a" and true eq "b" or eq pr`, `eq eq "a" and true eq "b" or eq pr`},
		{"a complex attribute called like an operator", `le[type eq "a" and $id eq "b"] or le.$id pr`, `le[type eq "a" and $id eq "b"] or le.$id pr`},
		{"a $ within a name", `A$B eq "x"`, `a$b eq "x"`},
		{"simple values in brackets", `tags[value eq "a" or VALUE sw "b"]`, `tags[value eq "a" or value sw "b"]`}, // P-26
		{"multi-valued sub-attribute in brackets", `box.words[value eq "a"]`, `box.words[value eq "a"]`},
		{"multi-valued sub-attribute", `parts.words co "a" and parts[words eq "b"]`, `parts.words co "a" and parts[words eq "b"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := strict(thingType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.String())
		})
	}
}

func TestFilterReadsLiterals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{ // F-31
		{"escapes", `name eq "a \"q\" \\ \/ \b\f\n\r\t"`, "name eq \"a \\\"q\\\" \\\\ / \\b\\f\\n\\r\\t\""},
		{"lower-case unicode escape", `name eq "caf\u00e9"`, `name eq "café"`},
		{"upper-case unicode escape", `name eq "caf\u00E9"`, `name eq "café"`},
		{"surrogate pair", `name eq "\ud83d\uDE00"`, `name eq "😀"`},
		{"syntax within a string", `name eq " and ) ] [ ( \" or "`, `name eq " and ) ] [ ( \" or "`},
		{"SQL within a string", `name eq "'; DROP TABLE users; -- %_"`, `name eq "'; DROP TABLE users; -- %_"`}, // F-39
		{"unicode", `name eq "Ünïcode 日本"`, `name eq "Ünïcode 日本"`},
		{"empty string", `name co ""`, `name co ""`},
		{"integers", `count eq 5 or count lt -12 or count ge 0`, `count eq 5 or count lt -12 or count ge 0`},
		{"largest integer", `count le 9223372036854775807`, `count le 9223372036854775807`},
		{"integer in brackets", `parts[size gt 3]`, `parts[size gt 3]`},
		{"decimals", `weight eq 1.50 or weight gt -2e3 or weight lt 1E-7 or weight eq 7`, `weight eq 1.50 or weight gt -2e3 or weight lt 1E-7 or weight eq 7`},
		{"booleans", `on eq true or on ne false`, `on eq true or on ne false`},
		{"binary", `blob eq "AAEC"`, `blob eq "AAEC"`},
		{"dateTime with seven digits", `seen ge "2011-05-13T04:42:34.1234567+02:00"`, `seen ge "2011-05-13T04:42:34.1234567+02:00"`},
		{"dateTime of year 1", `seen gt "0001-01-01T00:00:00Z"`, `seen gt "0001-01-01T00:00:00Z"`},
		{"reference made canonical", `link eq "HTTP://Example.com:80/a/../b"`, `link eq "http://example.com/b"`}, // N-4
		{"part of a reference", `link sw "HTTP://Example.com:80/"`, `link sw "HTTP://Example.com:80/"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := strict(thingType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.String())
		})
	}
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		position   int
		detail     string
	}{
		{"nothing", ``, 0, "empty"}, // F-4
		{"spaces", `   `, 0, "empty"},
		{"an attribute alone", `name`, 5, "expected an operator, found the end"}, // F-5
		{"no value", `name eq`, 8, "expected a value, found the end"},
		{"no attribute", `eq "a"`, 4, "expected an operator"},
		{"an open parenthesis", `(name pr`, 9, `")" is missing`},
		{"a closing parenthesis", `name pr)`, 8, `without a "("`},
		{"and without a right side", `name pr and`, 12, "expected an attribute, found the end"},
		{"and without a left side", `and name pr`, 5, "unknown operator"},
		{"two filters", `name pr code pr`, 9, `"and", "or" or the end`},
		{"an open bracket", `parts[size eq 1`, 16, `"]" is missing`},
		{"a closing bracket", `name pr]`, 8, `without a "["`},
		{"an open parenthesis in brackets", `parts[(type pr]`, 15, `")" is missing`},
		{"a parenthesis across a bracket", `(parts[type pr)]`, 15, `without a "("`},
		{"empty brackets", `parts[]`, 7, "empty"},
		{"an index", `parts[0]`, 8, "index"},
		{"text behind a bracket", `parts[type pr]x eq "a"`, 15, `'x'`},
		{"a bracket without a name", `[type pr]`, 1, `'['`},
		{"a space before a bracket", `parts [type pr]`, 7, `'['`},
		{"an operator behind a bracket", `parts[type pr] eq "a"`, 16, `"and", "or" or the end`},
		{"not without parentheses", `not name pr`, 5, "unknown operator"}, // F-17
		{"not twice", `not not (name pr)`, 5, "unknown operator"},
		{"a tab", "name\tpr", 5, `'\t'`},
		{"single quotes", `name eq 'a'`, 9, "double quotes"},                                    // F-31
		{"an unquoted word", `name eq User`, 9, "expected a string in double quotes, a number"}, // F-32, Z-13
		{"an unquoted true in capitals", `on eq TRUE`, 7, "expected a string in double quotes, a number"},
		{"an open string", `name eq "a`, 9, "closing quote"},
		{"an open escaped string", `name eq "a\"`, 9, "closing quote"},
		{"a bad escape", `name eq "a\x"`, 11, "escape"},
		{"a short unicode escape", `name eq "\u12"`, 10, "escape"},
		{"a unicode escape of other letters", `name eq "\u12xy"`, 10, "escape"},
		{"a backslash at the end", `name eq "\`, 10, "escape"},
		{"half a surrogate pair", `name eq "\ud83d"`, 10, "escape"},
		{"surrogates in the wrong order", `name eq "\ude00\ud83d"`, 10, "escape"},
		{"a control character", "name eq \"a\nb\"", 11, "control"},
		{"a control character behind an escape", "name eq \"\\n\nb\"", 12, "control"},
		{"invalid UTF-8", "name eq \"\xff\"", 0, "UTF-8"},
		{"a leading zero", `count eq 01`, 10, "number"},
		{"a minus alone", `count eq -`, 10, "number"},
		{"a number without fraction digits", `weight eq 1.`, 11, "number"},
		{"a number without exponent digits", `weight eq 1e+`, 11, "number"},
		{"a number and letters", `count eq 1x`, 10, "number"},
		{"a string against its neighbour", `name eq "a"and code pr`, 0, "not a filter"},
		{"an unknown operator", `name regex "x"`, 6, `"regex"`}, // F-27
		{"an unknown operator in brackets", `name pr and parts[type foo "x"]`, 24, `"foo"`},
		{"two dots", `box..label pr`, 0, "not a filter"},
		{"a leading dot", `.x pr`, 1, `'.'`},
		{"a trailing dot", `box. pr`, 0, "not a filter"},
		{"three names", `box.label.x pr`, 0, "not a filter"},

		{"an unknown attribute", `name pr and nope eq "x"`, 13, `"nope"`}, // F-34, Z-13
		{"an unknown sub-attribute", `box.nope eq "x"`, 1, `"box.nope"`},
		{"a sub-attribute of a simple attribute", `name.x eq "a"`, 1, `"name.x"`}, // T-11
		{"an extension attribute without its URI", `unit eq "a"`, 1, `"unit"`},
		{"the URI of no schema", `name pr and urn:nope:x eq "a"`, 13, `"urn:nope:x"`},
		{"the base URI alone", `urn:x:Thing pr`, 1, "unknown"},
		{"a URI and a colon", httpURI + `: pr`, 0, "not a filter"},
		{"an unknown name in brackets", `name pr and parts[nope eq "x"]`, 19, `"nope"`}, // F-21
		{"a root attribute in brackets", `parts[name eq "x"]`, 7, `"name"`},
		{"a path in brackets", `parts[parts.type eq "x"]`, 7, `"parts.type"`},
		{"a URI in brackets", `parts[urn:x:Thing:type eq "x"]`, 7, "sub-attributes"},
		{"brackets in brackets", `parts[type[value pr]]`, 11, "another value filter"}, // F-22
		{"brackets on a simple attribute", `name[value eq "x"]`, 1, "no sub-attributes"},
		{"brackets on an extension", httpURI + `[unit eq "x"]`, 1, "no sub-attributes"},
		{"another name in simple brackets", `tags[type eq "x"]`, 6, `"type"`},
		{"a secret", `pin eq "1234"`, 1, `unknown attribute "pin"`},
		{"a secret's presence", `pin pr`, 1, `unknown attribute "pin"`},
		{"a secret sub-attribute", `parts.key eq "x"`, 1, "unknown"},
		{"a secret in brackets", `parts[key sw "x"]`, 7, "unknown"},
		{"a secret value", `keys eq "x"`, 1, "compare one of its"},

		{"order on a boolean", `on gt false`, 1, "gt does not apply to type boolean"},  // F-14
		{"order on a binary", `blob gt "AA=="`, 1, "gt does not apply to type binary"}, // F-15
		{"part of a boolean", `on co "t"`, 1, "co does not apply"},                     // F-33
		{"part of an integer", `count sw "1"`, 1, "sw does not apply"},
		{"part of a dateTime", `seen sw "2011"`, 1, "sw does not apply"},
		{"part of a decimal", `weight ew "1"`, 1, "ew does not apply"},
		{"part of a binary", `blob co "AA"`, 1, "co does not apply"},
		{"order on a boolean in brackets", `parts[primary gt true]`, 7, "gt does not apply"}, // P-18
		{"a word for a boolean", `on eq "yes"`, 7, "true or false"},
		{"a string for a boolean", `on eq "True"`, 7, "true or false"},
		{"a number for a boolean", `on eq 1`, 7, "true or false"},
		{"a boolean for a string", `name eq true`, 9, "in double quotes"},
		{"a number for a string", `name eq 5`, 9, "in double quotes"},
		{"a string for an integer", `count eq "5"`, 10, "JSON number"},
		{"a fraction for an integer", `count eq 1.0`, 10, "JSON number"},
		{"an exponent for an integer", `count eq 1e2`, 10, "JSON number"},
		{"an integer too large", `count eq 9223372036854775808`, 10, "valid integer"},
		{"an integer of many digits", `count eq ` + strings.Repeat("9", 400), 10, "valid integer"},
		{"a decimal too large", `weight eq 1e999`, 11, "valid decimal"},
		{"no date", `seen gt "soon"`, 9, "valid dateTime"},
		{"no base64", `blob eq "?"`, 9, "valid binary"},
		{"part of null", `name co null`, 9, "null"}, // Z-12
		{"order on null", `count gt null`, 10, "null"},
		{"a complex attribute", `box eq "x"`, 1, "complex"}, // F-25
		{"a complex attribute with null", `box eq null`, 1, "complex"},
		{"a complex attribute without value", `marks eq "x"`, 1, "complex"},
		{"an extension", httpURI + ` eq "x"`, 1, "complex"},
		{"a singular complex attribute with value", httpURI + `:boss eq "x"`, 1, "complex"},
		{"a sub-attribute behind brackets", `parts[type eq "work"].value eq "x"`, 1, "within"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := strict(thingType).Filter(c.text, nil)
			require.Nil(t, f)
			fe := requireError(t, err, schema.ErrorInvalidFilter)
			require.Contains(t, fe.Error(), c.detail)
			require.Equal(t, c.position, fe.Position, "%v", err)
		})
	}
}

func TestErrorNamesTheAttributeAndNotTheValue(t *testing.T) {
	t.Parallel()
	_, err := strict(schema.UserType).Filter(`emails[primary eq "hunter2"]`, nil)
	fe := requireError(t, err, schema.ErrorInvalidFilter)
	require.Equal(t, "emails.primary", fe.Err.Path)
	require.NotContains(t, fe.Error(), "hunter2")
}

func TestFilterReadsProviderFilters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a sub-attribute behind brackets", `emails[type eq "work"].value eq "x"`, `emails[type eq "work" and value eq "x"]`}, // Entra ID
		{"with or within", `emails[type eq "work" or type eq "home"].value co "x" and title pr`,
			`emails[(type eq "work" or type eq "home") and value co "x"] and title pr`},
		{"pr behind brackets", `(emails[type eq "work"].value pr)`, `emails[type eq "work" and value pr]`},
		{"ne behind brackets", `emails[type eq "work"].value ne "x"`, `emails[type eq "work" and value ne "x"]`},
		{"manager as its value", ent + `:manager eq "id"`, ent + `:manager.value eq "id"`},                                    // Entra ID
		{"string booleans", `active eq "True" and emails[primary eq "false"]`, `active eq true and emails[primary eq false]`}, // Entra ID
		{"unquoted booleans", `active eq True`, `active eq true`},
		{"names in any case", `USERNAME eq "x" and EMAILS[TYPE eq "work"].VALUE eq "x"`, `userName eq "x" and emails[type eq "work" and value eq "x"]`}, // RFC 7644 §3.4.2.2
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := lenient(schema.UserType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.String())
			_, err = strict(schema.UserType).Filter(c.text, nil)
			if !strings.HasPrefix(c.text, "USER") {
				requireError(t, err, schema.ErrorInvalidFilter)
			}
		})
	}
}

func TestLenientStillRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`name eq "x"`, ent + ` eq "x"`, `active eq "yes"`, `active eq ""`, `emails[type eq "work"].nope eq "x"`,
		`emails[type eq "work"].value`, `emails[type eq "work"].value.x eq "y"`, `emails[type eq "work"]. eq "y"`,
		`emails[type eq "work"].value[type pr]`, `emails.value[type pr].x eq "y"`, `password eq "x"`, `nope pr`,
	} {
		_, err := lenient(schema.UserType).Filter(text, nil)
		requireError(t, err, schema.ErrorInvalidFilter)
	}
}

func TestAnyTypeGivesUnknownAttributesNoValue(t *testing.T) {
	t.Parallel()
	group := resource(t, schema.GroupType, `{"displayName":"Crew","members":[{"value":"m"}]}`)
	for _, c := range []struct { // F-34, Z-13
		text string
		want bool
	}{
		{`displayName eq "crew"`, true},
		{`userName eq "x"`, false},
		{`userName pr`, false},
		{`userName ne "x"`, true},
		{`userName eq null`, true},
		{`userName ne null`, false},
		{`not (userName pr)`, true},
		{`nope gt 3 or nope eq true or displayName pr`, true},
		{`name.givenName eq "x"`, false},
		{`urn:ietf:params:scim:schemas:core:2.0:User:name.givenName ne "x"`, true},
		{ent + `:manager.value eq "x" or displayName eq "Crew"`, true},
		{`emails[type eq "work" and (value eq "x")] or displayName eq "Crew"`, true},
		{`emails[type eq "work"].value eq "x" or displayName eq "Crew"`, true},
		{`emails[type ne "work"] or emails[type eq null].value ne "x"`, false},
		{ent + `[type ne "work"]`, false},
		{`members[nope eq "x"] and displayName pr`, false},
		{`members[` + schema.GroupURI + `:value pr]`, false},
		{`members[urn:nope:x eq null and value eq "m"]`, true},
		{`password eq "x"`, false},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			f, err := anyType(schema.GroupType).Filter(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, f.Match(group))
		})
	}
	for _, text := range []string{`emails[type bad "x"]`, `emails[`, `foo[bar baz]`, `foo[bar pr].x bad "y"`, `userName co null`, `userName`, `emails[x[y pr]]`, `displayName gt true`} {
		_, err := anyType(schema.GroupType).Filter(text, nil)
		requireError(t, err, schema.ErrorInvalidFilter)
	}
}

func TestExtensionHasNoComparableValue(t *testing.T) {
	t.Parallel()
	_, err := lenient(thingType).Filter(httpURI+` eq "x"`, nil)
	requireError(t, err, schema.ErrorInvalidFilter)
}

func TestUses(t *testing.T) {
	t.Parallel()
	f, err := strict(schema.UserType).Filter(`not (groups.value eq "g") or emails[type pr] and (title pr or active eq true)`, nil)
	require.NoError(t, err)
	for _, name := range []string{"groups", "emails", "title", "active"} {
		require.True(t, f.Uses(schema.UserType.MustResolve(name).Root()), name)
	}
	for _, name := range []string{"userName", "name", "id"} {
		require.False(t, f.Uses(schema.UserType.MustResolve(name).Root()), name)
	}
	for path, want := range map[string]bool{
		"groups": true, "groups.value": true, "groups.display": false, "emails": true, "emails.type": true,
		"emails.value": false, "title": true, "name.givenName": false,
	} {
		require.Equal(t, want, f.UsesPath(schema.UserType.MustResolve(path)), path)
	}
	nothing := filter.New(filter.Compare{})
	require.False(t, nothing.Uses(schema.IDAttribute))
	require.False(t, nothing.UsesPath(schema.UserType.MustResolve("id")))

	f, err = anyType(thingType).Filter(`box pr and tags[value eq "a"] and parts[nope eq "x"]`, nil)
	require.NoError(t, err)
	for path, want := range map[string]bool{"box.label": true, "tags": true, "parts": true, "parts.type": true, "marks": false} {
		require.Equal(t, want, f.UsesPath(thingType.MustResolve(path)), path)
		require.Equal(t, want, f.Uses(thingType.MustResolve(path).Root()), path)
	}
}
