package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	caseTime = time.Minute      // until the context of a case ends
	hangTime = 15 * time.Second // without progress until a case counts as hanging
)

// caseOf is one case, which uses its fixture through a K.
type caseOf[K any] struct {
	name     string // group/behaviour
	contract string // the sentences that it proves
	needs    need
	slow     bool // one call may take longer than hangTime on a busy server
	large    bool // writes thousands of resources or members: not with -short
	run      func(k *K)
}

// suite is the cases for one kind of fixture.
type suite[F, K any] struct {
	cases []caseOf[K]
	// missing returns the ability that a fixture lacks for a case, or "".
	missing func(needs need, f F) string
	// kit makes the K of a fixture.
	kit func(ctx context.Context, a *require.Assertions, f F) *K
	// hang is hangTime, or less in tests of the kit.
	hang time.Duration
}

// all runs every case as a subtest, each on a new fixture from open.
func (s suite[F, K]) all(t *testing.T, open func(t *testing.T) F) {
	for _, c := range s.cases {
		t.Run(c.name, func(t *testing.T) {
			if c.large && testing.Short() {
				t.Skip("large: left out with -short")
			}
			f := open(t)
			if missing := s.missing(c.needs, f); missing != "" {
				t.Skip(missing)
			}
			ctx, cancel := context.WithTimeout(context.Background(), caseTime)
			defer cancel()
			got := s.one(ctx, c, f)
			if got.hung {
				// The end of the fixture may hang too, so the failure is reported first.
				fmt.Fprintf(os.Stderr, "%s: %s\n", t.Name(), c.explain(got))
			}
			if got.failure != "" {
				t.Error(c.explain(got))
			}
			if got.skipped != "" {
				t.Skip(got.skipped)
			}
		})
	}
}

// explain returns the failure of a case with the sentence that it proves.
func (c caseOf[K]) explain(got outcome) string {
	return got.failure + "\n\nThe contract of package store:\n\t" + c.contract + got.goroutines
}

// outcome is the end of a case.
type outcome struct {
	failure    string // "" if it passed or was left out
	skipped    string // why it was left out
	hung       bool
	goroutines string // of a case that hangs
}

// one runs a case. It gives up on a case that makes no progress for a while: a
// call of the store that does not return cannot be ended.
func (s suite[F, K]) one(ctx context.Context, c caseOf[K], f F) outcome {
	rec := &recorder{}
	id, end := make(chan string, 1), make(chan string, 1)
	go func() {
		id <- goroutineID()
		end <- rec.record(func() { c.run(s.kit(ctx, require.New(rec), f)) })
	}()
	self, hang := <-id, s.hang
	if c.slow {
		hang = caseTime
	}
	for {
		before := rec.progress.Load()
		select {
		case skipped := <-end:
			return outcome{failure: rec.failure(), skipped: skipped}
		case <-time.After(hang):
		}
		if rec.progress.Load() == before {
			text := rec.failure() + fmt.Sprintf("a call of the store does not return: the case has made no progress for %v", hang)
			return outcome{failure: text, hung: true, goroutines: "\n\nGoroutines, that of the case first:\n" + goroutines(self)}
		}
	}
}

// recorder replaces a testing.T, so that a case can be run although it is expected
// to fail.
type recorder struct {
	progress atomic.Int64 // assertions so far
	mu       sync.Mutex
	text     strings.Builder
}

// stop and skip end a case by panic, at any depth.
type (
	stop struct{}
	skip string
)

// record runs a case and returns the reason for skipping it, or "".
func (r *recorder) record(run func()) (skipped string) {
	defer func() {
		switch p := recover().(type) {
		case nil, stop:
		case skip:
			skipped = string(p)
		default:
			r.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	run()
	return ""
}

func (r *recorder) failure() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// Helper is called by every assertion.
func (r *recorder) Helper() { r.progress.Add(1) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, format, args...)
}

func (r *recorder) FailNow() { panic(stop{}) }

// goroutineID returns the number of the calling goroutine as it is in stacks.
func goroutineID() string {
	var b [64]byte
	fields := bytes.Fields(b[:runtime.Stack(b[:], false)])
	return string(fields[1]) // goroutine 12 [running]:
}

// goroutines returns the stacks of all goroutines, that of one and of those that
// it created first, as far as they fit into 64 KiB.
func goroutines(first string) string {
	all := make([]byte, 4<<20)
	all = all[:runtime.Stack(all, true)]
	var own, others []string
	for _, stack := range strings.Split(string(all), "\n\n") {
		header, _, _ := strings.Cut(stack, "\n")
		if strings.HasPrefix(header, "goroutine "+first+" ") || strings.Contains(stack, " in goroutine "+first+"\n") {
			own = append(own, stack)
			continue
		}
		others = append(others, stack)
	}
	text := strings.Join(append(own, others...), "\n\n")
	return text[:min(len(text), 64<<10)]
}
