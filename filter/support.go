package filter

// Ops is a set of operators.
type Ops uint16

// OpsOf returns the set of the operators.
func OpsOf(ops ...Op) Ops {
	var s Ops
	for _, op := range ops {
		s |= 1 << op
	}
	return s
}

// Has reports whether the set has the operator.
func (s Ops) Has(op Op) bool { return s&(1<<op) != 0 }

// Support declares, by attribute path in standard notation as the schema
// spells it, which comparisons a store answers itself, exactly as [Filter.Match]
// would. Combinations by and, or and not of supported comparisons are
// supported. A value path emails[…] is supported if the paths within
// (emails.type, emails.value) are and "emails[]" is a key with any operators.
type Support map[string]Ops

// Can reports whether the whole expression is supported. A comparison with an
// empty path always is: it does not depend on data.
func (s Support) Can(e Expr) bool { panic("stub") }

// Split divides a conjunction: push holds the conjuncts for which can reports
// true, rest the others, either nil when empty. f matches exactly when both
// do. A filter that is no conjunction goes whole to one side.
func Split(f *Filter, can func(Expr) bool) (push, rest *Filter) { panic("stub") }
