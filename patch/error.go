package patch

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
)

// Error is an operation that cannot be applied. Index counts from 0. It wraps
// the [*schema.Error] (or [*filter.Error]) that says why.
type Error struct {
	Index int
	Op    Op
	Err   error
}

// Error returns the reason, prefixed by the operation's place in the message.
func (e *Error) Error() string { return fmt.Sprintf("Operations[%d]: %s", e.Index, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// fail returns an error without a path; the callers add the path with prefixPath.
func fail(t schema.ErrorType, detail string) error {
	return &schema.Error{Type: t, Detail: detail}
}

// prefixPath returns err, whose path is relative to a, with a in front of it.
func prefixPath(a *schema.Attribute, err error) error {
	e, ok := err.(*schema.Error)
	if !ok {
		return err
	}
	c := *e
	switch {
	case e.Path == "":
		c.Path = a.Name
	case schema.AttrPath{a}.Extension():
		c.Path = a.Name + ":" + e.Path
	default:
		c.Path = a.Name + "." + e.Path
	}
	return &c
}
