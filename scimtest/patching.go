package scimtest

import (
	"fmt"
	"sync/atomic"

	"github.com/stretchr/testify/require"
)

// add returns an add operation; without a path if that is "".
func add(path, value string) string { return operation("add", path, value) }

// replace returns a replace operation; without a path if that is "".
func replace(path, value string) string { return operation("replace", path, value) }

// remove returns a remove operation.
func remove(path string) string { return operation("remove", path, "") }

func operation(op, path, value string) string {
	text := `{"op":"` + op + `"`
	if path != "" {
		text += `,"path":` + quote(path)
	}
	if value != "" {
		text += `,"value":` + value
	}
	return text + "}"
}

// refs returns references to resources, by their paths.
func refs(paths ...string) string {
	text := ""
	for i, path := range paths {
		if i > 0 {
			text += ","
		}
		text += `{"value":` + quote(ID(path)) + `}`
	}
	return "[" + text + "]"
}

var names atomic.Int64

// anyUser creates a user of any name and returns its path.
func (c *Client) anyUser(members ...string) string {
	c.t.Helper()
	return c.NewUser(fmt.Sprintf("user%d", names.Add(1)), members...)
}

// anyGroup creates a group of any name and returns its path.
func (c *Client) anyGroup(members ...string) string {
	c.t.Helper()
	return c.NewGroup(fmt.Sprintf("group%d", names.Add(1)), members...)
}

// becomes demands that the operations succeed and change the resource, and that
// it then has the pairs. It returns the reply to a GET.
func (c *Client) becomes(path, ops string, pairs ...string) *Reply {
	c.t.Helper()
	before := c.Get(path).Is(200)
	answer := c.Patch(path, ops)
	after := c.Get(path).Is(200).Has(pairs...)
	c.agree(answer, after)
	require.NotEqual(c.t, before.String("meta.version"), after.String("meta.version"), answer.line)
	require.True(c.t, after.Time("meta.lastModified").After(before.Time("meta.lastModified")), answer.line)
	return after
}

// agree demands that the response to a PATCH is 200 with the body of a GET, or
// 204 without body (RFC 7644 §3.5.2), and that both have the same ETag.
func (c *Client) agree(answer, after *Reply) {
	c.t.Helper()
	if answer.Status == 204 {
		require.Empty(c.t, answer.Text, answer.line)
	} else {
		require.JSONEq(c.t, after.Text, answer.Is(200).Text, answer.line)
	}
	require.NotEmpty(c.t, after.Header.Get("ETag"), answer.line)
	require.Equal(c.t, after.Header.Get("ETag"), answer.Header.Get("ETag"), answer.line)
}

// stays demands that each of the operations succeeds and changes nothing, also
// not version and lastModified (RFC 7644 §3.5.2.1).
func (c *Client) stays(path string, ops ...string) {
	c.t.Helper()
	for _, op := range ops {
		before := c.Get(path).Is(200)
		c.agree(c.Patch(path, op), before)
		require.Equal(c.t, before.Text, c.Get(path).Text, op)
	}
}

// fails demands that each of the operations is 400 with the scimType and changes
// nothing.
func (c *Client) fails(path, scimType string, ops ...string) {
	c.t.Helper()
	for _, op := range ops {
		before := c.Get(path).Is(200).Text
		c.Patch(path, op).Fails(400, scimType)
		require.Equal(c.t, before, c.Get(path).Text, op)
	}
}

// survives sends operations on each target with each value, add, replace and
// remove in turn. It demands that each succeeds, or is 400 or 409 and changes
// nothing.
func (c *Client) survives(path string, values []string, targets ...string) {
	c.t.Helper()
	before := c.Get(path).Is(200).Text
	for i, target := range targets {
		for j, v := range values {
			r := c.Patch(path, operation([]string{"add", "replace", "remove"}[(i+j)%3], target, v))
			if r.Status < 300 {
				before = c.Get(path).Is(200).Text
				continue
			}
			require.Contains(c.t, []int{400, 409}, r.Status, "%s: %s", r.line, r.Text)
			r.Fails(r.Status, r.String("scimType"))
		}
		require.Equal(c.t, before, c.Get(path).Text, target)
	}
}
