package scimtest_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestConformanceTypes(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))

	for _, row := range []struct {
		ids, name, attribute string
		good, bad            []string // bad to both clients
		want                 map[string]string
		strict               []string // bad to the strict client
	}{
		{"T-3", "integer: no fraction, no exponent, every digit kept", "count",
			[]string{"0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"},
			[]string{"1.0", "1.5", "1e3", `"x"`, "true", "{}", "[1,2]", "9223372036854775808", "1" + strings.Repeat("0", 400)}, map[string]string{"-0": "0"}, []string{`"1"`}},
		{"T-3", "decimal: a number", "weight", []string{"1.5", "0", "-3.25", "100", "1e3", "1.50", "123456789.123456789"},
			[]string{`"x"`, "true", "{}", "[1.5,2]", "1e999"}, nil, []string{`"1.5"`}},
		{"T-4", "dateTime: an xsd:dateTime with date and time", "seen", []string{`"2011-05-13T04:42:34Z"`, `"2011-05-13T04:42:34.123+02:00"`, `"2024-02-29T23:59:59Z"`, `"2011-05-13T04:42:34.1234567Z"`},
			[]string{`"2011-05-13"`, `"04:42:34"`, "1305261754", `"2011-05-13T04:42Z"`, `"2023-02-29T00:00:00Z"`, `"2011-05-13t04:42:34z"`, `"20110513T044234Z"`, `"2011-05-13T04:42:34+2:00"`, `"x"`, "true", "{}", `"99999-01-01T00:00:00Z"`}, nil, nil},
		{"T-2", "boolean: true or false", "online", []string{"true", "false"}, []string{"1", "0", `"on"`, "{}", "[true,false]", `""`}, nil, nil},
		{"T-5", "binary: base64", "key", []string{`"AAAA"`, `"AA=="`, `"AA"`, `"+/+/"`}, []string{`"!!!"`, `"-_-_"`, `"A"`, `"AA="`, `"AA===="`, `"AA AA"`, "5", "true", "{}"}, nil, nil},
		{"T-1", "string: a string", "label", []string{`"x"`, `""`, `" "`}, []string{"true", "{}", `["a","b"]`}, nil, []string{"5"}},
		{"T-12", "multi-valued simple attribute: an array of its type", "tags", []string{`["a"]`, `["a","b"]`}, []string{`[["a"]]`, `[{"value":"a"}]`, `[true]`}, map[string]string{`["a","b","A"]`: `["a","b"]`, `["a",null]`: `["a"]`}, []string{`[5]`, `["a",5]`}},
		{"T-12", "multi-valued integer attribute", "sizes", []string{`[1]`, `[1,2]`}, []string{`[1.5]`, `[[1]]`, `["x"]`}, map[string]string{`[1,1]`: `[1]`}, []string{`["1"]`}},
	} {
		scimtest.Prove(t, row.ids, row.name, func(t *testing.T) {
			want := map[string]string{}
			for _, v := range row.good {
				want[v] = v
			}
			for sent, v := range row.want {
				want[sent] = v
			}
			s.both(t, func(c *scimtest.Client) {
				for sent, v := range want {
					made := c.Post("/Devices", device(strconv.Quote(row.attribute)+":"+sent)).Is(201).Has(row.attribute, v)
					path := "/Devices/" + made.String("id")
					require.Contains(t, made.Text, `"`+row.attribute+`":`+v, "digits and text are kept")
					c.Get(path).Has(row.attribute, v)
					c.Put(path, device(``)).Is(200).Has(row.attribute, "")
					c.Patch(path, `{"op":"add","path":"`+row.attribute+`","value":`+sent+`}`).Is(200).Has(row.attribute, v)
					c.Patch(path, `{"op":"replace","value":{"`+row.attribute+`":null}}`).Is(200).Has(row.attribute, "")
					c.Delete(path).Is(204)
				}
				path := "/Devices/" + c.Post("/Devices", device(``)).Is(201).String("id")
				for _, v := range row.bad {
					c.Post("/Devices", device(strconv.Quote(row.attribute)+":"+v)).Fails(400, "invalidValue")
					c.Put(path, device(strconv.Quote(row.attribute)+":"+v)).Fails(400, "invalidValue")
					c.Patch(path, `{"op":"replace","path":"`+row.attribute+`","value":`+v+`}`).Fails(400, "invalidValue")
					c.Patch(path, `{"op":"add","value":{"`+row.attribute+`":`+v+`}}`).Fails(400, "invalidValue")
				}
				c.Delete(path).Is(204)
			})
			for _, v := range row.strict {
				s.strict(t).Post("/Devices", device(strconv.Quote(row.attribute)+":"+v)).Fails(400, "invalidValue")
			}
		})
	}
	scimtest.Prove(t, "T-3", "numbers and dates are compared by value", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"count":9007199254740993,"weight":1.50,"seen":"2011-05-13T04:42:34.500+02:00","online":true,"key":"AA==","tags":["a"],"sizes":[3]`)).Is(201).String("id")
			for filter, n := range map[string]int{
				"count eq 9007199254740993": 1, "count eq 9007199254740992": 0, "count gt 9007199254740992": 1, "count lt 9007199254740993": 0, "weight eq 1.5": 1, "weight ge 1.5": 1, "weight lt 1.51": 1, "weight eq 15e-1": 1,
				`seen eq "2011-05-13T02:42:34.5Z"`: 1, `seen gt "2011-05-13T02:42:34Z"`: 1, `seen lt "2011-05-13T02:42:34Z"`: 0, "online eq true": 1, "online ne true": 0,
				`tags eq "A"`: 1, `tags co "a"`: 1, `tags eq "b"`: 0, "sizes eq 3": 1, "sizes gt 3": 0, `key pr`: 1,
			} {
				c.Filter("/Devices", filter).Total(n)
			}
			for _, filter := range []string{`count co 1`, `weight sw 1`, `online gt true`, `key gt "AA=="`, `seen eq 5`, `label eq true`} {
				c.Filter("/Devices", filter).Fails(400, "invalidFilter")
			}
			c.Delete(path).Is(204)
		})
	})
}

func TestConformanceRegistration(t *testing.T) {
	t.Parallel()
	parse := func(attribute string) error {
		_, err := schema.Parse([]byte(`{"id":"urn:x:y","attributes":[` + attribute + `]}`))
		return err
	}
	complexWith := func(sub string) string { return `{"name":"a","type":"complex","subAttributes":[` + sub + `]}` }

	scimtest.Prove(t, "M-30", "names of attributes follow the grammar", func(t *testing.T) {
		for _, name := range []string{"a", "A1", "a-b", "a_1", "$ref", "a$"} {
			require.NoError(t, parse(`{"name":"`+name+`"}`), name)
		}
		for _, name := range []string{"", "1a", "a b", "a.b", "a:b", "-a", "_a", "$", "$1", "é", "a[", "a/b"} {
			require.Error(t, parse(`{"name":"`+name+`"}`), name)
			require.Error(t, parse(complexWith(`{"name":"`+name+`"}`)), name)
		}
		require.Error(t, parse(`{"name":"a"},{"name":"A"}`))
	})
	scimtest.Prove(t, "T-10 T-11", "complex attributes do not nest, simple ones have no sub-attributes", func(t *testing.T) {
		require.NoError(t, parse(complexWith(`{"name":"b"}`)))
		require.Error(t, parse(complexWith(complexWith(`{"name":"b"}`))))
		require.Error(t, parse(`{"name":"a","subAttributes":[{"name":"b"}]}`))
		require.Error(t, parse(`{"name":"a","type":"complex"}`))
	})
	scimtest.Prove(t, "A-14", "characteristics are accepted only where they apply", func(t *testing.T) {
		for _, typ := range []string{"boolean", "dateTime", "binary"} {
			for _, u := range []string{"server", "global"} {
				require.Error(t, parse(`{"name":"a","type":"`+typ+`","uniqueness":"`+u+`"}`), typ)
			}
		}
		require.Error(t, parse(`{"name":"a","type":"complex","uniqueness":"server","subAttributes":[{"name":"b"}]}`))
		for _, typ := range []string{"boolean", "integer", "decimal", "dateTime"} {
			require.Error(t, parse(`{"name":"a","type":"`+typ+`","caseExact":true}`), typ)
		}
		for _, typ := range []string{"string", "integer", "binary"} {
			require.Error(t, parse(`{"name":"a","type":"`+typ+`","referenceTypes":["User"]}`), typ)
		}
		for _, wrong := range []string{`"type":"number"`, `"type":"String"`, `"mutability":"sometimes"`, `"returned":"maybe"`, `"uniqueness":"yes"`, `"mutability":"writeOnly","returned":"always"`} {
			require.Error(t, parse(`{"name":"a",`+wrong+`}`), wrong)
		}
		require.NoError(t, parse(`{"name":"a","type":"reference","referenceTypes":["User","external","uri"]}`))
	})
	scimtest.Prove(t, "D-16", "a resource type needs a registered schema", func(t *testing.T) {
		_, err := schema.NewResourceType(schema.ResourceType{Name: "X", Endpoint: "/Xs"})
		require.Error(t, err)
		_, err = schema.NewResourceType(schema.ResourceType{Name: "X", Endpoint: "/Xs", Schema: &schema.Schema{ID: "urn:x:y"}})
		require.Error(t, err)
		_, err = schema.NewResourceType(schema.ResourceType{Name: "X", Endpoint: "/Xs", Schema: schema.User, Extensions: []schema.Extension{{}}})
		require.Error(t, err)
	})
}
