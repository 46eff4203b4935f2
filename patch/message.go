package patch

import (
	"fmt"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
	"github.com/seed5f3efb56/scim/schema"
)

// Parse reads a PatchOp message (RFC 7644 §3.5.2): schemas, Operations and
// their op, path and value. op is compared without case (Entra ID) and members
// the RFC does not define are ignored (Z-22), unless they say that the resource
// is not active ([schema.Deactivates]). Errors are [*schema.Error] of
// invalidSyntax, or [*Error] wrapping one of invalidSyntax or invalidPath.
// More than maxOperations operations are invalidSyntax; 0 sets no bound. Under
// [schema.Profile.NoOperations] there may be none; under
// [schema.Profile.RequirePath] each has a path.
func Parse(body any, maxOperations int, p schema.Profile) ([]Operation, error) {
	message, ok := body.(schema.JSONObject)
	if !ok {
		return nil, fail(schema.ErrorInvalidSyntax, "a PatchOp message must be a JSON object")
	}
	if err := schema.CheckMessage(message, MessageURI, p); err != nil {
		return nil, err
	}
	list, err := operations(message, p)
	if err != nil {
		return nil, err
	}
	if maxOperations > 0 && len(list) > maxOperations {
		return nil, fail(schema.ErrorInvalidSyntax, fmt.Sprintf("the request has %d operations; the maximum is %d", len(list), maxOperations))
	}
	ops := make([]Operation, len(list))
	for i, raw := range list {
		op, err := parseOperation(raw)
		if err == nil && p.RequirePath && !op.HasPath {
			err = fail(schema.ErrorInvalidSyntax, "the operation needs a path")
		}
		if err != nil {
			return nil, &Error{Index: i, Op: op.Op, Err: err}
		}
		ops[i] = op
	}
	return ops, nil
}

// operations returns the list of operations.
func operations(message schema.JSONObject, p schema.Profile) ([]any, error) {
	stray := false
	for _, m := range message {
		if ascii.EqualFold(m.Name, "schemas") || ascii.EqualFold(m.Name, "Operations") {
			continue
		}
		if schema.Deactivates(m.Name, m.Value) {
			return nil, fail(schema.ErrorInvalidSyntax, "unknown member "+schema.Quote(m.Name)+"; its value false cannot be ignored")
		}
		stray = stray || m.Value != nil
	}
	raw, _ := message.Get("Operations")
	if one, ok := raw.(schema.JSONObject); ok && p.SingleValues {
		raw = []any{one}
	}
	list, ok := raw.([]any)
	switch {
	case ok && (len(list) > 0 || p.NoOperations):
		return list, nil
	case raw == nil && !stray && p.NoOperations:
		return nil, nil
	}
	return nil, fail(schema.ErrorInvalidSyntax, "Operations must be an array of one or more operations")
}

func parseOperation(raw any) (Operation, error) {
	object, ok := raw.(schema.JSONObject)
	if !ok {
		return Operation{}, fail(schema.ErrorInvalidSyntax, "an operation must be a JSON object")
	}
	kind, err := parseOp(object)
	if err != nil {
		return Operation{}, err
	}
	op := Operation{Op: kind}
	op.Value, op.HasValue = object.Get("value")
	switch path, _ := object.Get("path"); path := path.(type) {
	case nil: // serializers that write every member send null for none
	case string:
		if path == "" {
			return op, fail(schema.ErrorInvalidPath, "path must not be empty")
		}
		op.Path, op.HasPath = path, true
	default:
		return op, fail(schema.ErrorInvalidSyntax, "path must be a string")
	}
	return op, nil
}

func parseOp(object schema.JSONObject) (Op, error) {
	raw, _ := object.Get("op")
	word, _ := raw.(string)
	for op, name := range opNames {
		if strings.EqualFold(word, name) {
			return Op(op), nil
		}
	}
	return 0, fail(schema.ErrorInvalidSyntax, `op must be "add", "remove" or "replace"`)
}
