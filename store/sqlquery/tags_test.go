package sqlquery

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// structOf makes a struct type from one field of each Go type, with an id and
// a userName beside it.
func structOf(typ reflect.Type, tag string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{
		{Name: "ID", Type: reflect.TypeFor[string](), Tag: `scim:"id"`},
		{Name: "Login", Type: reflect.TypeFor[string](), Tag: `scim:"userName"`},
		{Name: "Field", Type: typ, Tag: reflect.StructTag(`scim:` + quote(tag))},
	})
}

func checkTags(host reflect.Type, t *schema.ResourceType) error {
	_, err := build(host, t)
	return err
}

func quote(s string) string { return string(schema.AppendJSONString(nil, s)) }

func TestTagMistakesAreReported(t *testing.T) {
	t.Parallel()
	const enterprise = schema.EnterpriseUserURI
	str, ptr, boolean, i64, at := reflect.TypeFor[string](), reflect.TypeFor[*string](), reflect.TypeFor[bool](), reflect.TypeFor[int64](), reflect.TypeFor[time.Time]()
	for _, c := range []struct {
		name string
		typ  reflect.Type
		tag  string
		want string // "" for none
	}{
		{"a path", ptr, "name.givenName", ""},
		{"a path in any case", ptr, "Name.GIVENNAME", ""},
		{"an extension", ptr, enterprise + ":department", ""},
		{"a complex in an extension", ptr, enterprise + ":manager.value", ""},
		{"a comma in a selector", ptr, `emails[type eq "a,b"].value`, ""},
		{"two terms", ptr, `addresses[type eq "work" and country eq "US"].locality`, ""},
		{"a selector by a boolean", ptr, `emails[type eq "work" and primary eq true].value`, ""},
		{"an unknown attribute", str, "nickname2", "has no attribute"},
		{"a misspelt extension", str, "urn:x:department", "has no attribute"},
		{"no path", str, "", "needs a path"},
		{"an unknown option", str, "nickName,keys", `"keys" is not an option`},
		{"an option twice", boolean, "active,not,not", "twice"},
		{"an option without its value", boolean, "active,default", "a value is missing or not possible"},
		{"an option with a value", boolean, "active,not=1", "a value is missing or not possible"},
		{"an option that does not fit", str, "nickName,uuid", "not possible for this path"},
		{"a key without case", str, "externalId,key", "needs no key"},
		{"a key of nothing", str, "nickName,key", "has no field"},
		{"former without deleted", ptr, "userName,former", "needs a field with the tag deleted"},
		{"former that is never null", str, "userName,former", "must be a nullable string"},
		{"former that is no text", reflect.TypeFor[*int64](), "userName,former", "must be a nullable string"},
		{"former of a mail address", ptr, "emails[primary].value,former", "cannot be found by it"},
		{"former of the externalId", ptr, "externalId,former", "cannot be found by it"},
		{"former and key", ptr, "userName,key,former", "option former is not possible"},
		{"a path twice", str, "userName", "has the tag of Login"},
		{"an id twice", str, "id", "has the tag of ID"},
		{"not of a text", str, "nickName,not", "for booleans"},
		{"a number for a text", i64, "nickName", "does not hold"},
		{"a text for a boolean", str, "active", "does not hold"},
		{"a struct", reflect.TypeFor[struct{ A int }](), "nickName", "does not hold"},
		{"a default of null", reflect.TypeFor[*bool](), "active,default=true", "cannot be null"},
		{"a default of another type", boolean, "active,default=yes", "default"},
		{"values of a status", str, "active,true=active,false=suspended|invited", ""},
		{"values of a number", reflect.TypeFor[*uint8](), "active,true=1,false=0|2", ""},
		{"a default of values", str, "active,true=a,false=b,default=false", ""},
		{"only true", str, "active,true=active", "need each other"},
		{"only false", str, "active,false=suspended", "need each other"},
		{"a value on both sides", str, "active,true=a|b,false=c|a", "the value a twice"},
		{"values of a text", str, "nickName,true=a,false=b", "are for boolean attributes"},
		{"values of a boolean", boolean, "active,true=1,false=0", "are for strings and integers"},
		{"values of the opposite", str, "active,not,true=a,false=b", "option"},
		{"a word in a number", i64, "active,true=yes,false=0", "is not an integer"},
		{"a number out of range", reflect.TypeFor[int8](), "active,true=1,false=200", "is not an integer"},
		{"a number in another spelling", i64, "active,true=1,false=01", "is not an integer"},
		{"an empty value", str, "active,true=a,false=", "need values"},
		{"a value with a quote", str, "active,true=a,false=b'", "without quotes"},
		{"a composed column", i64, ",composed", ""},
		{"a composed column of a type with Scan and Value", reflect.TypeFor[yesNo](), ",composed", ""},
		{"a composed attribute", str, "displayName,composed", ""},
		{"a composed boolean", boolean, "active,composed", "is for string attributes"},
		{"a composed element", str, "emails[primary].value,composed", "is for string attributes"},
		{"a composed unique attribute", str, "userName,composed", "need not be unique"},
		{"a composed key", str, "displayName,key,composed", "option composed is not possible"},
		{"composed and rest", str, ",composed,rest", "is not possible"},
		{"a type with Scan and Value", reflect.TypeFor[yesNo](), "active", "Scan or Value method"},
		{"a pointer to a type with Value", reflect.TypeFor[*yesNo](), "active,not", "Scan or Value method"},
		{"a nullable type with Value", reflect.TypeFor[sql.Null[yesNo]](), "active", "Scan or Value method"},
		{"a struct with Value", reflect.TypeFor[wrapped](), "nickName", "Scan or Value method"},
		{"a complex attribute", str, "name", "is complex"},
		{"a whole list", str, "emails.value", "select one"},
		{"a whole list of elements", str, "emails", "is complex"},
		{"brackets around a single value", str, "name[primary].givenName", "single value"},
		{"an open bracket", str, "emails[primary.value", "not closed"},
		{"an unknown selector", str, "emails[first].value", "expected an operator"},
		{"a selector that is no conjunction", str, `emails[type eq "a" or type eq "b"].value`, "conjunction"},
		{"a selector by another operator", str, `emails[type ne "a"].value`, "conjunction"},
		{"an unknown sub-attribute", str, `emails[primary].nope`, "has no attribute"},
		{"a secret", str, "password", "is a secret"},
		{"groups", str, "groups[primary].value", "separate table"},
		{"schemas", str, "schemas", "made by the library"},
		{"meta.location", str, "meta.location", "made by the library"},
		{"a version of text", str, "meta.version", "must be an integer"},
		{"a time of text", str, "meta.created", "must be a time"},
		{"a time without unit", i64, "meta.created", "must be a time"},
		{"an unknown unit", i64, "meta.created,unit=h", "s, ms, us or ns"},
		{"a unit of a time", at, "meta.created,unit=s", "on an integer"},
		{"deleted that is never null", at, ",deleted", "nullable time"},
		{"a tenant that may be null", ptr, ",tenant", "cannot be null"},
		{"a rest that may be null", ptr, ",rest", "[]byte or a string"},
		{"an empty prefix", str, "id,prefix=", "prefix is empty"},
		{"an owner that is a number", i64, ",owner", "does not hold"},
		{"an owner with a path", str, "nickName,owner", "stands alone"},
		{"an owner and a tenant", str, ",owner,tenant", "option tenant is not possible"},
		{"an owner", str, ",owner", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := checkTags(structOf(c.typ, c.tag), schema.UserType)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			var tag *tagError
			require.ErrorAs(t, err, &tag)
			require.Equal(t, "Field", tag.Field)
		})
	}
}

// yesNo is a boolean that its column has as "Y" or "N".
type yesNo bool

func (y yesNo) Value() (driver.Value, error) {
	return map[bool]string{true: "Y", false: "N"}[bool(y)], nil
}

func (y *yesNo) Scan(src any) error {
	*y = src == "Y"
	return nil
}

type wrapped struct{ text string }

func (w wrapped) Value() (driver.Value, error) { return w.text, nil }

func TestStructMistakesAreReported(t *testing.T) {
	t.Parallel()
	type inner struct {
		ID string `scim:"id"`
	}
	check := func(name, want string, err error) {
		t.Helper()
		require.ErrorContains(t, err, want, name)
	}
	_, err := NewTyped[int](schema.UserType)
	check("no struct", "is not a struct", err)
	_, err = NewTyped[inner](nil)
	check("no type", "needs a resource type", err)
	_, err = NewTyped[struct {
		Login string `scim:"userName"`
	}](schema.UserType)
	check("no id", "has no field with the tag id", err)
	_, err = NewTyped[struct {
		ID    string `scim:"id"`
		login string `scim:"userName"`
	}](schema.UserType)
	check("unexported", "login: is not exported", err)
	_, err = NewTyped[struct {
		*inner
		Login string `scim:"userName"`
	}](schema.UserType)
	check("embedded pointer", "embedded by pointer", err)
	_, err = NewTyped[inner](schema.UserType)
	check("required", "userName, which is required", err)
	_, err = NewTyped[struct {
		inner
		Login string `scim:"userName"`
		Mail  string `scim:"emails[primary].value"`
		Work  string `scim:"emails[type eq \"work\"].value"`
	}](schema.UserType)
	check("overlap", "may select the same element", err)
	_, err = NewTyped[struct {
		ID   bool   `scim:"id"`
		Nick int    `scim:"nickName"`
		Name string `scim:"nope"`
	}](schema.UserType)
	for _, field := range []string{".ID: ", ".Nick: ", ".Name: "} {
		check("all at once", field, err)
	}
	var tag *tagError
	require.True(t, errors.As(err, &tag))

	_, err = NewTyped[struct {
		inner
		Login string `scim:"userName"`
		Home  string `scim:"emails[type eq \"home\"].value"`
		Work  string `scim:"emails[type eq \"work\"].value"`
		Shown string `scim:"emails[type eq \"work\"].display"`
	}](schema.UserType)
	require.NoError(t, err, "embedded structs, elements that exclude each other, two values of one")
}

func TestOwnerColumnGivesTheTypeAnOwner(t *testing.T) {
	t.Parallel()
	type plain struct {
		ID    string `scim:"id"`
		Login string `scim:"userName"`
	}
	type owned struct {
		plain
		By *string `scim:",owner"`
	}
	m, err := NewTyped[owned](schema.UserType)
	require.NoError(t, err)
	require.True(t, m.Type().Owned)
	without, err := NewTyped[plain](schema.WithOwner(schema.UserType))
	require.NoError(t, err)
	require.False(t, without.Type().Owned, "no column keeps the owner")
	withRest, err := NewTyped[struct {
		plain
		Rest []byte `scim:",rest"`
	}](schema.WithOwner(schema.UserType))
	require.NoError(t, err)
	require.True(t, withRest.Type().Owned, "the rest keeps the owner")
}

func FuzzTags(f *testing.F) {
	for _, s := range []string{"userName", `emails[type eq "work"].value`, "active,not", ",rest", "id,prefix=u", "a[b", "]],=,", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		for _, typ := range []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[*bool](), reflect.TypeFor[int64]()} {
			err := checkTags(structOf(typ, tag), schema.UserType)
			var wrong *tagError
			if err != nil && !errors.As(err, &wrong) {
				t.Fatalf("%q: %v is not a tagError", tag, err)
			}
		}
	})
}
