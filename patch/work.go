package patch

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// operationCost is what an operation costs beside the values that it looks at.
const operationCost = 1000

// spend accounts for an operation on a value: what it does to the value, beside
// selecting elements, looks at each of its parts a few times.
func (w *run) spend(a *schema.Attribute, v schema.Value) error {
	return w.budget.Spend(operationCost + filter.ValueCost(a, v))
}
