package scimtest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/stretchr/testify/require"
)

// filterProperty compares the service provider with a simple evaluator of
// filters (RFC 7644 §3.4.2.2).
var filterProperty = row{"F-2 F-16 F-17 F-18 F-20 F-24", "random filters select what a plain evaluation of the RFC selects", func(c *Case) {
	c.Both(func(c *Client) {
		r := rand.New(rand.NewPCG(1, 2))
		var people []person
		for i := range 30 {
			p := newPerson(r, i)
			path := c.NewUser(p.userName, p.members()...)
			if p.active == "" && c.app.fills("active") {
				p.active = fmt.Sprint(c.Get(path).Value("active"))
			}
			people = append(people, p)
		}
		for range 150 {
			f := newExpression(r, 3)
			want := []string{}
			for _, p := range people {
				if f.holds(p) {
					want = append(want, p.userName)
				}
			}
			got := c.Filter("/Users?attributes=userName&sortBy=userName", f.text).Is(200).Strings("userName")
			require.Equal(c.t, want, got, f.text)
		}
	})
}}

// person is a user whose values come from a short list, so that random filters
// match.
type person struct {
	userName, title, nickName string // "" is unassigned
	active                    string // "", "true" or "false"
	emails                    []email
}

type email struct{ value, kind string }

var words = []string{"a", "ab", "B", "abc"}

func newPerson(r *rand.Rand, i int) person {
	maybe := func(of ...string) string { return append(of, "")[r.IntN(len(of)+1)] }
	p := person{userName: fmt.Sprintf("u%02d", i), title: maybe(words...), nickName: maybe(words...), active: maybe("true", "false")}
	for range r.IntN(3) {
		p.emails = append(p.emails, email{words[r.IntN(len(words))] + fmt.Sprint(len(p.emails)), maybe("work", "home")})
	}
	return p
}

func (p person) members() []string {
	var out, list []string
	for name, value := range map[string]string{"title": quote(p.title), "nickName": quote(p.nickName), "active": p.active} {
		if value != "" && value != `""` {
			out = append(out, quote(name)+":"+value)
		}
	}
	for _, e := range p.emails {
		text := `{"value":` + quote(e.value)
		if e.kind != "" {
			text += `,"type":` + quote(e.kind)
		}
		list = append(list, text+"}")
	}
	return append(out, `"emails":[`+strings.Join(list, ",")+`]`)
}

// expression is a filter and its meaning.
type expression struct {
	text  string
	holds func(person) bool
}

func newExpression(r *rand.Rand, depth int) expression {
	if depth == 0 {
		return newTerm(r)
	}
	left, right := newExpression(r, depth-1), newExpression(r, depth-1)
	switch r.IntN(5) {
	case 0:
		return expression{"(" + left.text + ") and (" + right.text + ")", func(p person) bool { return left.holds(p) && right.holds(p) }}
	case 1:
		return expression{"(" + left.text + ") or (" + right.text + ")", func(p person) bool { return left.holds(p) || right.holds(p) }}
	case 2:
		return expression{"not (" + left.text + ")", func(p person) bool { return !left.holds(p) }}
	case 3: // and binds tighter than or
		a, b, c := newTerm(r), newTerm(r), newTerm(r)
		return expression{a.text + " or " + b.text + " and " + c.text, func(p person) bool { return a.holds(p) || b.holds(p) && c.holds(p) }}
	}
	return newTerm(r)
}

func newTerm(r *rand.Rand) expression {
	switch r.IntN(5) {
	case 0:
		op, value := []string{"eq", "ne"}[r.IntN(2)], []string{"true", "false"}[r.IntN(2)]
		return expression{"active " + op + " " + value, func(p person) bool { return (p.active == value) == (op == "eq") }}
	case 1:
		return newValuePath(r)
	case 2:
		return newComparison(r, "emails.value", func(p person) []string { return p.values(func(e email) string { return e.value }) })
	case 3:
		return newComparison(r, "emails.type", func(p person) []string { return p.values(func(e email) string { return e.kind }) })
	}
	if r.IntN(2) == 0 {
		return newComparison(r, "title", func(p person) []string { return assigned(p.title) })
	}
	return newComparison(r, "nickName", func(p person) []string { return assigned(p.nickName) })
}

func assigned(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func (p person) values(of func(email) string) []string {
	var out []string
	for _, e := range p.emails {
		out = append(out, assigned(of(e))...)
	}
	return out
}

// newComparison compares an attribute that folds case.
func newComparison(r *rand.Rand, path string, values func(person) []string) expression {
	ops := []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"}
	op, literal := ops[r.IntN(len(ops))], []string{"a", "AB", "b", "abc", "work", "a0", "1"}[r.IntN(7)]
	if op == "pr" {
		return expression{path + " pr", func(p person) bool { return len(values(p)) > 0 }}
	}
	return expression{path + " " + op + " " + quote(literal), func(p person) bool {
		any := false
		for _, v := range values(p) {
			any = any || compare(op, strings.ToLower(v), strings.ToLower(literal))
		}
		return any != (op == "ne") // Z-11
	}}
}

func compare(op, value, literal string) bool {
	switch op {
	case "co":
		return strings.Contains(value, literal)
	case "sw":
		return strings.HasPrefix(value, literal)
	case "ew":
		return strings.HasSuffix(value, literal)
	case "gt":
		return value > literal
	case "ge":
		return value >= literal
	case "lt":
		return value < literal
	case "le":
		return value <= literal
	}
	return value == literal // eq, and what ne negates
}

// newValuePath returns two conditions on one e-mail address.
func newValuePath(r *rand.Rand) expression {
	kind, op, literal := []string{"work", "home"}[r.IntN(2)], []string{"sw", "ew", "co", "gt"}[r.IntN(4)], words[r.IntN(len(words))]
	negated := r.IntN(2) == 0
	text := fmt.Sprintf("type eq %q", kind)
	if negated {
		text = "not (" + text + ")"
	}
	return expression{fmt.Sprintf("emails[%s and value %s %q]", text, op, literal), func(p person) bool {
		for _, e := range p.emails {
			if (e.kind == kind) != negated && compare(op, strings.ToLower(e.value), strings.ToLower(literal)) {
				return true
			}
		}
		return false
	}}
}
