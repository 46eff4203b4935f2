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

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/store"
)

const (
	workerPause = time.Second      // between claims when the worker is not woken
	workerBatch = 16               // entries claimed and carried out at once
	reasonMost  = 1000             // bytes of the reason of a failure in the outbox
	retryFirst  = time.Second      // after the first failure; doubled each time
	retryMost   = 10 * time.Minute // the longest pause
)

// Run is the background worker; scim.Handler.Run has its contract.
func (w *Writer) Run(ctx context.Context) error {
	if w.cfg.Outbox == nil {
		return errors.New("scim: Run needs Config.Outbox")
	}
	// One goroutine for each queue, so that no event delays a revocation.
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

// wakeWorker wakes the worker of this process, if it runs.
func (w *Writer) wakeWorker() {
	for _, wake := range w.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// work claims one batch and carries out its entries concurrently: they concern
// different resources. It reports whether there may be more.
func (w *Writer) work(ctx context.Context, q store.Queue) bool {
	now := w.now()
	// The lease is longer than the hook and the settlement may take.
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
			_ = w.carryOut(ctx, e) // logged there; the entry is claimed again
		}()
	}
	batch.Wait()
	return len(entries) > 0
}

// carryOut runs the hook of an entry and settles the entry. It returns nil only if
// the entry is done and settled. Failures are logged.
func (w *Writer) carryOut(ctx context.Context, entry store.Entry) error {
	ctx, cancel := context.WithTimeout(store.WithTenant(context.WithoutCancel(ctx), entry.Tenant), w.cfg.HookTimeout)
	defer cancel()
	e, failure := w.runHook(ctx, entry)
	// The settlement has a timeout of its own: the hook may have used up the first.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.HookTimeout)
	defer cancel()
	if failure == nil {
		err := w.settle(settle, entry, e, nil, func(ctx context.Context) error { return w.cfg.Outbox.Done(ctx, entry) })
		if err != nil {
			w.logEntry(ctx, "scim: outbox", entry, err)
		}
		return err
	}
	dead := entry.Queue == store.QueueEvent && (entry.Attempts+1 >= w.cfg.Attempts || errors.Is(failure, event.ErrUndeliverable))
	w.logEntry(ctx, "scim: hook failed", entry, failure, slog.Int("attempt", entry.Attempts+1), slog.Bool("dead", dead))
	if !dead {
		e = nil // the end is still to come
	}
	err := w.settle(settle, entry, e, failure, func(ctx context.Context) error {
		return w.cfg.Outbox.Fail(ctx, entry, reason(failure), w.now().Add(backoff(entry.Attempts)), dead)
	})
	if err != nil {
		w.logEntry(ctx, "scim: outbox", entry, err)
	}
	return failure
}

// Result is the end of a hook that ran after the commit of its event.
type Result struct {
	Entry store.Entry
	Event *event.Event
	Time  time.Time
	// Failure is the last error of a hook that is not called again, nil after a
	// success.
	Failure error
}

// settle settles the entry of an event whose hook was called, and records the result
// in the same transaction. Without an event there is no result.
func (w *Writer) settle(ctx context.Context, entry store.Entry, e *event.Event, failure error, settle func(context.Context) error) error {
	if w.cfg.Result == nil || e == nil {
		return settle(ctx)
	}
	return w.inTx(ctx, func(ctx context.Context) error {
		if err := settle(ctx); err != nil {
			return err
		}
		return w.cfg.Result(ctx, Result{Entry: entry, Event: e, Time: w.now(), Failure: failure})
	})
}

func (w *Writer) logEntry(ctx context.Context, message string, entry store.Entry, err error, attrs ...slog.Attr) {
	w.cfg.Logger.LogAttrs(ctx, slog.LevelError, message, append(attrs,
		slog.String("queue", string(entry.Queue)), slog.String("entry", entry.ID), slog.String("type", entry.Type),
		slog.String("tenant", entry.Tenant), slog.String("error", err.Error()))...)
}

// reason returns the part of an error text that the outbox keeps; the log has all
// of it.
func reason(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), reasonMost)], "\uFFFD")
}

// backoff is the pause after a failed attempt that n failed ones preceded.
func backoff(n int) time.Duration {
	if n >= 10 {
		return retryMost
	}
	return min(retryFirst<<n, retryMost)
}

// runHook calls the hook of an entry in a goroutine of its own, and returns the event
// that it was called with, nil if it was not. A hook that panics or ignores the end of
// its context counts as failed and blocks nothing else.
func (w *Writer) runHook(ctx context.Context, entry store.Entry) (*event.Event, error) {
	e, err := w.decodeEvent(entry.Payload)
	if err != nil {
		return nil, err
	}
	hook := w.cfg.Hooks.Revoke
	if entry.Queue == store.QueueEvent {
		hook = w.cfg.Hooks.deliver(e.Kind)
	}
	if hook == nil {
		if entry.Queue == store.QueueRevoke {
			return nil, errors.New("scim: a revocation is pending and Hooks.Revoke is no longer set")
		}
		return nil, nil // the hook of the event is no longer set
	}
	for {
		call, own := w.call(entry.ID, func() error { return hook(ctx, e) })
		select {
		case <-call.done:
			if own || call.err == nil {
				return e, call.err
			}
		case <-ctx.Done():
			return e, fmt.Errorf("scim: the hook did not return in time: %w", ctx.Err())
		}
	}
}

// hookCall is a call of a hook that may not have returned yet.
type hookCall struct {
	done chan struct{} // closed when err is set
	err  error
}

// call begins a call of the hook of an entry, unless an earlier call for it has not
// returned yet: then it returns that one, and false, so that a hook which ignores
// the end of its context keeps one goroutine and not one for each attempt.
func (w *Writer) call(entry string, hook func() error) (c *hookCall, own bool) {
	w.calling.Lock()
	defer w.calling.Unlock()
	if c := w.calls[entry]; c != nil {
		return c, false
	}
	c = &hookCall{done: make(chan struct{})}
	w.calls[entry] = c
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.err = fmt.Errorf("scim: panic: %v\n%s", p, debug.Stack())
			}
			w.calling.Lock()
			defer w.calling.Unlock()
			delete(w.calls, entry)
			close(c.done)
		}()
		c.err = hook()
	}()
	return c, true
}
