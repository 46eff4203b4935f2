package schema

// JSONObject is a JSON object as it was written, in order. The values are nil,
// bool, string, [Number], []any and JSONObject.
type JSONObject []JSONMember

// JSONMember is one member of a JSON object.
type JSONMember struct {
	Name  string
	Value any
}

// Number is a JSON number as it was written.
type Number string

// Get returns the first member whose name equals name without case.
func (o JSONObject) Get(name string) (any, bool) {
	panic("stub")
}

// MaxDepth is how deeply ParseJSON lets arrays and objects nest. A SCIM
// message needs seven levels: Bulk, its operations, PATCH, its operations,
// value, attribute, element.
const MaxDepth = 32

// ParseJSON reads one JSON text strictly: valid UTF-8 (RFC 7644 §3.8), one
// value and nothing behind it, no member name twice in an object, names
// compared without case (Z-40), no unpaired surrogate escapes, nesting of at
// most [MaxDepth]. Every failure is an [*Error] of [ErrorInvalidSyntax] that
// names the byte offset. Time and memory are linear in len(data); the tree
// does not alias data.
func ParseJSON(data []byte) (any, error) {
	panic("stub")
}

// AppendJSON appends the JSON of an object to dst: fields in schema order, no
// nulls, numbers and dates as the client wrote them. It is what a store keeps
// and [ResourceType.DecodeStored] reads.
func (o *Object) AppendJSON(dst []byte) []byte {
	panic("stub")
}

// AppendJSON appends the JSON of a value, "null" when unassigned.
func (v Value) AppendJSON(dst []byte) []byte {
	panic("stub")
}

// AppendJSONString appends a JSON string. Besides what JSON demands it escapes
// nothing but <, > and &, U+2028 and U+2029.
func AppendJSONString(dst []byte, s string) []byte {
	panic("stub")
}
