package filter

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Op is an attribute operator (RFC 7644 §3.4.2.2, Table 3).
type Op uint8

// The operators of RFC 7644 Table 3.
const (
	PR Op = iota
	EQ
	NE
	CO
	SW
	EW
	GT
	GE
	LT
	LE
)

var opNames = [...]string{"pr", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}

// String returns the operator as a filter writes it.
func (o Op) String() string { return opNames[o] }

// parseOp reads an operator without case (F-3).
func parseOp(word string) (Op, bool) {
	if len(word) != 2 {
		return 0, false
	}
	for i, name := range opNames {
		if strings.EqualFold(word, name) {
			return Op(i), true
		}
	}
	return 0, false
}

// opsOf returns the operators which fit a type. Table 3 refuses order on
// booleans and binaries (F-14, F-15); a part of a value (co, sw, ew) exists
// only of text (F-33).
func opsOf(t schema.Type) Ops {
	switch t {
	case schema.TypeString, schema.TypeReference:
		return OpsOf(PR, EQ, NE, CO, SW, EW, GT, GE, LT, LE)
	case schema.TypeInteger, schema.TypeDecimal, schema.TypeDateTime:
		return OpsOf(PR, EQ, NE, GT, GE, LT, LE)
	case schema.TypeBoolean, schema.TypeBinary:
		return OpsOf(PR, EQ, NE)
	}
	return OpsOf(PR)
}
