// Package devicetype has a resource type with attributes of every characteristic, for
// the tests of types of an application's own.
package devicetype

import "github.com/seed5f3efb56/scim/schema"

// URI and AssetURI are the URIs of the schema and of its extension.
const (
	URI      = "urn:example:params:scim:schemas:2.0:Device"
	AssetURI = "urn:example:params:scim:schemas:extension:asset:2.0:Device"
)

// coreSchema has attributes of every characteristic that the core schemas
// lack.
const coreSchema = `{"id":"` + URI + `","name":"Device","description":"A device","attributes":[
	{"name":"label"},
	{"name":"displayName","required":true},
	{"name":"serial","mutability":"immutable"},
	{"name":"origin","type":"complex","mutability":"immutable","subAttributes":[{"name":"site"},{"name":"line"}]},
	{"name":"place","type":"complex","subAttributes":[{"name":"room"},{"name":"building","mutability":"immutable"},{"name":"floor","mutability":"readOnly"}]},
	{"name":"model","returned":"always"},
	{"name":"notes","returned":"request"},
	{"name":"hint","returned":"never"},
	{"name":"pin","mutability":"writeOnly","returned":"never"},
	{"name":"state","mutability":"readOnly"},
	{"name":"code","uniqueness":"server","caseExact":true},
	{"name":"slot","type":"integer","uniqueness":"server"},
	{"name":"count","type":"integer"},
	{"name":"weight","type":"decimal"},
	{"name":"seen","type":"dateTime"},
	{"name":"online","type":"boolean"},
	{"name":"key","type":"binary"},
	{"name":"keeper","type":"reference","referenceTypes":["User"]},
	{"name":"tags","multiValued":true},
	{"name":"sizes","type":"integer","multiValued":true},
	{"name":"colour","canonicalValues":["red","green"]},
	{"name":"contacts","type":"complex","multiValued":true,"subAttributes":[{"name":"value","required":true},{"name":"type"},{"name":"primary","type":"boolean"},{"name":"code","mutability":"writeOnly","returned":"never"}]}
]}`

const assetSchema = `{"id":"` + AssetURI + `","name":"Asset","description":"Asset data","attributes":[
	{"name":"owner","required":true},
	{"name":"displayName"},
	{"name":"price","type":"decimal"},
	{"name":"tag","mutability":"immutable"}
]}`

// New returns the resource type, with the extension required or not.
func New(required bool) (*schema.ResourceType, error) {
	device, err := schema.Parse([]byte(coreSchema))
	if err != nil {
		return nil, err
	}
	asset, err := schema.Parse([]byte(assetSchema))
	if err != nil {
		return nil, err
	}
	return schema.NewResourceType(schema.ResourceType{
		Name: "Device", Endpoint: "Devices", Description: "A device", Schema: device,
		Extensions: []schema.Extension{{Schema: asset, Required: required}},
	})
}
