package scimtest

import "github.com/stretchr/testify/require"

func init() {
	rows["C"] = []row{
		{"C-1 C-2 C-3", "POST creates: 201, Location and meta.location agree, the body is what GET returns", func(c *Case) {
			c.Both(func(c *Client) {
				made := c.Post("/Users", User("bjensen")).Is(201)
				require.Equal(c.t, made.String("meta.location"), made.Header.Get("Location"))
				require.Equal(c.t, BaseURL+"/Users/"+made.String("id"), made.Header.Get("Location"))
				require.JSONEq(c.t, made.Text, c.Get("/Users/"+made.String("id")).Is(200).Text)
			})
		}},
		{"C-7 A-10", "a taken userName, in any case, is 409 uniqueness and stores nothing", func(c *Case) {
			c.Default.NewUser("bjensen")
			c.Default.Post("/Users", User("BJensen")).Fails(409, "uniqueness")
			c.Default.Get("/Users").Is(200).Has("totalResults", "1")
		}},
	}
}
