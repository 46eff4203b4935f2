package scim

import (
	"context"
)

// Run is the background worker: it carries out revocations that are still
// pending and delivers events, until ctx ends, and returns ctx.Err(). An
// application whose configuration has an Outbox runs it in a goroutine; of
// several processes on one database each may run it, they share the work.
// Failures are logged and tried again, with growing pauses; an event that
// failed Limits.Attempts times is set aside as dead (store.Outbox.Dead), a
// revocation never. What has begun when ctx ends is finished first.
func (h *Handler) Run(ctx context.Context) error { return h.lifecycle.Run(ctx) }
