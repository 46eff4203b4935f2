package filter

import "github.com/seed5f3efb56/scim/schema"

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
// would; eq and ne include the comparison with null. Combinations by and, or
// and not of supported comparisons are supported. A value path emails[…] is
// supported if the paths within (emails.type, emails.value) are and "emails[]"
// is a key with any operators; for a simple attribute, tags[value …], the path
// within is tags.
type Support map[string]Ops

// lookup marks the operators of a path that a store answers from an index: never
// within not, never with null.
const lookup Ops = 1 << 15

// Indexed declares eq for the paths, as a store answers it by looking a value up
// in an index: alone and in combinations by and and or, but neither within not
// nor with null, for which an index of values has no entry. The paths are
// those of [Support]; entries of other operators can be added to the result.
func Indexed(paths ...string) Support {
	s := make(Support, len(paths))
	for _, p := range paths {
		s[p] = OpsOf(EQ) | lookup
	}
	return s
}

// Can reports whether the whole expression is supported. A comparison with an
// empty path always is: it does not depend on data.
func (s Support) Can(e Expr) bool { return s.can(e, place{}) }

// place is where in an expression a part of it stands.
type place struct {
	attr    schema.AttrPath // of the value filter around it; nil outside
	negated bool            // within not
}

func (s Support) can(e Expr, p place) bool {
	switch e := e.(type) {
	case And:
		return s.can(e.Left, p) && s.can(e.Right, p)
	case Or:
		return s.can(e.Left, p) && s.can(e.Right, p)
	case Not:
		return s.can(e.Expr, place{p.attr, true})
	case ValuePath:
		return s[e.Path.String()+"[]"] != 0 && s.can(e.Expr, place{e.Path, p.negated})
	case Compare:
		if len(e.Path) == 0 {
			return true
		}
		ops := s[fullPath(p.attr, e.Path).String()]
		return ops.Has(e.Op) && !(ops&lookup != 0 && (p.negated || e.Null))
	}
	return false
}

// Split divides a conjunction: push holds the conjuncts for which can reports
// true, rest the others, either nil when empty. f matches exactly when both
// do. A filter that is no conjunction goes whole to one side; nil, which
// selects everything, to neither.
func Split(f *Filter, can func(Expr) bool) (push, rest *Filter) {
	if f == nil {
		return nil, nil
	}
	if can(f.expr) {
		return f, nil
	}
	var yes, no Expr
	for _, e := range conjuncts(nil, f.expr) {
		if can(e) {
			yes = conjoin(yes, e)
		} else {
			no = conjoin(no, e)
		}
	}
	return newPart(yes), newPart(no)
}

func conjuncts(dst []Expr, e Expr) []Expr {
	if and, ok := e.(And); ok {
		return conjuncts(conjuncts(dst, and.Left), and.Right)
	}
	return append(dst, e)
}

func conjoin(left, right Expr) Expr {
	if left == nil {
		return right
	}
	return And{left, right}
}

func newPart(e Expr) *Filter {
	if e == nil {
		return nil
	}
	return New(e)
}
