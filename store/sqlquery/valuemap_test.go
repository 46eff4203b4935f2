package sqlquery

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

type status string

func TestValueMapReadsAndWrites(t *testing.T) {
	t.Parallel()
	active := schema.UserType.MustResolve("active").Last()
	some := status("invited")
	for _, c := range []struct {
		name  string
		field any // the field before
		write any // true, false or nil
		want  any // the field after
		reads any
	}{
		{"a new row", status(""), true, status("active"), true},
		{"a new inactive row", status(""), false, status("suspended"), false},
		{"deactivation", status("active"), false, status("suspended"), false},
		{"activation", status("suspended"), true, status("active"), true},
		{"a further value of the same meaning", status("invited"), false, status("invited"), false},
		{"a further value of another meaning", status("invited"), true, status("active"), true},
		{"a further true", status("trial"), true, status("trial"), true},
		{"a value without a name", status("banned"), false, status("banned"), false},
		{"activation of a value without a name", status("banned"), true, status("active"), true},
		{"no value", status("trial"), nil, status("trial"), true},
		{"null", (*status)(nil), false, "suspended", false},
		{"a pointer of the same meaning", &some, false, "invited", false},
		{"a pointer", &some, true, "active", true},
		{"a pointer without a value", &some, nil, nil, nil},
	} {
		codec := newCodec(reflect.TypeOf(c.field))
		codec.attr = active
		g, err := parseTag("active,true=active|trial,false=suspended|invited")
		require.NoError(t, err)
		codec.values, err = newValueMap(codec, g)
		require.NoError(t, err)

		f := reflect.New(reflect.TypeOf(c.field)).Elem()
		f.Set(reflect.ValueOf(c.field))
		var v schema.Value
		if c.write != nil {
			v = schema.Boolean(c.write.(bool))
		}
		require.NoError(t, codec.set(f, v), c.name)
		require.Equal(t, c.reads != nil, codec.get(f).Assigned(), c.name)
		if c.reads != nil {
			require.Equal(t, c.reads, codec.get(f).Bool(), c.name)
		}
		switch {
		case f.Kind() != reflect.Pointer:
			require.Equal(t, c.want, f.Interface(), c.name)
		case c.want == nil:
			require.True(t, f.IsNil(), c.name)
		default:
			require.Equal(t, c.want, f.Elem().String(), c.name)
		}
	}
	require.Equal(t, status("invited"), some, "the row before the change shares no pointer")
}

func TestValueMapOfIntegers(t *testing.T) {
	t.Parallel()
	type numbered struct {
		ID    int64  `scim:"id"`
		Login string `scim:"userName"`
		State uint8  `scim:"active,true=1|3,false=2"`
		Rest  string `scim:",rest"`
	}
	m := typed[numbered](t, schema.UserType)
	v := m.New()
	require.Equal(t, uint8(1), v.State, "a user is active unless the client says otherwise")
	v.State = 3
	require.NoError(t, m.Apply(v, resource(t, schema.UserType, `{"userName":"b","active":true}`)))
	require.Equal(t, uint8(3), v.State)
	require.NoError(t, m.Apply(v, resource(t, schema.UserType, `{"userName":"b","active":false}`)))
	require.Equal(t, uint8(2), v.State)
	v.State = 9
	r, problems := m.Resource(v)
	require.JSONEq(t, `{"userName":"b","active":false}`, text(r))
	require.Len(t, problems, 1)
	require.ErrorContains(t, problems[0], `"9" reads as false`)
}
