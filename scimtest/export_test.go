package scimtest

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed5f3efb56/scim"
)

// ledger keeps the cases that ran and passed.
type ledger struct {
	mu    sync.Mutex
	cases map[string][]string // by requirement: place and name
}

func (l *ledger) add(place, ids, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cases == nil {
		l.cases = map[string][]string{}
	}
	for _, id := range strings.Fields(ids) {
		if entry := place + ": " + name; !slices.Contains(l.cases[id], entry) {
			l.cases[id] = append(l.cases[id], entry)
		}
	}
}

// passed are the cases that ran and passed in this process.
var passed ledger

// RunRecorded is [Run] for the tests of this package: the cases that pass count
// as proofs of their requirements.
func RunRecorded(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler) {
	run(t, open, passed.add)
}

// Prove runs a case of a test of this package as [RunRecorded] runs one of the
// kit.
func Prove(t *testing.T, ids, name string, prove func(t *testing.T)) {
	t.Helper()
	record(t, &passed, ids, name, prove)
}

func record(t *testing.T, l *ledger, ids, name string, prove func(t *testing.T)) {
	t.Helper()
	place := t.Name()
	t.Run(ids+" "+name, func(t *testing.T) {
		conclude(t, ids, func() { l.add(place, ids, name) })
		prove(t)
	})
}

// LeaverFaults runs the cases of [Leaver.Run] until one finds a fault, which it
// returns with the name of the case.
func LeaverFaults(t *testing.T, l Leaver) (name string, err error) {
	for _, c := range leaverCases {
		if c.missing(l) != "" {
			continue
		}
		if err := c.prove(&leaving{Leaver: l, t: t}); err != nil {
			return c.name, err
		}
	}
	return "", nil
}

// CheckLeaver returns what an application did not declare.
func CheckLeaver(l Leaver) error { return l.check() }

// RunTypesRecorded is [RunTypes] as [RunRecorded] is [Run].
func RunTypesRecorded(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, app ...App) {
	runTypes(t, open, passed.add, app...)
}

// Probe returns where the handler announces something else than a probe finds.
func (c *Client) Probe(large bool) []string { return c.probe(large) }
