package store

import (
	"context"
	"time"
)

// Record is one entry of the audit trail. It is written once and never changed.
type Record struct {
	ID         string // unique in all tenants; made by package scim
	Tenant     string
	Actor      string // the token id of the principal
	Time       time.Time
	Operation  string
	Type       string // resource type name
	ResourceID string
	Outcome    string
	Payload    []byte // JSON, at most MaxPayload bytes
}

// AuditTrail keeps records of what clients did. It is optional. To read and to
// prune them is the application's part. Safe for concurrent use. Arguments
// belong to the caller.
type AuditTrail interface {
	// Record adds a record in the transaction of the context: it is there if and
	// only if the transaction commits. Outside a transaction it commits by
	// itself. r.Tenant says whose the record is, whatever the context's tenant.
	// Texts may be any strings. An ID that is there already is an error.
	Record(ctx context.Context, r Record) error
}
