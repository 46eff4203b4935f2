package console

import "github.com/seed5f3efb56/scim/schema"

// history is what the audit trail has about one resource.
type history struct{ Records []int }

func (q *request) history(*directoryType, string) (*history, error) { return nil, nil }

func (q *request) recordReveal(*directoryType, *schema.Resource) error { return nil }
