// Package position writes and reads the positions of the stores of this module
// (store.Page.Next): the order of a query and the key of the last resource that
// was returned, in that order.
package position

import (
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Order names the order of a query, so that a position is of use in that order
// only.
func Order(by schema.AttrPath, descending bool) string {
	switch {
	case by == nil:
		return "id"
	case descending:
		return "-" + by.String()
	}
	return "+" + by.String()
}

// Join writes a position of an order. The parts may be any strings.
func Join(order string, parts ...string) string {
	var b strings.Builder
	write := func(part string) {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	write(order)
	for _, part := range parts {
		write(part)
	}
	return b.String()
}

// Split returns the parts of a position of an order. The error is
// [store.ErrPosition] for text that Join did not write for that order.
func Split(text, order string) ([]string, error) {
	var parts []string
	for text != "" {
		digits, rest, found := strings.Cut(text, ":")
		n, err := strconv.Atoi(digits)
		if !found || err != nil || n < 0 || n > len(rest) || strconv.Itoa(n) != digits {
			return nil, store.ErrPosition
		}
		parts, text = append(parts, rest[:n]), rest[n:]
	}
	if len(parts) == 0 || parts[0] != order {
		return nil, store.ErrPosition
	}
	return parts[1:], nil
}
