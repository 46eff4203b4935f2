package patch

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// operationCost is the cost of an operation beside the values that it looks at.
const operationCost = 1000

// spend accounts for an operation on a value, which beside selecting elements
// looks at each part of the value a few times.
func (w *run) spend(a *schema.Attribute, v schema.Value) error {
	return w.budget.Spend(operationCost + filter.ValueCost(a, v))
}
