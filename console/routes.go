package console

import "net/http"

// setRoutes registers the pages of what is configured.
func (c *Console) setRoutes() {
	c.mux = http.NewServeMux()
	c.setOverview()
	c.setActivity()
	c.setDirectory()
	c.setConnections()
	c.setRequests()
	c.setHandOver()
	c.setSetup()
	c.setReconcile()
	c.setBrake()
	first := c.nav[0].Slug
	c.page("/{$}", func(q *request) error { return q.redirect(q.path(first)) })
}
