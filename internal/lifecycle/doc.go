// Package lifecycle is the write path of a service provider: what happens, in
// which order, when a resource is created, changed, deactivated, deleted or
// restored. It knows nothing of HTTP: it is given decoded requests, and its
// errors have no status.
package lifecycle
