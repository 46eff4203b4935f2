package connection

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// one is a store of one connection of tenant acme.
type one struct {
	Store
	state State
}

func (s *one) FindConnection(ctx context.Context, name string) (Connection, error) {
	if store.Tenant(ctx) != "acme" || name != "okta" {
		return Connection{}, store.ErrNotFound
	}
	return Connection{Name: name, State: s.state}, nil
}

// A change by another process takes effect within a second.
func TestAStateIsAtMostASecondOld(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := &one{state: Active}
	states := NewStates(s, slog.New(slog.NewTextHandler(&log, nil)))
	now := time.Now()
	states.now = func() time.Time { return now }
	is := func(want State) {
		t.Helper()
		got, err := states.Of(t.Context(), "acme", "okta")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	is(Active)
	s.state = Off
	now = now.Add(time.Second - 1)
	is(Active)
	now = now.Add(1)
	is(Off)
	s.state = "strange" // of a newer version, for example
	now = now.Add(time.Second)
	is(Off)
	require.Empty(t, log.String())

	got, err := states.Of(t.Context(), "globex", "okta")
	require.NoError(t, err)
	require.Equal(t, Off, got)
	require.Contains(t, log.String(), "a credential names a connection that does not exist")
	require.Contains(t, log.String(), "tenant=globex connection=okta")
}

// What was read before a change is not kept after it.
func TestAReadThatAChangeOvertakesIsNotKept(t *testing.T) {
	t.Parallel()
	s := &overtaken{one: one{state: Active}}
	states := NewStates(s, slog.New(slog.DiscardHandler))
	s.meanwhile = func() {
		s.state = Off
		states.Forget("acme", "okta")
	}
	_, err := states.Of(t.Context(), "acme", "okta")
	require.NoError(t, err)
	got, err := states.Of(t.Context(), "acme", "okta")
	require.NoError(t, err)
	require.Equal(t, Off, got)
}

// overtaken changes while it is read for the first time.
type overtaken struct {
	one
	meanwhile func()
}

func (s *overtaken) FindConnection(ctx context.Context, name string) (Connection, error) {
	c, err := s.one.FindConnection(ctx, name)
	if s.meanwhile != nil {
		s.meanwhile()
		s.meanwhile = nil
	}
	return c, err
}

// The memory for states is bounded.
func TestStatesAreBounded(t *testing.T) {
	t.Parallel()
	states := NewStates(&one{state: Active}, slog.New(slog.DiscardHandler))
	for i := range 2*mostStates + 1 {
		_, err := states.Of(t.Context(), "tenant"+string(rune('0'+i%10))+time.Duration(i).String(), "okta")
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(states.known), mostStates)
}

func BenchmarkStateOfAConnection(b *testing.B) {
	states := NewStates(&one{state: Active}, slog.New(slog.DiscardHandler))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := states.Of(b.Context(), "acme", "okta"); err != nil {
			b.Fatal(err)
		}
	}
}
