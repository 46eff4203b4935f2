package store

import (
	"errors"
	"fmt"
)

// Errors of the methods that are about one resource.
var (
	// ErrNotFound: the tenant has no such resource. 404.
	ErrNotFound = errors.New("store: not found")
	// ErrVersion: the version of the resource is not Change.IfVersion. 412 if the
	// client named that version (If-Match); otherwise the library reads the
	// resource again and repeats the write.
	ErrVersion = errors.New("store: version differs")
)

// ErrPosition: Query.After is not a position of the store. 400 with scimType
// invalidCursor where a client's cursor is concerned, otherwise 500.
var ErrPosition = errors.New("store: not a position")

// ErrUnavailable: the store cannot answer now, and the client should try again
// later: there is no connection, a conflict went on through all retries, or it is
// unknown whether a commit took place. 503 with Retry-After.
var ErrUnavailable = errors.New("store: unavailable")

// UniquenessError says that another resource of the type and tenant has the value
// of a unique attribute. 409 with scimType uniqueness.
type UniquenessError struct {
	Path string // attribute path in standard notation, for example "userName"
}

// Error names the attribute, never the value or the resource that has it.
func (e *UniquenessError) Error() string {
	return fmt.Sprintf("store: %s is taken", e.Path)
}
