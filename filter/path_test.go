package filter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

func TestPathReads(t *testing.T) {
	t.Parallel()
	user, thing := schema.UserType, thingType
	for _, c := range []struct {
		name, text string
		typ        *schema.ResourceType
		attr       string
		filter     string
		sub        string
	}{
		{"attribute", `members`, schema.GroupType, "members", "", ""},
		{"any case", `USERname`, user, "userName", "", ""}, // P-7
		{"sub-attribute", `NAME.familyname`, user, "name.familyName", "", ""},
		{"core URI", `urn:ietf:params:scim:schemas:core:2.0:USER:Name.familyName`, user, "name.familyName", "", ""},
		{"spaces around", ` userName `, user, "userName", "", ""},
		{"sub-attribute of all values", `emails.type`, user, "emails.type", "", ""},
		{"value path", `addresses[type eq "work"]`, user, "addresses", `type eq "work"`, ""}, // P-5
		{"value path and sub-attribute", `emails[ TYPE eq "work" ].VALUE`, user, "emails", `type eq "work"`, "value"},
		{"logic in a value path", `emails[type eq "work" and not (primary eq true or value pr)].value`, user, "emails",
			`type eq "work" and not (primary eq true or value pr)`, "value"},
		{"syntax within a string", `emails[value eq "]. x"].value`, user, "emails", `value eq "]. x"`, "value"},
		{"$ref", `members[$ref eq "x"].$ref`, schema.GroupType, "members", `$ref eq "x"`, "$ref"},
		{"extension attribute", ent + `:department`, user, ent + ":department", "", ""},
		{"extension sub-attribute", strings.ToUpper(ent) + `:manager.VALUE`, user, ent + ":manager.value", "", ""},
		{"extension value path", httpURI + `:rooms[value eq "a"].primary`, thing, httpURI + ":rooms", `value eq "a"`, "primary"},
		{"extension as a whole", ent, user, ent, "", ""}, // P-56
		{"odd extension as a whole", oddURI, thing, oddURI, "", ""},
		{"longest URI", longURI, thing, longURI, "", ""},
		{"the attribute of that name", `urn:x:Thing:name`, thing, "name", "", ""},
		{"secret", `password`, user, "password", "", ""},
		{"read-only", `meta.created`, user, "meta.created", "", ""},
		{"singular complex in brackets", `name[givenName eq "x"].familyName`, user, "name", `givenName eq "x"`, "familyName"},
		{"schemas by comparison", `schemas eq "` + ent + `"`, user, "schemas", `value eq "` + ent + `"`, ""}, // P-26
		{"simple values by comparison", `tags sw "a"`, thing, "tags", `value sw "a"`, ""},
		{"sub-attribute values by comparison", `box.words eq "a"`, thing, "box.words", `value eq "a"`, ""},
		{"simple values in brackets", `tags[value eq "a"]`, thing, "tags", `value eq "a"`, ""},
		{"integers in brackets", `codes[value gt 3]`, thing, "codes", `value gt 3`, ""},
		{"sub-attribute values in brackets", `box.words[value eq "a"]`, thing, "box.words", `value eq "a"`, ""},
		{"a $ within a name", `a$b`, thing, "a$b", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := strict(c.typ).Path(c.text, nil)
			require.NoError(t, err)
			require.Equal(t, c.attr, p.Attr.String())
			want := c.attr
			if c.filter == "" {
				require.Nil(t, p.Filter)
			} else {
				want += "[" + c.filter + "]"
			}
			if c.sub == "" {
				require.Nil(t, p.Sub)
			} else {
				require.Equal(t, c.sub, p.Sub.Name)
				want += "." + c.sub
			}
			require.Equal(t, want, p.String())
		})
	}
}

// H-15
func TestBareExtensionNames(t *testing.T) {
	t.Parallel()
	_, err := strict(schema.UserType).Path("department", nil)
	requireError(t, err, schema.ErrorInvalidPath)
	p, err := lenient(schema.UserType).Path("Department", nil)
	require.NoError(t, err)
	require.Equal(t, ent+":department", p.Attr.String())
	_, err = strict(schema.UserType).Filter(`manager.value eq "x"`, nil)
	requireError(t, err, schema.ErrorInvalidFilter)
	f, err := lenient(schema.UserType).Filter(`manager.value eq "x"`, nil)
	require.NoError(t, err)
	require.True(t, f.UsesPath(schema.UserType.MustResolve(ent+":manager.value")))
}

func TestPathRefuses(t *testing.T) {
	t.Parallel()
	const path, in = schema.ErrorInvalidPath, schema.ErrorInvalidFilter
	for _, c := range []struct {
		name, text string
		want       schema.ErrorType
	}{
		{"nothing", ``, path}, // P-5
		{"spaces", `  `, path},
		{"a trailing dot", `name.`, path},
		{"a leading dot", `.x`, path},
		{"two dots", `name..x`, path},
		{"three names", `name.givenName.x`, path},
		{"an open bracket", `emails[`, path},
		{"an open bracket and a filter", `emails[type eq "work"`, path},
		{"a closing bracket", `emails]`, path},
		{"text behind a bracket", `emails[type eq "work"]x`, path},
		{"a second sub-attribute", `emails[type eq "work"].value.x`, path},
		{"a dot behind a bracket", `emails[type eq "work"].`, path},
		{"brackets twice", `emails[type eq "work"][primary eq true]`, path},
		{"brackets behind a sub-attribute", `emails[type eq "work"].value[value pr]`, path},
		{"a space before a bracket", `emails [type eq "work"]`, path},
		{"a space behind a bracket", `emails[type eq "work"] .value`, path},
		{"a comparison behind a bracket", `emails[type eq "work"].value eq "x"`, path},
		{"a filter", `userName eq "x" and title pr`, path},
		{"two names", `name givenName`, path},
		{"parentheses", `(userName)`, path},
		{"a quoted name", `"userName"`, path},
		{"an index", `emails[0]`, path}, // P-6
		{"a pointer", `/emails/0`, path},
		{"a pointer element", `emails/0`, path},
		{"a tab", "user\tName", path},
		{"a trailing line break", "userName\n", path},
		{"letters beyond ASCII", `usérName`, path},
		{"invalid UTF-8", "userName\xff", path},
		{"an unknown attribute", `nope`, path}, // P-17, Z-23
		{"an unknown sub-attribute", `name.nope`, path},
		{"a sub-attribute of a simple attribute", `userName.x`, path}, // T-11
		{"an unknown extension attribute", ent + `:nope`, path},
		{"the URI of no schema", `urn:nope:x`, path},
		{"the base URI alone", schema.UserURI, path},
		{"a URI and a colon", ent + `:`, path},
		{"a value path of an unknown attribute", `nope[type eq "x"]`, path},
		{"a value path of a simple attribute", `userName[value eq "x"]`, path},
		{"a value path of an extension", ent + `[department eq "x"]`, path},
		{"an unknown sub-attribute behind a bracket", `emails[type eq "work"].nope`, path},
		{"a sub-attribute of a simple value", `schemas[value eq "x"].value`, path},
		{"a comparison of a complex attribute", `emails eq "x"`, path},
		{"a comparison of a singular attribute", `userName eq "x"`, path},
		{"a comparison of an unknown attribute", `nope eq "x"`, path},
		{"a comparison with an unknown operator", `schemas is "x"`, path},
		{"not", `not (schemas eq "x")`, path},

		{"an unknown operator", `emails[type foo "x"]`, in}, // P-18, Z-23
		{"an unknown name", `emails[nope eq "x"]`, in},
		{"an operator that does not fit", `emails[primary gt true]`, in},
		{"a literal that does not fit", `emails[primary eq "maybe"]`, in},
		{"no filter", `emails[]`, in},
		{"an open string", `emails[type eq "work].value`, in},
		{"single quotes", `emails[type eq 'work']`, in},
		{"half a filter", `emails[type eq]`, in},
		{"brackets in brackets", `emails[type[value pr]]`, in},
		{"a comparison with the wrong literal", `schemas eq 5`, in},
		{"a secret in a value path", `keys[value eq "x"]`, path},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []*filter.Resolver{strict(schema.UserType), lenient(schema.UserType), anyType(schema.UserType)} {
				p, err := r.Path(c.text, nil)
				require.Nil(t, p)
				requireError(t, err, c.want)
			}
		})
	}
	_, err := strict(thingType).Path(`parts[type pr].words eq "x"`, nil)
	requireError(t, err, path)
	_, err = strict(thingType).Path(`keys[value eq "x"]`, nil)
	requireError(t, err, in)
}

func TestPathReadsStringBooleans(t *testing.T) {
	t.Parallel()
	const text = `roles[primary eq "True"].value` // entra/single-role
	p, err := lenient(schema.UserType).Path(text, nil)
	require.NoError(t, err)
	require.Equal(t, `roles[primary eq true].value`, p.String())
	_, err = strict(schema.UserType).Path(text, nil)
	requireError(t, err, schema.ErrorInvalidFilter)
}

func TestPathMatches(t *testing.T) {
	t.Parallel()
	r := resource(t, thingType, `{"parts":[{"type":"work","value":"A","primary":true},{"type":"Home","size":3},{"value":"b"}],
		"tags":["x","Y"],"box":{"words":["p","q"]}}`)
	for _, c := range []struct {
		text string
		want []bool
	}{
		{`parts`, []bool{true, true, true}},
		{`parts[type eq "WORK"]`, []bool{true, false, false}},
		{`parts[primary eq false].value`, []bool{false, true, true}},
		{`parts[not (type pr) or size ge 3]`, []bool{false, true, true}},
		{`parts[type ne "work" and value pr]`, []bool{false, false, true}},
		{`tags eq "y"`, []bool{false, true}},
		{`tags[value ne "y"]`, []bool{true, false}},
		{`tags[value eq null]`, []bool{false, false}},
		{`box.words[value eq "q"]`, []bool{false, true}},
		{`box[words eq "q"]`, []bool{true}},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			p, err := strict(thingType).Path(c.text, nil)
			require.NoError(t, err)
			byHand := filter.Path{Attr: p.Attr, Filter: p.Filter, Sub: p.Sub}
			var got []bool
			for v := range p.Attr.Values(r) {
				got = append(got, p.Matches(v))
				require.Equal(t, p.Matches(v), byHand.Matches(v))
			}
			require.Equal(t, c.want, got)
		})
	}
}
