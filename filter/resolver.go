package filter

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
)

// Options are the options of a resolver.
type Options struct {
	Profile schema.Profile
	// AnyType makes unknown attributes ones without a value instead of errors,
	// for endpoints of several resource types (RFC 7644 §3.4.2.1). It concerns
	// filters only, not paths.
	AnyType bool
}

// Bounds on the text that reaches the grammar.
const (
	MaxLength      = 4 << 10 // bytes left once literals are lifted out
	MaxComparisons = 64
	MaxDepth       = 16
	MaxText        = 64 << 10 // bytes of a filter or path as the client sent it
)

var tooDeep = "nested more than " + strconv.Itoa(MaxDepth) + " levels deep"

// Resolver turns filter and path texts into compiled ones for one resource
// type and profile. It keeps a bounded cache of shapes (the text with its
// literals taken out), so that a shape seen before costs no parse. Safe for
// concurrent use.
type Resolver struct {
	typ   *schema.ResourceType
	opts  Options
	cache cache
}

// NewResolver returns a resolver.
func NewResolver(t *schema.ResourceType, o Options) *Resolver {
	return &Resolver{typ: t, opts: o}
}

// Filter compiles a filter expression. Errors are [*Error] with
// schema.ErrorInvalidFilter, which a caller that knows better may replace, or
// that of [Budget.Spend].
func (r *Resolver) Filter(text string, b *Budget) (*Filter, error) {
	s := newScanner(r, kindFilter, text)
	defer s.release()
	sh, err := r.shape(s, b)
	if err != nil {
		return nil, err
	}
	e, failed := r.bind(sh.root, s.lits, nil)
	if failed != nil {
		return nil, failed.locate(text)
	}
	return New(e), nil
}

// Path compiles a PATCH path. Errors are [*Error]: schema.ErrorInvalidPath for
// a malformed path or an unknown attribute (schema.ErrorInvalidSyntax for the latter
// under schema.Profile.UnknownInvalidSyntax), schema.ErrorInvalidFilter for a
// wrong filter within the brackets (Z-23), or that of [Budget.Spend].
func (r *Resolver) Path(text string, b *Budget) (*Path, error) {
	s := newScanner(r, kindPath, text)
	defer s.release()
	sh, err := r.shape(s, b)
	if err != nil {
		return nil, err
	}
	p := &Path{Attr: sh.attr, Sub: sh.sub}
	if sh.root == nil {
		return p, nil
	}
	var failed *Error
	if p.Filter, failed = r.bind(sh.root, s.lits, sh.attr); failed != nil {
		return nil, failed.locate(text)
	}
	p.test = newTest(p.Filter, p.Attr)
	return p, nil
}

// shape scans a text and finds its shape, in the cache or by parsing.
func (r *Resolver) shape(s *scanner, b *Budget) (*shape, error) {
	if failed := s.scan(); failed != nil {
		return nil, failed.locate(s.text)
	}
	key := s.key()
	if sh := r.cache.get(key); sh != nil {
		return sh, nil
	}
	if err := b.Spend(shapeCost + shapeByteCost*len(key)); err != nil {
		return nil, err
	}
	sh, failed := s.compile()
	if failed != nil {
		return nil, failed.locate(s.text)
	}
	r.cache.put(key, sh)
	return sh, nil
}

func (r *Resolver) bind(n *node, lits []literal, in schema.AttrPath) (Expr, *Error) {
	b := binder{lits: lits, profile: r.opts.Profile, in: in}
	return b.bind(n)
}

// Error is a filter or path that does not compile.
type Error struct {
	Position int // of the character at which it goes wrong, as near as is known; from 1, 0 for none
	Err      *schema.Error

	at int // the byte, or noPosition
}

const noPosition = -1

// locate sets the position, which within the package is that of a byte.
func (e *Error) locate(text string) *Error {
	if e.at != noPosition {
		e.Position = utf8.RuneCountInString(text[:e.at]) + 1
	}
	return e
}

// Error returns the detail with the position.
func (e *Error) Error() string {
	if e.Position == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("at character %d: %s", e.Position, e.Err)
}

// Unwrap returns the [*schema.Error].
func (e *Error) Unwrap() error { return e.Err }
