package audit

import (
	"time"
)

// Operation is what a client or an operator did. Package scim has the operations of
// clients as constants (scim.OperationCreate and so on).
type Operation string

// OperationHook is the operation of a [Result] of a hook that ran after the commit.
const OperationHook Operation = "hook"

// Kind is what a record stands for.
type Kind string

const (
	// Write is a write that was committed together with its record, also one that
	// changed nothing. A record in the trail has no Status and no DurationMS: the
	// response was still to come.
	Write Kind = "write"
	// Result is what became known after a write, which Of names: a hook that ran after
	// the commit, or a response that was an error although the write was committed.
	Result Kind = "result"
	// Request is a request that changed nothing: one that was refused or that failed,
	// and a read. With Omitted it stands for several.
	Request Kind = "request"
)

// Outcome is how an operation ended.
type Outcome string

const (
	Success Outcome = "success"
	// Refused: the request was wrong or not permitted, or a limit, the brake or a hook
	// stopped it.
	Refused Outcome = "refused"
	// Failure: the service could not do its part.
	Failure Outcome = "failure"
)

// Record is one entry of the trail. It never has the value of a secret attribute;
// values of scim.Config.SensitiveAttributes are "[redacted]".
type Record struct {
	Record string `json:"record,omitempty"` // unique; "" if it is not in a trail
	Kind   Kind   `json:"kind,omitempty"`
	// Of is the record of the write that this record is a result or a part of.
	Of         string    `json:"of,omitempty"`
	Time       time.Time `json:"time"`                 // of the request; of a hook, when it ended
	DurationMS float64   `json:"durationMs,omitempty"` // milliseconds
	Reference  string    `json:"reference,omitempty"`  // of the request; also in the log and in the detail of a 500
	Tenant     string    `json:"tenant,omitempty"`
	Actor      string    `json:"actor,omitempty"`      // scim.Principal.TokenID, or the operator; "" if the request was not authenticated
	Connection string    `json:"connection,omitempty"` // scim.Principal.Connection
	Operation  Operation `json:"operation,omitempty"`  // "" if the request failed before
	Method     string    `json:"method,omitempty"`
	Type       string    `json:"type,omitempty"` // resource type name
	ID         string    `json:"id,omitempty"`   // resource id
	// Name is the userName or displayName that the resource had at that time, after a
	// write; in a POST that was refused, the one that was sent.
	Name    string `json:"name,omitempty"`
	Adopted bool   `json:"adopted,omitempty"` // the connection became the owner of an existing resource
	// Cause is why a resource changed that the request did not name: "members" of a
	// group that a deleted member left. Else "".
	Cause    string   `json:"cause,omitempty"`
	Changes  []Change `json:"changes,omitempty"`
	Outcome  Outcome  `json:"outcome,omitempty"`
	Status   int      `json:"status,omitempty"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail,omitempty"` // of the error response, or the error of a hook
	Reason   string   `json:"reason,omitempty"` // of an operator (Revoke, ReleaseBrake)
	Source   string   `json:"source,omitempty"` // the address of a client that was not authenticated
	// Hook is the hook of a Result: "revoke", or the kind of the event (event.Kind). In
	// a Write it is "endSessions" if Hooks.EndSessions ran in the transaction.
	Hook     string `json:"hook,omitempty"`
	Attempts int    `json:"attempts,omitempty"` // calls of the hook so far
	// RevokedMS is the time from the write to the end of Hooks.Revoke, in milliseconds.
	RevokedMS float64 `json:"revokedMs,omitempty"`
	// Omitted is how many requests this record stands for, which were too many in a
	// minute to be recorded one by one.
	Omitted int `json:"omitted,omitempty"`
}

// Change is one root attribute that changed, with its values as JSON, "" if
// unassigned. For members, Old has the ids that left and New those that joined. A
// password that was set is "[redacted]". The owner has the path "$owner".
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	// OldOmitted and NewOmitted are how much was left out of a value that is too large
	// for a record: of members, the number of ids beyond those that are listed; of any
	// other value, which is "[omitted]", its bytes.
	OldOmitted int `json:"oldOmitted,omitempty"`
	NewOmitted int `json:"newOmitted,omitempty"`
}

// Texts that stand for values.
const (
	RedactedValue = "[redacted]"
	OmittedValue  = "[omitted]"
)
