package scimtest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// odd are values that most attributes do not accept.
var odd = []string{
	`null`, `true`, `"True"`, `-1`, `1e400`, `99999999999999999999`, `""`, `" "`, `"x"`, `"\u0000"`, `"\ud83d\ude00"`, `[]`, `[[]]`, `{}`, `{"value":{}}`, `[null]`, `["x"]`,
	`[{}]`, `[5]`, `[true,"x"]`, `[{"value":"x"},5]`, `{"value":"x"}`, `[{"value":["x"]}]`, `{"value":null,"VALUE":null}`, `"2020-01-01T00:00:00Z"`, `"2020-13-01T00:00:00Z"`,
}

var errorAbuse = []row{
	{"E-6 E-22 W-14 M-32", "any value at any place of a body is stored whole or refused whole: never a 500", func(c *Case) {
		c.slow()
		c.Both(func(c *Client) {
			kept := c.NewUser("kept", jensen...)
			for _, body := range mutations(User("babs", append(slices.Clone(jensen), `"ims":[{"value":"i","type":"xmpp"}]`, `"x509Certificates":[{"value":"`+certificate+`"}]`,
				`"addresses":[{"locality":"L","country":"US"}]`, `"profileUrl":"https://x.example/"`, `"timezone":"Europe/Berlin"`, `"meta":{"created":"2020-01-01T00:00:00Z"}`, `"id":"x"`)...)) {
				made := c.Post("/Users", body)
				if made.Status == 201 {
					path := "/Users/" + made.String("id")
					read := c.Get(path).Is(200)
					require.JSONEq(c.t, made.Text, read.Text, body)
					require.JSONEq(c.t, read.Text, c.Put(path, read.Text).Is(200).Text, body)
					c.forget(path)
					c.Put(kept, body).Is(200)
					c.Put(kept, User("kept", jensen...)).Is(200)
					continue
				}
				isError(made.Is(400))
				before := c.Get(kept).Is(200).Text
				isError(c.Put(kept, body).Is(400))
				require.Equal(c.t, before, c.Get(kept).Is(200).Text, body)
			}
		})
	}},
	{"E-6 E-22", "any value at any place of a group is stored or refused", func(c *Case) {
		c.slow()
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			for _, body := range mutations(Group("g", `"externalId":"x"`, `"members":[{"value":"`+ID(u)+`","type":"User","display":"d","$ref":"`+BaseURL+u+`"},{"value":"other"}]`)) {
				made := c.Post("/Groups", body)
				if made.Status != 201 {
					isError(made.Is(400))
					continue
				}
				path := "/Groups/" + made.String("id")
				read := c.Get(path).Is(200)
				require.JSONEq(c.t, made.Text, read.Text, body)
				require.JSONEq(c.t, read.Text, c.Put(path, read.Text).Is(200).Text, body)
				c.Delete(path).Is(204)
			}
		})
	}},
	{"E-6 E-19 X-5", "any value at any place of a SearchRequest is answered or refused", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			for _, body := range mutations(Search(`"filter":"userName pr"`, `"sortBy":"userName"`, `"sortOrder":"descending"`, `"startIndex":1`, `"count":2`, `"attributes":["userName"]`)) {
				for _, path := range []string{"/Users/.search", "/.search"} {
					if got := c.Post(path, body); got.Status != 200 {
						isError(got.Is(400))
					}
				}
			}
		})
	}},
	{"E-6 E-15 E-22", "any value of any query parameter is answered or refused", func(c *Case) {
		c.slow()
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			values := append(slices.Clone(odd), "x", "userName", "userName pr", "emails[", "a.b.c", ent, ent+":", user+":emails.value", "%", "\xff", "\x00", strings.Repeat("a,", 200), nested(filterDepth+1, "(", "", ""))
			for _, name := range []string{"filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes", "cursor", "x"} {
				for _, value := range values {
					for _, p := range []string{"/Users", "/", path, "/ResourceTypes"} {
						got := c.Get(p + "?sortBy=id&" + name + "=" + Query(value))
						require.Contains(c.t, []int{200, 400, 403, 501}, got.Status, got.line)
						if got.Status != 200 {
							isError(got)
						}
					}
				}
			}
		})
	}},
}

// mutations returns copies of a JSON text: in each of them one value is replaced
// by one of the odd values.
func mutations(text string) []string {
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		panic(err)
	}
	var out []string
	emit := func() {
		data, _ := json.Marshal(root)
		for _, value := range odd {
			out = append(out, strings.Replace(string(data), `"\u003cHERE\u003e"`, value, 1))
		}
	}
	var walk func(v any)
	walk = func(v any) {
		each := func(get func() any, set func(any)) {
			old := get()
			set("<HERE>")
			emit()
			set(old)
			walk(old)
		}
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				each(func() any { return v[name] }, func(x any) { v[name] = x })
			}
		case []any:
			for i := range v {
				each(func() any { return v[i] }, func(x any) { v[i] = x })
			}
		}
	}
	walk(root)
	return out
}
