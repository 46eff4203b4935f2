package store

import (
	"errors"
	"fmt"
)

// Sentinels of every operation on one resource.
var (
	// ErrNotFound: no such resource in this tenant. 404.
	ErrNotFound = errors.New("store: not found")
	// ErrVersion: the resource has another version than IfVersion. 412 when
	// the client asked for that version, else the library tries again.
	ErrVersion = errors.New("store: version differs")
)

// ErrPosition: Query.After is not a position of the store. 400 with scimType
// invalidCursor where a client's cursor is concerned, otherwise 500.
var ErrPosition = errors.New("store: not a position")

// ErrUnavailable: the store cannot answer now, and trying again later makes
// sense: no connection, a conflict that outlasted the retries, a commit of
// unknown outcome. 503 with Retry-After.
var ErrUnavailable = errors.New("store: unavailable")

// UniquenessError is a value that another resource of the type and tenant has.
// 409 with scimType uniqueness.
type UniquenessError struct {
	Path string // attribute path in standard notation, for example "userName"
}

// Error names the attribute, never the value or its owner.
func (e *UniquenessError) Error() string {
	return fmt.Sprintf("store: %s is taken", e.Path)
}
