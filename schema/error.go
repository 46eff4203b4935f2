package schema

// ErrorType is a detail error keyword of RFC 7644 §3.12, Table 9, or RFC 9865
// §2.1, Table 3. Package scim
// alone knows which HTTP status a keyword becomes.
type ErrorType string

// The keywords of RFC 7644 Table 9.
const (
	ErrorInvalidFilter ErrorType = "invalidFilter"
	ErrorTooMany       ErrorType = "tooMany"
	ErrorUniqueness    ErrorType = "uniqueness"
	ErrorMutability    ErrorType = "mutability"
	ErrorInvalidSyntax ErrorType = "invalidSyntax"
	ErrorInvalidPath   ErrorType = "invalidPath"
	ErrorNoTarget      ErrorType = "noTarget"
	ErrorInvalidValue  ErrorType = "invalidValue"
	ErrorInvalidVers   ErrorType = "invalidVers"
	ErrorSensitive     ErrorType = "sensitive"
)

// The keywords of RFC 9865 Table 3.
const (
	ErrorInvalidCursor ErrorType = "invalidCursor"
	ErrorExpiredCursor ErrorType = "expiredCursor"
	ErrorInvalidCount  ErrorType = "invalidCount"
)

// Error is a mistake of a client: its keyword, the attribute, and the reason in
// words that may be shown to the client. Detail never carries a value the client
// sent for a sensitive attribute.
type Error struct {
	Type   ErrorType
	Path   string // attribute path in standard notation; empty for the whole body
	Detail string
}

// Error returns the detail, prefixed by the path.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Detail
	}
	return e.Path + ": " + e.Detail
}
