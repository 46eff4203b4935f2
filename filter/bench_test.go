package filter_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

var benchTexts = map[string]string{
	"eq":        `userName eq "bjensen@example.com"`,
	"valuePath": `emails[type eq "work"].value eq "bjensen@example.com"`,
	"long":      `(userName sw "b" or title co "x") and not (active eq false) and ` + ent + `:department eq "Sales" and emails[type eq "work" and primary eq true]`,
}

func BenchmarkFilterSeen(b *testing.B) {
	for name, text := range benchTexts {
		b.Run(name, func(b *testing.B) {
			r := lenient(schema.UserType)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Filter(text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFilterNew(b *testing.B) {
	for name, text := range benchTexts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := lenient(schema.UserType).Filter(text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPathSeen(b *testing.B) {
	r := lenient(schema.UserType)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Path(`emails[type eq "work"].value`, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	res := resource(b, schema.UserType, `{"userName":"BJensen@Example.com","title":"Tour Guide","active":true,
		"emails":[{"type":"home","value":"b@x.org"},{"type":"work","value":"bjensen@example.com","primary":true}],
		"`+ent+`":{"department":"Sales"}}`)
	for name, text := range benchTexts {
		b.Run(name, func(b *testing.B) {
			f, err := lenient(schema.UserType).Filter(text, nil)
			if err != nil || !f.Match(res) {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Match(res)
			}
		})
	}
}

func BenchmarkSplit(b *testing.B) {
	f, err := lenient(schema.UserType).Filter(benchTexts["long"], nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		filter.Split(f, userSupport.Can)
	}
}
