package patch

import (
	"iter"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Op is the kind of an operation (RFC 7644 §3.5.2).
type Op uint8

// The operations of RFC 7644 §3.5.2.
const (
	Add Op = iota
	Remove
	Replace
)

// Operation is one parsed operation of a PatchOp message. Its path and value
// are resolved when it is applied, against the resource as it then is.
type Operation struct {
	Op       Op
	Path     string
	HasPath  bool
	Value    any // a schema.ParseJSON value
	HasValue bool
}

// Error is an operation that cannot be applied. Index counts from 0. It wraps
// the [*schema.Error] (or [*filter.Error]) that says why.
type Error struct {
	Index int
	Op    Op
	Err   error
}

// MessageURI identifies a PatchOp message.
const MessageURI = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Parse reads a PatchOp message (RFC 7644 §3.5.2): schemas, Operations and
// their op, path and value. op is compared without case (Entra ID) and members
// the RFC does not define are ignored (Z-22). Errors are [*schema.Error] of
// invalidSyntax, or [*Error] wrapping one of invalidSyntax or invalidPath.
// maxOperations bounds the number of operations (invalidSyntax... see tooMany).
func Parse(body any, maxOperations int) ([]Operation, error) { panic("stub") }

// Patcher applies operations to resources of one type under one profile. Safe
// for concurrent use.
type Patcher struct {
}

// New returns a patcher. The resolver must have been made for the same type
// and profile.
func New(t *schema.ResourceType, r *filter.Resolver, p schema.Profile) *Patcher { panic("stub") }

// Members yields the current members of the resource being patched. It is
// drawn only by the rare operations that cannot be expressed as a delta
// without looking (a filter on more than value, a change of one member's
// sub-attributes). nil means that there are none.
type Members func() iter.Seq2[schema.Member, error]

// Result is what the operations make of a resource.
type Result struct {
	Resource *schema.Resource    // the new resource; the old pointer when no attribute changed
	Members  *schema.MemberDelta // what is to change among the members; nil if no operation names them
	Secrets  schema.Secrets      // secrets the operations set
}

// Apply applies the operations in order to a copy, all or nothing: on error
// there is no result. The argument is left as it is. The result is not yet
// checked for required attributes at the end (schema.ResourceType.Validate);
// removing one fails at its operation (P-52). Errors are [*Error]; an error
// of the members source is returned as it is.
func (p *Patcher) Apply(r *schema.Resource, ops []Operation, members Members, b *filter.Budget) (Result, error) {
	panic("stub")
}
