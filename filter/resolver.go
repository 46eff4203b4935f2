package filter

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
)

// Options are what a resolver is made for.
type Options struct {
	Profile schema.Profile
	// AnyType makes unknown attributes ones without a value instead of errors,
	// for endpoints of several resource types (RFC 7644 §3.4.2.1).
	AnyType bool
}

// Bounds on what reaches the grammar.
const (
	MaxLength      = 4 << 10 // bytes left once literals are lifted out
	MaxComparisons = 64
	MaxDepth       = 16
	MaxText        = 64 << 10 // bytes of a filter or path as the client sent it
)

// Resolver turns filter and path texts into compiled ones for one resource
// type and profile. It keeps a bounded cache of shapes (the text with its
// literals taken out), so that a shape seen before costs no parse. Safe for
// concurrent use.
type Resolver struct {
}

// NewResolver returns a resolver.
func NewResolver(t *schema.ResourceType, o Options) *Resolver { panic("stub") }

// Budget bounds the shape misses of one request, which are expensive; PATCH
// operations and Bulk share one. The zero value allows none; nil is unlimited.
// Not safe for concurrent use.
type Budget struct{ Misses int }

// DefaultBudget is how many shapes never seen before one request may bring.
const DefaultBudget = 64

// Filter compiles a filter expression. Errors are [*Error] with
// schema.ErrorInvalidFilter, which a caller that knows better may replace.
func (r *Resolver) Filter(text string, b *Budget) (*Filter, error) { panic("stub") }

// Path compiles a PATCH path. Errors are [*Error]: schema.ErrorInvalidPath for
// a malformed path or an unknown attribute, schema.ErrorInvalidFilter for a
// wrong filter within the brackets (Z-23).
func (r *Resolver) Path(text string, b *Budget) (*Path, error) { panic("stub") }

// Error is a filter or path that does not compile. Offset is the byte at which
// it went wrong, as near as is known.
type Error struct {
	Offset int
	Err    *schema.Error
}

// Error returns the detail with the offset.
func (e *Error) Error() string { return fmt.Sprintf("filter: at %d: %s", e.Offset, e.Err) }

// Unwrap returns the [*schema.Error].
func (e *Error) Unwrap() error { return e.Err }
