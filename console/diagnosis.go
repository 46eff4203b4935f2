package console

import (
	"github.com/seed5f3efb56/scim/diagnose"
)

// diagnosed is a finding of package diagnose.
type diagnosed struct {
	diagnose.Finding
	First, Last *moment
}

// findings are what is wrong with a connection of the tenant, nil without a diagnosis.
func (q *request) findings(connection string) []diagnosed {
	if q.c.cfg.Diagnosis == nil {
		return nil
	}
	var out []diagnosed
	for _, f := range q.c.cfg.Diagnosis.Findings(q.id.Tenant, connection) {
		out = append(out, diagnosed{f, q.moment(f.First), q.moment(f.Last)})
	}
	return out
}
