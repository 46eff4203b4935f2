package schema_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

const (
	sensorURI = "urn:example:params:scim:schemas:2.0:Sensor"
	siteURI   = "urn:example:params:scim:schemas:extension:site:2.0:Sensor"
)

type contact struct {
	Value   string `scim:"value" schema:"required"`
	Type    string `scim:"type" schema:"canonical=work|other"`
	Primary bool   `scim:"primary"`
}

// sensor is also a row of a sqlquery.Table.
type sensor struct {
	ID       int64     `scim:"id,prefix=s"`
	External *string   `scim:"externalId"`
	Name     string    `scim:"displayName" schema:"required" doc:"The name"`
	NameKey  string    `scim:"displayName,key"`
	Serial   string    `scim:"serial" schema:"required,immutable,unique,caseExact"`
	Off      *bool     `scim:"active,not"`
	Seen     int64     `scim:"seen,unit=ms" schema:"readOnly"`
	Built    time.Time `scim:"built"`
	Weight   float64   `scim:"weight" schema:"returned=request"`
	Floors   []int     `scim:"floors"`
	Tags     []string  `schema:"name=tags,caseExact"`
	Key      []byte    `scim:"key" schema:"writeOnly"`
	Owner    *string   `scim:"owner.value"`
	OwnerRef *string   `scim:"owner.$ref" schema:"reference=User"`
	Contacts []contact `scim:"contacts"`
	Building string    `scim:"urn:example:params:scim:schemas:extension:site:2.0:Sensor:building" schema:"required"`
	Changed  time.Time `scim:"meta.lastModified"`
	Rest     string    `scim:",rest"`
	Own      string
}

func TestFromStruct(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		uri, want string
	}{
		"the base schema": {sensorURI, `[
			{"name":"displayName","required":true,"description":"The name"},
			{"name":"serial","required":true,"mutability":"immutable","uniqueness":"server","caseExact":true},
			{"name":"active","type":"boolean"},
			{"name":"seen","type":"dateTime","mutability":"readOnly"},
			{"name":"built","type":"dateTime"},
			{"name":"weight","type":"decimal","returned":"request"},
			{"name":"floors","type":"integer","multiValued":true},
			{"name":"tags","multiValued":true,"caseExact":true},
			{"name":"key","type":"binary","mutability":"writeOnly","returned":"never"},
			{"name":"owner","type":"complex","subAttributes":[{"name":"value"},{"name":"$ref","type":"reference","referenceTypes":["User"]}]},
			{"name":"contacts","type":"complex","multiValued":true,"subAttributes":[
				{"name":"value","required":true},{"name":"type","canonicalValues":["work","other"]},{"name":"primary","type":"boolean"}]}]`},
		"an extension": {siteURI, `[{"name":"building","required":true}]`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := schema.FromStruct[sensor](c.uri, "Sensor", "A sensor")
			require.NoError(t, err)
			want, err := schema.Parse([]byte(`{"id":"` + c.uri + `","name":"Sensor","description":"A sensor","attributes":` + c.want + `}`))
			require.NoError(t, err)
			require.Equal(t, definitionsOf(t, want.Attributes), definitionsOf(t, got.Attributes))
			require.Equal(t, []string{want.ID, want.Name, want.Description}, []string{got.ID, got.Name, got.Description})
		})
	}
}

func definitionsOf(t *testing.T, v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(data)
}

type nested struct {
	Inner *nested `scim:"inner"`
}

func TestFromStructReportsMistakes(t *testing.T) {
	t.Parallel()
	for want, build := range map[string]func() (*schema.Schema, error){
		"int is not a struct": func() (*schema.Schema, error) { return schema.FromStruct[int](sensorURI, "", "") },
		`A: the tag schema has the unknown option "needed"`: func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A string `scim:"a" schema:"needed"`
			}](sensorURI, "", "")
		},
		`A: returned=seldom is none of`: func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A string `scim:"a" schema:"returned=seldom"`
			}](sensorURI, "", "")
		},
		`A: "emails[primary].value" is not an attribute or attribute.subAttribute`: func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A string `scim:"emails[primary].value"`
			}](sensorURI, "", "")
		},
		"A: a map[string]string is no data type": func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A map[string]string `scim:"a"`
			}](sensorURI, "", "")
		},
		"A: a []string is no value of a simple attribute": func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A [][]string `scim:"a"`
			}](sensorURI, "", "")
		},
		"a schema_test.nested is no value of a simple attribute": func() (*schema.Schema, error) { return schema.FromStruct[nested](sensorURI, "", "") },
		"A is defined twice": func() (*schema.Schema, error) {
			return schema.FromStruct[struct {
				A string `scim:"a"`
				B string `scim:"A"`
			}](sensorURI, "", "")
		},
		"is not a schema URI": func() (*schema.Schema, error) { return schema.FromStruct[contact]("Contact", "", "") },
	} {
		_, err := build()
		require.ErrorContains(t, err, want)
	}
}

const publishedSchemas = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":3,"Resources":[
	{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"` + sensorURI + `","name":"Sensor","attributes":[
		{"name":"serial","type":"string","multiValued":false,"required":true,"mutability":"immutable","returned":"default","uniqueness":"server"},
		{"name":"owner","type":"reference","referenceTypes":"User"},
		{"name":"groups","type":"complex","multiValued":true,"mutability":"readOnly","subAttributes":[{"name":"value","mutability":"readOnly"}]},
		{"name":"members","type":"complex","multiValued":true,"subAttributes":[{"name":"value","mutability":"immutable"}]}]},
	{"id":"` + siteURI + `","attributes":[{"name":"building"}]},
	{"id":"urn:example:unused","attributes":[{"name":"a"}]}]}`

func TestParseTypes(t *testing.T) {
	t.Parallel()
	one := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"name":"Sensor","endpoint":"/Sensors","description":"A sensor","schema":"` + sensorURI + `",
		"schemaExtensions":[{"schema":"` + siteURI + `","required":true}]}`
	for name, document := range map[string]string{"one object": one, "an array": "[" + one + "]", "a ListResponse": `{"Resources":[` + one + `]}`} {
		t.Run(name, func(t *testing.T) {
			types, err := schema.ParseTypes([]byte(document), []byte(publishedSchemas))
			require.NoError(t, err)
			require.Len(t, types, 1)
			rt := types[0]
			require.Equal(t, []string{"Sensor", "/Sensors", "A sensor", "groups", "members"}, []string{rt.Name, rt.Endpoint, rt.Description, rt.GroupsAttribute, rt.MembersAttribute})
			require.True(t, rt.Extensions[0].Required)
			require.Equal(t, siteURI, rt.Extensions[0].Schema.ID)
			serial := rt.Schema.Attribute("serial")
			require.Equal(t, schema.Immutable, serial.Mutability)
			require.Equal(t, schema.UniquenessServer, serial.Uniqueness)
			require.Equal(t, []string{"User"}, rt.Schema.Attribute("owner").ReferenceTypes)
		})
	}
	all, err := schema.ParseAll([]byte(publishedSchemas))
	require.NoError(t, err)
	require.Len(t, all, 3)
}

func TestParseTypesReportsMistakes(t *testing.T) {
	t.Parallel()
	sensor := `{"name":"Sensor","endpoint":"/Sensors","schema":"` + sensorURI + `"}`
	for want, documents := range map[string][2]string{
		"cannot unmarshal": {`{"name":5}`, `[]`},
		"unexpected end":   {`[`, `[]`},
		`the schema "` + sensorURI + `" of resource type "Sensor" is missing`: {sensor, `[]`},
		`"Manufacturer" is none of`:            {sensor, `[{"id":"` + sensorURI + `","attributes":[{"name":"a","uniqueness":"Manufacturer"}]}]`},
		"endpoint /Me belongs to the protocol": {strings.Replace(sensor, "/Sensors", "/Me", 1), publishedSchemas},
	} {
		_, err := schema.ParseTypes([]byte(documents[0]), []byte(documents[1]))
		require.ErrorContains(t, err, want)
	}
}
