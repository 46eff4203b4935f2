package scimtest

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Bounds of the library on requests, filters and paths first. Cases go one step
// beyond a bound and not further: that proves the check and does not harm a server
// without it. No case sends anything that is nested deeper.
const (
	filterDepth       = 16       // parentheses and brackets
	filterLength      = 4 << 10  // bytes without the literals
	filterText        = 64 << 10 // bytes
	filterComparisons = 64
	bodySize          = 4 << 20 // bytes
)

// nested returns inner within n pairs of left and right.
func nested(n int, left, inner, right string) string {
	return strings.Repeat(left, n) + inner + strings.Repeat(right, n)
}

// tooDeep are texts nested one level deeper than a JSON body may be: arrays and
// objects, complete and cut off.
func tooDeep() []string {
	const n = schema.MaxDepth + 1
	return []string{nested(n, "[", "", "]"), nested(n, `{"a":`, "1", "}"), nested(n, "[", "", ""), nested(n, `{"a":`, "", "")}
}
