package sqlquery

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// account has fields for some attributes and a rest for the others.
type account struct {
	ID        int64          `scim:"id,prefix=u"`
	Login     string         `scim:"userName"`
	LoginKey  string         `scim:"userName,key"`
	First     string         `scim:"name.givenName"`
	Nick      *string        `scim:"nickName"`
	WorkEmail sql.NullString `scim:"emails[type eq \"work\"].value"`
	Phone     *string        `scim:"phoneNumbers[primary].value"`
	Disabled  bool           `scim:"active,not"`
	Dept      *string        `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"`
	Version   int64          `scim:"meta.version"`
	CreatedAt time.Time      `scim:"meta.created"`
	UpdatedAt sql.NullTime   `scim:"meta.lastModified"`
	DeletedAt *time.Time     `scim:",deleted"`
	Rest      []byte         `scim:",rest"`
	Tenant    string         `scim:",tenant"`
	Password  string
	Ignored   string `scim:"-"`
}

func typed[T any](t testing.TB, rt *schema.ResourceType) *Typed[T] {
	m, err := NewTyped[T](rt)
	require.NoError(t, err)
	return m
}

func resource(t testing.TB, rt *schema.ResourceType, text string) *schema.Resource {
	o, problems := rt.DecodeStored([]byte(text))
	require.Empty(t, problems)
	return &schema.Resource{Type: rt, Attributes: o}
}

func text(r *schema.Resource) string { return string(r.Attributes.AppendJSON(nil)) }

func TestTypedKeepsOtherAttributesInRest(t *testing.T) {
	t.Parallel()
	m := typed[account](t, schema.UserType)
	require.Same(t, schema.UserType, m.Type(), "with a rest field every attribute is one")
	for name, body := range map[string]string{
		"nothing but the fields":        `{"userName":"Bjensen","name":{"givenName":"Barbara"},"nickName":"B","active":true}`,
		"beside them":                   `{"userName":"b","name":{"givenName":"B","familyName":"J"},"title":"Guide","active":false,"roles":[{"value":"r"}]}`,
		"several values of one kind":    `{"userName":"b","active":true,"emails":[{"value":"a","type":"home"},{"value":"b","type":"work","display":"B"},{"value":"c","type":"work"}]}`,
		"the first for want of primary": `{"userName":"b","active":true,"phoneNumbers":[{"value":"1"},{"value":"2","primary":false}]}`,
		"an element without a value":    `{"userName":"b","active":true,"emails":[{"type":"work"}],"phoneNumbers":[{"display":"d","primary":true}]}`,
		"an empty text where null is":   `{"userName":"b","nickName":"","active":true}`,
		"an extension":                  `{"userName":"b","active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"costCenter":"c","department":"d"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := m.New()
			r := resource(t, m.Type(), body)
			require.NoError(t, m.Apply(v, r))
			back, problems := m.Resource(v)
			require.Empty(t, problems)
			require.JSONEq(t, body, text(back))
			require.Equal(t, text(r), text(back), "in the same order")
		})
	}
}

func TestTypedFieldOverridesTheRest(t *testing.T) {
	t.Parallel()
	m := typed[account](t, schema.UserType)
	start := `{"userName":"b","name":{"givenName":"B","familyName":"J"},"nickName":"n","active":true,` +
		`"emails":[{"value":"h","type":"home"},{"value":"w","type":"work","display":"W"}],"phoneNumbers":[{"value":"1"},{"value":"2","primary":true}]}`
	for _, c := range []struct {
		name   string
		change func(*account)
		path   string
		want   string
	}{
		{"a changed value", func(a *account) { a.First = "X" }, "name", `{"givenName":"X","familyName":"J"}`},
		{"a value taken away", func(a *account) { a.First = "" }, "name", `{"familyName":"J"}`},
		{"a value made null", func(a *account) { a.Nick = nil }, "nickName", ``},
		{"a disabled account", func(a *account) { a.Disabled = true }, "active", `false`},
		{"the value of an element", func(a *account) { a.WorkEmail.String = "X" }, "emails", `[{"value":"h","type":"home"},{"value":"X","type":"work","display":"W"}]`},
		{"an element taken away", func(a *account) { a.WorkEmail.Valid = false }, "emails", `[{"value":"h","type":"home"}]`},
		{"the primary element", func(a *account) { *a.Phone = "X" }, "phoneNumbers", `[{"value":"1"},{"value":"X","primary":true}]`},
		{"an element that is missing", func(a *account) { a.Rest, a.WorkEmail.String = nil, "X" }, "emails", `[{"value":"X","type":"work"}]`},
		{"a primary element that is missing", func(a *account) { a.Rest = nil }, "phoneNumbers", `[{"value":"2","primary":true}]`},
		{"a rest that is none", func(a *account) { a.Rest = []byte(`[`) }, "nickName", `"n"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := m.New()
			require.NoError(t, m.Apply(v, resource(t, m.Type(), start)))
			c.change(v)
			r, _ := m.Resource(v)
			got := r.Attributes.Get(schema.UserType.MustResolve(c.path)[0])
			if c.want == "" {
				require.False(t, got.Assigned())
				return
			}
			require.JSONEq(t, fmt.Sprintf(`{%q:%s}`, c.path, c.want), string((&schema.Object{}).With(schema.UserType.MustResolve(c.path)[0], got).AppendJSON(nil)))
		})
	}
}

func TestTypedReportsInvalidRest(t *testing.T) {
	t.Parallel()
	m := typed[account](t, schema.UserType)
	v := &account{ID: 7, Login: "b", Rest: []byte(`{"nickName":"n","title":["a","b"],"unknown":1}`)}
	r, problems := m.Resource(v)
	require.Len(t, problems, 2)
	require.Equal(t, `{"userName":"b","active":true}`, text(r), "the rest of the resource")
}

func TestTypedFields(t *testing.T) {
	t.Parallel()
	m := typed[account](t, schema.UserType)
	v := m.New()
	r := resource(t, m.Type(), `{"userName":"ＢＪensen","name":{"givenName":"B"},"emails":[{"value":"w","type":"Work"}]}`)
	r.Created = time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)
	r.LastModified = r.Created.Add(time.Hour)
	v.Password, v.DeletedAt = "keep", &r.Created
	require.NoError(t, m.Apply(v, r))
	require.Equal(t, "ＢＪensen", v.Login)
	require.Equal(t, "bjensen", v.LoginKey, "schema.FoldKey")
	require.Equal(t, sql.NullString{String: "w", Valid: true}, v.WorkEmail, "the selector compares as the schema says")
	require.Nil(t, v.Nick)
	require.False(t, v.Disabled, "without active a user is active")
	require.Equal(t, r.Created, v.CreatedAt)
	require.Equal(t, sql.NullTime{Time: r.LastModified, Valid: true}, v.UpdatedAt)
	require.Equal(t, "keep", v.Password, "a field without a tag is unchanged")
	require.NotNil(t, v.DeletedAt, "as does what is no attribute")
	require.JSONEq(t, `{"emails":[{"value":"w","type":"Work"}]}`, string(v.Rest), "attributes with a field are not in the rest")

	v.Disabled = true
	require.NoError(t, m.Apply(v, r))
	require.True(t, v.Disabled, "a PUT without active does not reactivate")
}

func TestTypedWithoutRest(t *testing.T) {
	t.Parallel()
	type fixed struct {
		ID     string         `scim:"id"`
		Login  string         `scim:"userName"`
		Family sql.NullString `scim:"name.familyName"`
		Work   *string        `scim:"emails[type eq \"work\"].value"`
		Home   *string        `scim:"emails[type eq \"home\"].value"`
		Active bool           `scim:"active"`
	}
	f := typed[fixed](t, schema.UserType)
	rt := f.Type()
	var names []string
	for _, a := range rt.Schema.Attributes {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"userName", "name", "active", "password", "emails", "groups"}, names, "unmapped attributes are not in the type; secrets and groups are kept elsewhere")
	require.Empty(t, rt.Extensions)
	_, ok := rt.Resolve("name.givenName")
	require.False(t, ok, "an unmapped sub-attribute is not in the type")
	_, ok = rt.Resolve("emails.type")
	require.True(t, ok, "a sub-attribute that selects elements is in the type")

	v := f.New()
	require.True(t, v.Active, "active without a value")
	require.ErrorContains(t, f.Apply(v, resource(t, schema.UserType, `{"userName":"b"}`)), "Typed.Type", "a resource of the full type would lose most attributes")
	require.NoError(t, f.Apply(v, resource(t, rt, `{"userName":"b","active":false,"emails":[{"value":"x","type":"other"},{"value":"w","type":"work"}]}`)))
	r, _ := f.Resource(v)
	require.JSONEq(t, `{"userName":"b","active":false,"emails":[{"type":"work","value":"w"}]}`, text(r))
}

func TestTypedIDs(t *testing.T) {
	t.Parallel()
	m := typed[account](t, schema.UserType)
	v := &account{ID: 42}
	require.Equal(t, "u42", m.ID(v))
	for _, id := range []string{"", "u", "42", "u042", "u+42", "u 42", "U42", "u42 ", "u9223372036854775808", "u4.2", "u٤٢", "u42\x00"} {
		require.False(t, m.SetID(v, id), "%q", id)
	}
	require.Equal(t, int64(42), v.ID)
	require.True(t, m.SetID(v, "u7"))
	require.Equal(t, int64(7), v.ID)
	require.Equal(t, "u", m.ids.prefix)
	require.True(t, m.integerIDs())

	type texts struct {
		ID    string `scim:"id,uuid"`
		Login string `scim:"userName"`
	}
	u, w := typed[texts](t, schema.UserType), &texts{}
	require.True(t, u.SetID(w, "2819c223-7f76-453a-919d-413861904646"))
	for _, id := range []string{"", "2819C223-7f76-453a-919d-413861904646", "2819c223-7f76-453a-919d-41386190464", "2819c2237-f76-453a-919d-413861904646", "g819c223-7f76-453a-919d-413861904646"} {
		require.False(t, u.SetID(w, id), "%q", id)
	}

	type marshalled struct {
		ID    uuid   `scim:"id"`
		Login string `scim:"userName"`
	}
	b, x := typed[marshalled](t, schema.UserType), &marshalled{}
	require.True(t, b.SetID(x, "0a"))
	require.False(t, b.SetID(x, "0A"), "another spelling of the same id")
	require.Equal(t, "0a", b.ID(x))
}

// uuid is an id type that parses more spellings than it writes.
type uuid [1]byte

func (u uuid) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02x", u[0]), nil }

func (u *uuid) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%02x", &u[0])
	return err
}

func TestTypedTenants(t *testing.T) {
	t.Parallel()
	type numbered struct {
		ID     string `scim:"id"`
		Login  string `scim:"userName"`
		Tenant int32  `scim:",tenant"`
	}
	m, v := typed[numbered](t, schema.UserType), &numbered{}
	require.NoError(t, m.setTenant(v, "12"))
	require.Equal(t, int32(12), v.Tenant)
	for _, tenant := range []string{"", "x", "012", "+1", "99999999999"} {
		require.Error(t, m.setTenant(v, tenant), "%q", tenant)
	}
	type single struct {
		ID    string `scim:"id"`
		Login string `scim:"userName"`
	}
	s := typed[single](t, schema.UserType)
	require.NoError(t, s.setTenant(&single{}, ""))
	require.Error(t, s.setTenant(&single{}, "t"), "no other tenant sees these rows")
	type composite struct {
		ID     string `scim:"id"`
		Login  string `scim:"userName"`
		Region string `scim:",tenant"`
		Org    uuid   `scim:",tenant"`
		Name   string `scim:",tenant"`
	}
	c, w := typed[composite](t, schema.UserType), &composite{}
	require.NoError(t, c.setTenant(w, "eu/0a/a/b"))
	require.Equal(t, &composite{Region: "eu", Org: uuid{10}, Name: "a/b"}, w)
	for _, tenant := range []string{"", "eu", "eu/0a", "eu/0A/x", "eu//x", "/0a/x", "eu/0a/", "eu/0a/\x00"} {
		require.Error(t, c.setTenant(w, tenant), "%q", tenant)
	}
}

func TestTypedNumbers(t *testing.T) {
	t.Parallel()
	thing := schema.Schema{ID: "urn:example:Thing", Name: "Thing", Attributes: []*schema.Attribute{
		{Name: "small", Type: schema.TypeInteger}, {Name: "natural", Type: schema.TypeInteger}, {Name: "ratio", Type: schema.TypeDecimal},
		{Name: "at", Type: schema.TypeDateTime}, {Name: "link", Type: schema.TypeReference, ReferenceTypes: []string{"external"}},
	}}
	s, err := schema.New(thing)
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "Thing", Endpoint: "/Things", Schema: s})
	require.NoError(t, err)
	type row struct {
		ID      string  `scim:"id"`
		Small   int8    `scim:"small,default=5"`
		Natural *uint16 `scim:"natural"`
		Ratio   float32 `scim:"ratio"`
		At      int64   `scim:"at,unit=ms"`
		Link    string  `scim:"link"`
		Rest    string  `scim:",rest"`
	}
	m := typed[row](t, rt)
	require.Equal(t, int8(5), m.New().Small)
	v := m.New()
	body := `{"small":-128,"natural":65535,"ratio":1.50,"at":"2011-05-13T06:42:34.1204+02:00","link":"urn:x"}`
	require.NoError(t, m.Apply(v, resource(t, rt, body)))
	require.Equal(t, int64(1305261754120), v.At)
	r, _ := m.Resource(v)
	require.Equal(t, body, text(r), "the client's text, of what the fields keep less of")
	v.At, v.Ratio = v.At+1, 2
	r, _ = m.Resource(v)
	require.JSONEq(t, `{"small":-128,"natural":65535,"ratio":2,"at":"2011-05-13T04:42:34.121Z","link":"urn:x"}`, text(r))

	for _, body := range []string{`{"small":128}`, `{"natural":-1}`, `{"natural":65536}`, `{"ratio":1e300}`} {
		var wrong *schema.Error
		require.ErrorAs(t, m.Apply(m.New(), resource(t, rt, body)), &wrong, body)
		require.Equal(t, schema.ErrorInvalidValue, wrong.Type)
		require.NotEmpty(t, wrong.Path)
	}
}

func BenchmarkTypedResource(b *testing.B) {
	m := typed[account](b, schema.UserType)
	v := m.New()
	r := resource(b, m.Type(), `{"userName":"b","name":{"givenName":"B","familyName":"J"},"title":"Guide","active":true,"emails":[{"value":"w","type":"work","primary":true}]}`)
	require.NoError(b, m.Apply(v, r))
	b.ReportAllocs()
	for b.Loop() {
		m.Resource(v)
	}
}

func BenchmarkTypedApply(b *testing.B) {
	m := typed[account](b, schema.UserType)
	v := m.New()
	r := resource(b, m.Type(), `{"userName":"b","name":{"givenName":"B","familyName":"J"},"title":"Guide","active":true,"emails":[{"value":"w","type":"work","primary":true}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Apply(v, r); err != nil {
			b.Fatal(err)
		}
	}
}

// A deleted row frees its keys and keeps them as former ones, folded where the
// attribute folds.
func TestTypedFormerKeys(t *testing.T) {
	t.Parallel()
	exact, err := schema.New(schema.Schema{ID: "urn:example:Exact", Name: "Exact", Attributes: []*schema.Attribute{
		{Name: "login", Uniqueness: schema.UniquenessServer}, {Name: "code", CaseExact: true, Uniqueness: schema.UniquenessServer},
	}})
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "Exact", Endpoint: "/Exacts", Schema: exact})
	require.NoError(t, err)
	type row struct {
		ID          string           `scim:"id"`
		Login       string           `scim:"login"`
		LoginKey    *string          `scim:"login,key"`
		FormerLogin *string          `scim:"login,former"`
		Code        *string          `scim:"code"`
		FormerCode  sql.Null[string] `scim:"code,former"`
		Gone        bool             `scim:",deleted"`
	}
	m := typed[row](t, rt)
	v := m.New()
	require.NoError(t, m.Apply(v, resource(t, m.Type(), `{"login":"Straße","code":"Ab"}`)))
	require.Nil(t, v.FormerLogin)
	require.False(t, m.Keys(v), "of a live row nothing is wrong")

	require.True(t, m.setDeleted(v, time.Now()))
	require.True(t, m.isDeleted(v))
	require.Nil(t, v.LoginKey)
	require.Equal(t, "strasse", *v.FormerLogin)
	require.Equal(t, sql.Null[string]{V: "Ab", Valid: true}, v.FormerCode, "as it is")
	require.Equal(t, "strasse", m.formerField(m.Type().MustResolve("login")).key(schema.String("STRASSE")).Text())
	require.Zero(t, m.deletedAt(v))

	wrong := "wrong"
	v.FormerLogin, v.FormerCode.Valid = &wrong, false
	require.True(t, m.Keys(v), "the former keys that there are")
	require.Equal(t, "strasse", *v.FormerLogin)
	require.False(t, v.FormerCode.Valid)
	require.Nil(t, v.LoginKey)

	m.setLive(v)
	require.False(t, m.isDeleted(v))
	require.Nil(t, v.FormerLogin)
}
