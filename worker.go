package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

const (
	workerPause = time.Second      // between looks at the outbox when nothing calls
	workerBatch = 16               // entries claimed, and carried out, at once
	reasonMost  = 1000             // bytes kept of why an attempt failed
	retryFirst  = time.Second      // after the first failure; doubled each time
	retryMost   = 10 * time.Minute // at most
)

// Run is the background worker: it carries out revocations that are still
// pending and delivers events, until ctx ends, and returns ctx.Err(). An
// application whose configuration has an Outbox runs it in a goroutine; of
// several processes on one database each may run it, they share the work.
// Failures are logged and tried again, with growing pauses; an event that
// failed Limits.Attempts times is set aside as dead (store.Outbox.Dead), a
// revocation never. What has begun when ctx ends is finished first.
func (h *Handler) Run(ctx context.Context) error { return h.lifecycle.run(ctx) }

func (w *writePath) run(ctx context.Context) error {
	if w.outbox == nil {
		return errors.New("scim: Run needs Config.Outbox")
	}
	// Each queue by itself: no event holds up a revocation.
	var queues sync.WaitGroup
	for q, wake := range w.wake {
		queues.Add(1)
		go func() {
			defer queues.Done()
			w.runQueue(ctx, q, wake)
		}()
	}
	queues.Wait()
	return ctx.Err()
}

func (w *writePath) runQueue(ctx context.Context, q store.Queue, wake <-chan struct{}) {
	for ctx.Err() == nil {
		if w.work(ctx, q) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(workerPause):
		}
	}
}

// newWake makes what wakes the worker, for each queue.
func newWake() map[store.Queue]chan struct{} {
	return map[store.Queue]chan struct{}{store.QueueRevoke: make(chan struct{}, 1), store.QueueEvent: make(chan struct{}, 1)}
}

// wakeWorker tells a worker in this process that there may be work.
func (w *writePath) wakeWorker() {
	for _, wake := range w.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// work claims one batch and carries it out, all entries at the same time: they
// are of different resources. It reports whether there may be more.
func (w *writePath) work(ctx context.Context, q store.Queue) bool {
	now := w.now()
	// The lease outlasts the hook and what settles the entry.
	entries, err := w.outbox.Claim(ctx, q, now, now.Add(3*w.patience), workerBatch)
	if err != nil {
		if ctx.Err() == nil {
			w.logger.LogAttrs(ctx, slog.LevelError, "scim: outbox", slog.String("error", err.Error()))
		}
		return false
	}
	var batch sync.WaitGroup
	for _, e := range entries {
		batch.Add(1)
		go func() {
			defer batch.Done()
			_ = w.carryOut(ctx, e) // it logs, and the entry comes again
		}()
	}
	batch.Wait()
	return len(entries) > 0
}

// carryOut runs the hook of an entry and settles it; the result is nil only
// when it is done for good. What fails is logged.
func (w *writePath) carryOut(ctx context.Context, entry store.Entry) error {
	ctx, cancel := context.WithTimeout(store.WithTenant(context.WithoutCancel(ctx), entry.Tenant), w.patience)
	defer cancel()
	failure := w.runHook(ctx, entry)
	// What settles the entry must not fail for the time the hook took.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.patience)
	defer cancel()
	if failure == nil {
		err := w.outbox.Done(settle, entry)
		if err != nil {
			w.logEntry(ctx, "scim: outbox", entry, err)
		}
		return err
	}
	dead := entry.Queue == store.QueueEvent && entry.Attempts+1 >= w.attempts
	w.logEntry(ctx, "scim: hook failed", entry, failure, slog.Int("attempt", entry.Attempts+1), slog.Bool("dead", dead))
	err := w.outbox.Fail(settle, entry, reason(failure), w.now().Add(backoff(entry.Attempts)), dead)
	if err != nil {
		w.logEntry(ctx, "scim: outbox", entry, err)
	}
	return failure
}

func (w *writePath) logEntry(ctx context.Context, message string, entry store.Entry, err error, attrs ...slog.Attr) {
	w.logger.LogAttrs(ctx, slog.LevelError, message, append(attrs,
		slog.String("queue", string(entry.Queue)), slog.String("entry", entry.ID), slog.String("type", entry.Type),
		slog.String("tenant", entry.Tenant), slog.String("error", err.Error()))...)
}

// reason is what the outbox keeps of an error; the log has it all.
func reason(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), reasonMost)], "\uFFFD")
}

// backoff is the pause after an attempt that followed n failed ones.
func backoff(n int) time.Duration {
	if n >= 10 {
		return retryMost
	}
	return min(retryFirst<<n, retryMost)
}

// runHook calls the hook in a goroutine of its own, so that one which ignores
// its context or panics holds up nobody: it counts as failed.
func (w *writePath) runHook(ctx context.Context, entry store.Entry) error {
	event, err := w.decodeEvent(entry.Payload)
	if err != nil {
		return err
	}
	hook := w.hooks.Revoke
	if entry.Queue == store.QueueEvent {
		hook = w.hooks.deliver(event.Kind)
	}
	if hook == nil {
		if entry.Queue == store.QueueRevoke {
			return errors.New("scim: a revocation is pending and Hooks.Revoke is no longer set")
		}
		return nil // an event nobody listens to any more
	}
	result := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				result <- panicError(p)
			}
		}()
		result <- hook(ctx, event)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("scim: the hook did not return in time: %w", ctx.Err())
	}
}

// revokeNow carries out revocations before the client is answered. The client
// going away does not stop it. On failure they stay pending and the answer is
// 503: the client's retry, though it changes nothing, comes back here.
func (w *writePath) revokeNow(ctx context.Context, entries []store.Entry) error {
	for _, e := range entries {
		if err := w.carryOut(ctx, e); err != nil {
			// The hook's error is told to the log, not to the client.
			return fmt.Errorf("%w: access is not revoked yet: %v", store.ErrUnavailable, err)
		}
	}
	return nil
}
