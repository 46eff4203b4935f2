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

var opNames = [...]string{Add: "add", Remove: "remove", Replace: "replace"}

// String returns the RFC's word for the operation.
func (o Op) String() string { return opNames[o] }

// Operation is one parsed operation of a PatchOp message. Its path and value
// are resolved when it is applied, against the resource as it then is.
type Operation struct {
	Op       Op
	Path     string
	HasPath  bool
	Value    any // a schema.ParseJSON value
	HasValue bool
}

// MessageURI identifies a PatchOp message.
const MessageURI = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Patcher applies operations to resources of one type under one profile. Safe
// for concurrent use.
type Patcher struct {
	// MaxMembers is how many members a resource may have for an operation to
	// look at them; default 20000. Beyond that such an operation fails with
	// schema.ErrorTooMany. To be set before the first use.
	MaxMembers int

	typ      *schema.ResourceType
	resolver *filter.Resolver
	profile  schema.Profile
}

// New returns a patcher. The resolver must have been made for the same type
// and profile.
func New(t *schema.ResourceType, r *filter.Resolver, p schema.Profile) *Patcher {
	return &Patcher{typ: t, resolver: r, profile: p}
}

// Members yields the current members of the resource being patched. It is
// drawn only by the rare operations that cannot be expressed as a delta
// without looking (a filter on more than value, a change of one member's
// sub-attributes), once for all of them and never to more than one member
// beyond Patcher.MaxMembers. nil means that there are none.
type Members func() iter.Seq2[schema.Member, error]

// Complete returns members that operations have added as they will be: with the
// names of their resource types and their URIs, in the same order. It is asked
// before a filter looks at them. nil leaves them as the client sent them.
type Complete func(members []schema.Member) ([]schema.Member, error)

// Result is a resource after the operations.
type Result struct {
	Resource *schema.Resource    // the new resource; the old pointer when no attribute changed
	Members  *schema.MemberDelta // the change of the members; nil if no operation names them
	Secrets  schema.Secrets      // secrets the operations set
	// Mentioned are the root attributes the operations added or replaced, for
	// "returned: request" (RFC 7643 §7).
	Mentioned []*schema.Attribute
}

// Apply applies the operations in order to a copy, all or nothing: on error
// there is no result. The argument is left as it is. The result is not yet
// checked for required attributes at the end (schema.ResourceType.Validate);
// removing one fails at its operation (P-52). Errors are [*Error], with that of
// filter.Budget.Spend when there is too much work in it; an error
// of the members source is returned as it is.
func (p *Patcher) Apply(r *schema.Resource, ops []Operation, members Members, b *filter.Budget) (Result, error) {
	return p.ApplyWith(r, ops, members, nil, b)
}

// ApplyWith is [Patcher.Apply] with the completion of members that operations
// add. An error of complete is returned as it is.
func (p *Patcher) ApplyWith(r *schema.Resource, ops []Operation, members Members, complete Complete, b *filter.Budget) (Result, error) {
	w := &run{Patcher: p, before: r, root: r.Attributes, source: members, complete: complete, budget: b}
	for i, op := range ops {
		w.ahead, w.at = ops[i:], i
		if err := w.operation(op); err != nil {
			if w.sourceErr != nil {
				return Result{}, w.sourceErr
			}
			return Result{}, &Error{Index: i, Op: op.Op, Err: err}
		}
	}
	if err := p.typ.CheckDeactivation(w.ignored, w.root); err != nil {
		return Result{}, &Error{Index: w.ignoredAt, Op: ops[w.ignoredAt].Op, Err: err}
	}
	return w.result(), nil
}
