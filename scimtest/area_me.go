package scimtest

import "github.com/stretchr/testify/require"

var me = []row{
	{"I-1 I-5 E-14", "/Me that is not configured is 501 for every method", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			for _, path := range []string{"/Me", "/Me/", "/Me?attributes=userName"} {
				c.Get(path).Fails(501, "")
				c.Post(path, User("me")).Fails(501, "")
				c.Put(path, User("me")).Fails(501, "")
				c.Patch(path, `{"op":"add","path":"title","value":"x"}`).Fails(501, "")
				c.Delete(path).Fails(501, "")
			}
			c.Do("HEAD", "/Me", nil).Is(501)
			c.Get("/Users").Total(1)
		})
	}},
	{"I-6 S-2", "/Me without a subject is 401", func(c *Case) {
		anonymous := NewClient(c.T, c.handler, "")
		for _, method := range []string{"GET", "PUT", "PATCH", "POST", "DELETE"} {
			got := anonymous.Do(method, "/Me", nil).Fails(401, "")
			require.NotEmpty(c.T, got.Header.Get("WWW-Authenticate"))
		}
	}},
}
