package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// ErrorURI identifies an error message (RFC 7644 §3.12).
const ErrorURI = "urn:ietf:params:scim:api:messages:2.0:Error"

// Error is an error response (RFC 7644 §3.12). Functions of the embedder return
// one to choose the response; Detail is sent as it is.
type Error struct {
	Status int              // HTTP status
	Type   schema.ErrorType // scimType, "" for none
	Detail string
}

// Error returns status and detail.
func (e *Error) Error() string { return fmt.Sprintf("scim: %d %s", e.Status, e.Detail) }

// ErrUnauthenticated: the request has no valid credentials. 401.
var ErrUnauthenticated = errors.New("scim: unauthenticated")

// ErrForbidden: the principal may not do this. 403.
var ErrForbidden = errors.New("scim: forbidden")

func errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Detail: fmt.Sprintf(format, args...)}
}

func invalidSyntax(format string, args ...any) *schema.Error {
	return &schema.Error{Type: schema.ErrorInvalidSyntax, Detail: fmt.Sprintf(format, args...)}
}

func invalidValue(path, detail string) *schema.Error {
	return &schema.Error{Type: schema.ErrorInvalidValue, Path: path, Detail: detail}
}

// headerError is an error whose response has a header field of its own.
type headerError struct {
	error
	name, value string
}

func (e *headerError) Unwrap() error { return e.error }

// toError returns the response to an error. It is the one place that decides
// about statuses. known is false if the text of the error must be logged and not
// sent.
func toError(err error) (e *Error, known bool) {
	var own *Error
	var unique *store.UniquenessError
	var wrong *schema.Error
	var stopped *brake.Stop
	switch {
	case errors.As(err, &own):
		return own, true
	case errors.As(err, &stopped):
		return errorf(http.StatusServiceUnavailable, "%s", stopped), true
	case errors.Is(err, store.ErrUnavailable): // before the errors that it may wrap
		return unavailable(), false
	case private(err):
		return errorf(http.StatusInternalServerError, "internal error"), false
	case errors.As(err, &unique):
		return &Error{http.StatusConflict, schema.ErrorUniqueness, unique.Path + " is already in use"}, true
	case errors.As(err, &wrong):
		return &Error{schemaStatus(wrong.Type), wrong.Type, detail(err, wrong)}, true
	case errors.Is(err, store.ErrNotFound):
		return errorf(http.StatusNotFound, "resource not found"), true
	case errors.Is(err, store.ErrVersion):
		return errorf(http.StatusPreconditionFailed, "the resource has changed; read it again"), true
	case errors.Is(err, ErrUnauthenticated):
		return errorf(http.StatusUnauthorized, "authentication failed"), true
	case errors.Is(err, ErrForbidden):
		return errorf(http.StatusForbidden, "not permitted"), true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable(), false
	}
	return errorf(http.StatusInternalServerError, "internal error"), false
}

// retryAfter returns the value of Retry-After of a 503, in seconds: a short time
// for what mends itself, a longer one if an operator has to act.
func retryAfter(err error) string {
	var stopped *brake.Stop
	if errors.As(err, &stopped) {
		return "300"
	}
	return "5"
}

func unavailable() *Error {
	return errorf(http.StatusServiceUnavailable, "temporarily unavailable; try again")
}

// private reports whether the error comes from a hook and must not be sent: none
// of those with which a hook chooses the response.
func private(err error) bool {
	var hook *lifecycle.HookError
	var own *Error
	var wrong *schema.Error
	switch {
	case !errors.As(err, &hook), errors.As(err, &own), errors.As(err, &wrong):
		return false
	}
	for _, chosen := range []error{ErrForbidden, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, chosen) {
			return false
		}
	}
	return true
}

// schemaStatus returns the status of a scimType (RFC 7644 §3.12, Table 9).
func schemaStatus(t schema.ErrorType) int {
	switch t {
	case schema.ErrorUniqueness:
		return http.StatusConflict
	case schema.ErrorSensitive:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// detail returns the text of an error with its position: the character in a
// filter, the number of the operation in a PATCH.
func detail(err error, wrong *schema.Error) string {
	text := wrong.Error()
	var at *filter.Error
	if errors.As(err, &at) {
		text = at.Error()
	}
	var op *patch.Error
	if errors.As(err, &op) {
		text = fmt.Sprintf("operation %d: %s", op.Index+1, text)
	}
	return text
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
