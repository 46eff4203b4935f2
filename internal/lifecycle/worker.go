package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
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

func (w *Writer) Run(ctx context.Context) error {
	if w.cfg.Outbox == nil {
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

func (w *Writer) runQueue(ctx context.Context, q store.Queue, wake <-chan struct{}) {
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

// wakeWorker tells a worker in this process that there may be work.
func (w *Writer) wakeWorker() {
	for _, wake := range w.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// work claims one batch and carries it out, all entries at the same time: they
// are of different resources. It reports whether there may be more.
func (w *Writer) work(ctx context.Context, q store.Queue) bool {
	now := w.now()
	// The lease outlasts the hook and what settles the entry.
	entries, err := w.cfg.Outbox.Claim(ctx, q, now, now.Add(3*w.cfg.HookTimeout), workerBatch)
	if err != nil {
		if ctx.Err() == nil {
			w.cfg.Logger.LogAttrs(ctx, slog.LevelError, "scim: outbox", slog.String("error", err.Error()))
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
func (w *Writer) carryOut(ctx context.Context, entry store.Entry) error {
	ctx, cancel := context.WithTimeout(store.WithTenant(context.WithoutCancel(ctx), entry.Tenant), w.cfg.HookTimeout)
	defer cancel()
	failure := w.runHook(ctx, entry)
	// What settles the entry must not fail for the time the hook took.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.HookTimeout)
	defer cancel()
	if failure == nil {
		err := w.cfg.Outbox.Done(settle, entry)
		if err != nil {
			w.logEntry(ctx, "scim: outbox", entry, err)
		}
		return err
	}
	dead := entry.Queue == store.QueueEvent && entry.Attempts+1 >= w.cfg.Attempts
	w.logEntry(ctx, "scim: hook failed", entry, failure, slog.Int("attempt", entry.Attempts+1), slog.Bool("dead", dead))
	err := w.cfg.Outbox.Fail(settle, entry, reason(failure), w.now().Add(backoff(entry.Attempts)), dead)
	if err != nil {
		w.logEntry(ctx, "scim: outbox", entry, err)
	}
	return failure
}

func (w *Writer) logEntry(ctx context.Context, message string, entry store.Entry, err error, attrs ...slog.Attr) {
	w.cfg.Logger.LogAttrs(ctx, slog.LevelError, message, append(attrs,
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
func (w *Writer) runHook(ctx context.Context, entry store.Entry) error {
	event, err := w.decodeEvent(entry.Payload)
	if err != nil {
		return err
	}
	hook := w.cfg.Hooks.Revoke
	if entry.Queue == store.QueueEvent {
		hook = w.cfg.Hooks.deliver(event.Kind)
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
				result <- fmt.Errorf("scim: panic: %v\n%s", p, debug.Stack())
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
