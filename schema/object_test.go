package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestObjectIsImmutable(t *testing.T) {
	t.Parallel()
	const before = `{"userName":"a","name":{"givenName":"g"},"title":"t"}`
	o := object(t, schema.UserType, before)
	title, userName, locale := schema.User.Attribute("title"), schema.User.Attribute("userName"), schema.User.Attribute("locale")

	require.Equal(t, `{"userName":"b","name":{"givenName":"g"},"title":"t"}`, text(o.With(userName, schema.String("b"))))
	require.Equal(t, `{"userName":"a","name":{"givenName":"g"},"title":"t","locale":"l"}`, text(o.With(locale, schema.String("l"))))
	require.Equal(t, `{"userName":"a","name":{"givenName":"g"}}`, text(o.With(title, schema.Value{})))
	require.Same(t, o, o.With(locale, schema.Value{}))
	require.Equal(t, before, text(o))

	// Two extensions of one object do not share memory.
	x, y := o.With(locale, schema.String("x")), o.With(locale, schema.String("y"))
	require.Equal(t, "x", x.Get(locale).Text())
	require.Equal(t, "y", y.Get(locale).Text())
	name := schema.User.Attribute("name")
	require.Same(t, o.Get(name).Object(), x.Get(name).Object(), "unchanged values are shared")

	var none *schema.Object
	require.Zero(t, none.Len())
	require.Equal(t, "{}", text(none))
	require.Equal(t, `{"title":"t"}`, text(none.With(title, schema.String("t"))))
	require.False(t, none.Get(title).Assigned())
	for range none.All() {
		t.Fatal("nothing to yield")
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	var b schema.Builder
	title, userName, externalID := schema.User.Attribute("title"), schema.User.Attribute("userName"), schema.ExternalIDAttribute
	b.Set(title, schema.String("1"))
	b.Set(schema.EnterpriseUser.Attribute("department"), schema.Value{})
	b.Set(userName, schema.String("u"))
	b.Set(title, schema.String("2"))
	b.Set(externalID, schema.String("e"))
	o := b.Object()
	require.Equal(t, `{"externalId":"e","userName":"u","title":"2"}`, text(o))
	require.Equal(t, 3, o.Len())
	require.Zero(t, b.Object().Len(), "empty afterwards")
	b.Set(title, schema.String("3"))
	b.Set(title, schema.Value{})
	require.Zero(t, b.Object().Len())
	require.Equal(t, "2", o.Get(title).Text())
}

func TestValue(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))
	for _, c := range []struct {
		v    schema.Value
		typ  schema.Type
		text string
		json string
	}{
		{schema.String("a"), schema.TypeString, "a", `"a"`},
		{schema.Reference("a"), schema.TypeReference, "a", `"a"`},
		{schema.Binary("QQ=="), schema.TypeBinary, "QQ==", `"QQ=="`},
		{schema.Boolean(true), schema.TypeBoolean, "true", `true`},
		{schema.Boolean(false), schema.TypeBoolean, "false", `false`},
		{schema.Integer(-7), schema.TypeInteger, "-7", `-7`},
		{schema.Decimal("1.50", 1.5), schema.TypeDecimal, "1.50", `1.50`},
		{schema.DateTime(at), schema.TypeDateTime, "2020-01-02T02:04:05.0000006Z", `"2020-01-02T02:04:05.0000006Z"`},
	} {
		require.True(t, c.v.Assigned())
		require.False(t, c.v.IsList())
		require.Equal(t, c.typ, c.v.Type())
		require.Equal(t, c.text, c.v.Text())
		require.Equal(t, c.json, string(c.v.AppendJSON(nil)))
		require.Equal(t, 1, c.v.Len())
		require.Equal(t, c.v, c.v.At(0))
		require.Zero(t, c.v.Object().Len())
	}
	require.True(t, schema.Boolean(true).Bool())
	require.False(t, schema.Integer(1).Bool())
	require.Equal(t, int64(-7), schema.Integer(-7).Int())
	require.Zero(t, schema.Boolean(true).Int())
	require.InDelta(t, -7.0, schema.Integer(-7).Float(), 0)
	require.InDelta(t, 1.5, schema.Decimal("1.5", 1.5).Float(), 0)
	require.Zero(t, schema.String("1").Float())
	require.True(t, at.Equal(schema.DateTime(at).Time()))
	require.True(t, schema.String("x").Time().IsZero())
}

func TestUnassigned(t *testing.T) {
	t.Parallel()
	for _, v := range []schema.Value{{}, schema.List(), schema.List(schema.Value{}, schema.Value{}), schema.Complex(nil), schema.Complex(&schema.Object{})} {
		require.False(t, v.Assigned())
		require.Zero(t, v.Len())
		require.Equal(t, "null", string(v.AppendJSON(nil)))
		for range v.All() {
			t.Fatal("nothing to yield")
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	v := schema.List(schema.String("a"), schema.Value{}, schema.String("b"))
	require.True(t, v.IsList())
	require.Equal(t, schema.TypeString, v.Type())
	require.Equal(t, 2, v.Len())
	require.Equal(t, "b", v.At(1).Text())
	require.Empty(t, v.Text())
	require.Equal(t, `["a","b"]`, string(v.AppendJSON(nil)))
	var seen []string
	for _, one := range v.All() {
		seen = append(seen, one.Text())
	}
	require.Equal(t, []string{"a", "b"}, seen)
	for range v.All() {
		break
	}
}

func TestMemberDeltaEmpty(t *testing.T) {
	t.Parallel()
	var none *schema.MemberDelta
	require.True(t, none.Empty())
	require.True(t, (&schema.MemberDelta{}).Empty())
	require.False(t, (&schema.MemberDelta{Replace: true}).Empty())
	require.False(t, (&schema.MemberDelta{Remove: []string{"a"}}).Empty())
	require.False(t, (&schema.MemberDelta{Add: []schema.Member{{Value: "a"}}}).Empty())
}

func TestError(t *testing.T) {
	t.Parallel()
	require.Equal(t, "must be a string", (&schema.Error{Detail: "must be a string"}).Error())
	require.Equal(t, "name.givenName: must be a string", (&schema.Error{Path: "name.givenName", Detail: "must be a string"}).Error())
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	require.Equal(t, schema.Profile{}, schema.Strict())
	require.NotEqual(t, schema.Strict(), schema.Lenient())
}
