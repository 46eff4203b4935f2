package patch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

func benchmarkApply(b *testing.B, typ *schema.ResourceType, on, ops string) {
	b.Helper()
	p := newPatcher(typ, schema.Lenient())
	r := resource(b, typ, on)
	parsed := operations(b, ops)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Apply(r, parsed, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyActive(b *testing.B) {
	benchmarkApply(b, schema.UserType, `{"userName":"u","active":true,"emails":[{"value":"a@x","type":"work"}]}`, `{"op":"Replace","path":"active","value":"False"}`)
}

func BenchmarkApplyValuePath(b *testing.B) {
	benchmarkApply(b, schema.UserType, `{"userName":"u","emails":[{"value":"a@x","type":"work"},{"value":"b@x","type":"home"}]}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"c@x"}`)
}

func BenchmarkApplyWithoutPath(b *testing.B) {
	benchmarkApply(b, schema.UserType, fullUser, `{"op":"replace","value":{"displayName":"D","name.givenName":"X","`+ent+`:department":"E"}}`)
}

func BenchmarkApplyMembers(b *testing.B) {
	for _, n := range []int{1, 1000, 10000} {
		b.Run(fmt.Sprintf("ops=%d", n), func(b *testing.B) {
			benchmarkApply(b, schema.GroupType, `{"displayName":"g"}`, memberAdds(n))
		})
	}
}

func BenchmarkApplyEmails(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("ops=%d", n), func(b *testing.B) {
			benchmarkApply(b, schema.UserType, `{"userName":"u"}`, strings.ReplaceAll(memberAdds(n), "members", "emails"))
		})
	}
}

func BenchmarkParse(b *testing.B) {
	body, err := schema.ParseJSON([]byte(envelope + memberAdds(100) + `}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := patch.Parse(body, 1000, schema.Strict()); err != nil {
			b.Fatal(err)
		}
	}
}

// memberAdds returns n operations, each adding one member, as authentik sends
// them.
func memberAdds(n int) string {
	ops := make([]string, n)
	for i := range ops {
		ops[i] = fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"u%d"}]}`, i)
	}
	return "[" + strings.Join(ops, ",") + "]"
}
