// Package bulk reads bulk requests (RFC 7644 §3.7) and orders their operations, so
// that each is carried out after those that it refers to.
package bulk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
)

// RequestURI and ResponseURI identify the messages (RFC 7644 §3.7).
const (
	RequestURI  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	ResponseURI = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// ErrTooMany reports a request with more operations than the limit.
var ErrTooMany = errors.New("bulk: too many operations")

// ErrTooLong reports a request whose operations have more elements of arrays than
// the limit, members and addresses for example.
var ErrTooLong = errors.New("bulk: too many elements of arrays")

// ErrUnresolved reports an operation that refers to a bulkId of no operation, or
// of one that failed.
var ErrUnresolved = errors.New("bulk: a bulkId is not resolved")

// Request is a bulk request.
type Request struct {
	Operations []*Operation
	// FailOnErrors is how many errors end the request; 0: none do.
	FailOnErrors int
}

// Operation is one operation of a request. Its data stays the text that was sent
// until it is needed.
type Operation struct {
	Method  string // in upper case, "" if none was given
	BulkID  string
	Path    string
	Version string
	Err     error // why the operation cannot be carried out: *schema.Error, ErrTooLarge, ErrUnresolved

	text []byte
	refs []string // the bulkIds that data and path refer to
}

// ErrTooLarge reports an operation whose text is larger than the limit of one.
var ErrTooLarge = errors.New("bulk: the operation is too large")

// Limits bound a request.
type Limits struct {
	Operations int // the most operations ([ErrTooMany])
	Elements   int // the most elements of arrays, of all operations together ([ErrTooLong])
	// One operation: the most bytes of its text ([ErrTooLarge]), and the most elements
	// of its arrays, as of a request of its own (a *schema.Error).
	OperationBytes, OperationElements int
}

// Read reads a request within limits. Errors are *schema.Error, [ErrTooMany],
// [ErrTooLong] and those of r. The text of an operation that is not well formed is
// an error of the operation (Operation.Err), where the text of the request is.
func Read(r io.Reader, limits Limits, p schema.Profile) (*Request, error) {
	d := &decoder{Decoder: json.NewDecoder(r), limits: limits, seen: map[string]bool{}, req: &Request{}}
	if err := d.request(); err != nil {
		return nil, d.mistake(err)
	}
	if err := schema.CheckMessage(d.head, RequestURI, p); err != nil {
		return nil, err
	}
	if !d.seen["operations"] {
		return nil, invalidSyntax("Operations is missing")
	}
	refuseDoubled(d.req.Operations)
	var err error
	d.req.FailOnErrors, err = failOnErrors(d.head)
	return d.req, err
}

// decoder reads the members of a request one after another.
type decoder struct {
	*json.Decoder
	limits   Limits
	elements int             // of arrays, in the operations read so far
	seen     map[string]bool // names of members, in lower case
	head     schema.JSONObject
	req      *Request
}

func (d *decoder) request() error {
	if err := d.open('{', "the body must be a JSON object"); err != nil {
		return err
	}
	for d.More() {
		if err := d.member(); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err == nil {
		return invalidSyntax("text after the end of the JSON value")
	} else if err != io.EOF {
		return err
	}
	return nil
}

// open reads the begin of an object or array.
func (d *decoder) open(delim json.Delim, mistake string) error {
	t, err := d.Token()
	if err == nil && t != delim {
		return invalidSyntax("%s", mistake)
	}
	return err
}

func (d *decoder) member() error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	name := t.(string) // the decoder refuses any other
	folded := strings.ToLower(name)
	if d.seen[folded] {
		return invalidSyntax("member %s is given more than once", schema.Quote(name))
	}
	if d.seen[folded] = true; folded == "operations" {
		return d.operations()
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	v, err := schema.ParseJSON(text)
	d.head = append(d.head, schema.JSONMember{Name: name, Value: v})
	return err
}

func (d *decoder) operations() error {
	if err := d.open('[', "Operations must be an array"); err != nil {
		return err
	}
	for d.More() {
		if len(d.req.Operations) == d.limits.Operations {
			return ErrTooMany
		}
		text, err := d.text()
		if err != nil {
			return err
		}
		op, elements := newOperation(text, d.limits)
		if d.elements += elements; d.elements > d.limits.Elements {
			return ErrTooLong
		}
		d.req.Operations = append(d.req.Operations, op)
	}
	_, err := d.Token()
	return err
}

// text returns the text of the next value.
func (d *decoder) text() ([]byte, error) {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) {
		return nil, invalidSyntax("the body is not valid UTF-8")
	}
	return raw, nil
}

// mistake returns the error of a body that is not JSON as one of the client.
func (d *decoder) mistake(err error) error {
	var wrong *schema.Error
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		return wrong
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return invalidSyntax("the body is not a JSON text")
	}
	return err
}

// newOperation reads an operation. It returns how many elements the arrays of its
// data have.
func newOperation(text []byte, limits Limits) (op *Operation, n int) {
	if len(text) > limits.OperationBytes {
		return unread(text, ErrTooLarge), 0
	}
	o, err := parse(text, limits.OperationElements)
	if err != nil {
		return unread(text, err), 0
	}
	op = &Operation{text: text}
	for name, to := range map[string]*string{"method": &op.Method, "bulkId": &op.BulkID, "path": &op.Path, "version": &op.Version} {
		v, _ := o.Get(name)
		s, ok := v.(string)
		if !ok && v != nil {
			op.Err = invalidSyntax("%s must be a string", name)
		}
		*to = s
	}
	op.Method = strings.ToUpper(op.Method)
	data, _ := o.Get("data")
	n = elements(data)
	op.refs = references(op.Path, data)
	op.check(data)
	return op, n
}

// unread returns an operation that is refused for its text, with the members that
// its result repeats.
func unread(text []byte, err error) *Operation {
	var o struct{ Method, BulkID, Path string }
	_ = json.Unmarshal(text, &o) // a member of another type stays ""
	return &Operation{Method: strings.ToUpper(o.Method), BulkID: o.BulkID, Path: o.Path, Err: err}
}

// elements counts the elements of all arrays in v.
func elements(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		n = len(v)
		for _, one := range v {
			n += elements(one)
		}
	case schema.JSONObject:
		for _, m := range v {
			n += elements(m.Value)
		}
	}
	return n
}

func parse(text []byte, elements int) (schema.JSONObject, error) {
	v, err := schema.ParseJSONWithin(text, elements)
	if err != nil {
		return nil, err
	}
	o, ok := v.(schema.JSONObject)
	if !ok {
		return nil, invalidSyntax("an operation must be a JSON object")
	}
	return o, nil
}

// takeData returns the data of an operation without mistakes, and releases its
// text.
func (op *Operation) takeData() schema.JSONObject {
	o, _ := parse(op.text, len(op.text)) // it has been parsed within the limit
	op.text = nil
	v, _ := o.Get("data")
	data, _ := v.(schema.JSONObject)
	return data
}

// check refuses an operation without what its method needs (RFC 7644 §3.7).
func (op *Operation) check(data any) {
	_, isObject := data.(schema.JSONObject)
	switch {
	case op.Err != nil:
	case op.Method != "POST" && op.Method != "PUT" && op.Method != "PATCH" && op.Method != "DELETE":
		op.Err = invalidSyntax("method must be POST, PUT, PATCH or DELETE")
	case op.Path == "":
		op.Err = invalidSyntax("path is missing")
	case op.Method == "POST" && op.BulkID == "":
		op.Err = invalidSyntax("a POST needs a bulkId")
	case op.Method != "DELETE" && !isObject:
		op.Err = invalidSyntax("data must be a JSON object")
	}
}

// refuseDoubled refuses the later one of two operations with one bulkId (Z-42).
func refuseDoubled(ops []*Operation) {
	seen := map[string]bool{}
	for _, op := range ops {
		if op.BulkID == "" {
			continue
		}
		if seen[op.BulkID] && op.Err == nil {
			op.Err = invalidSyntax("the bulkId is given to more than one operation")
		}
		seen[op.BulkID] = true
	}
}

func failOnErrors(head schema.JSONObject) (int, error) {
	v, _ := head.Get("failOnErrors")
	if v == nil {
		return 0, nil
	}
	n, _ := v.(schema.Number)
	i, err := strconv.Atoi(string(n))
	if err != nil || i < 1 {
		return 0, invalidValue("failOnErrors must be an integer of 1 or more")
	}
	return i, nil
}

func invalidSyntax(format string, args ...any) *schema.Error {
	return &schema.Error{Type: schema.ErrorInvalidSyntax, Detail: fmt.Sprintf(format, args...)}
}

func invalidValue(detail string) *schema.Error {
	return &schema.Error{Type: schema.ErrorInvalidValue, Detail: detail}
}
