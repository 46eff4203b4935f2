package schema_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

func BenchmarkParseJSON(b *testing.B) {
	data := readFile(b, "testdata/rfc7643/8.2-full-user.json")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = schema.ParseJSON(data)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"8.1-minimal-user", "8.2-full-user", "8.3-enterprise-user"} {
		body := parse(b, string(readFile(b, "testdata/rfc7643/"+name+".json"))).(schema.JSONObject)
		for profile, p := range map[string]schema.Profile{"strict": schema.Strict(), "lenient": schema.Lenient()} {
			b.Run(name+"/"+profile, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, _ = schema.UserType.Decode(body, p)
				}
			})
		}
	}
}

func BenchmarkDecodeStored(b *testing.B) {
	data := fullUser(b).AppendJSON(nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = schema.UserType.DecodeStored(data)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	o := fullUser(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = o.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkFoldKey(b *testing.B) {
	for _, s := range []string{"bjensen@example.com", "BJensen@example.com", "josé@example.com"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = schema.FoldKey(s)
			}
		})
	}
}

func fullUser(b *testing.B) *schema.Object {
	b.Helper()
	body := parse(b, string(readFile(b, "testdata/rfc7643/8.2-full-user.json"))).(schema.JSONObject)
	got, err := schema.UserType.Decode(body, schema.Strict())
	if err != nil {
		b.Fatal(err)
	}
	return got.Attributes
}
