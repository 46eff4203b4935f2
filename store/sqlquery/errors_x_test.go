package sqlquery

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// Errors as the drivers have them.
type (
	pgError    struct{ state string }
	moderncErr struct{ code int }
	mattnError struct{ Code, ExtendedCode int }
	mysqlErr   struct{ Number uint16 }
	unsentErr  struct{ safe bool }
)

func (pgError) Error() string      { return "pg" }
func (e pgError) SQLState() string { return e.state }
func (*moderncErr) Error() string  { return "modernc" }
func (e *moderncErr) Code() int    { return e.code }
func (mattnError) Error() string   { return "mattn" }
func (*mysqlErr) Error() string    { return "mysql" }
func (unsentErr) Error() string    { return "conn closed" }

func (e unsentErr) SafeToRetry() bool { return e.safe } // pgx

func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want fault
	}{
		{pgError{"23505"}, faultUnique}, {pgError{"40001"}, faultAgain}, {pgError{"40P01"}, faultAgain}, {pgError{"08006"}, faultAgain},
		{pgError{"23503"}, faultAgain}, {&mysqlErr{1451}, faultAgain}, {&mysqlErr{1452}, faultAgain}, // a reference was deleted meanwhile
		{pgError{"53300"}, faultUnavailable}, {pgError{"22001"}, faultValue}, {pgError{"42P01"}, faultNone},
		{&moderncErr{2067}, faultUnique}, {&moderncErr{1555}, faultUnique}, {&moderncErr{5}, faultAgain}, {&moderncErr{517}, faultAgain},
		{&moderncErr{13}, faultUnavailable}, {&moderncErr{787}, faultNone},
		{mattnError{19, 2067}, faultUnique}, {mattnError{5, 5}, faultAgain},
		{&mysqlErr{1062}, faultUnique}, {&mysqlErr{1213}, faultAgain}, {&mysqlErr{1205}, faultAgain}, {&mysqlErr{1406}, faultValue}, {&mysqlErr{1146}, faultNone},
		{driver.ErrBadConn, faultAgain}, {io.ErrUnexpectedEOF, faultAgain}, {errors.New("invalid connection"), faultAgain},
		{unsentErr{true}, faultAgain}, {unsentErr{false}, faultNone},
		{errors.New("x"), faultNone}, {nil, faultNone},
	} {
		require.Equal(t, c.want, faultOf(c.err), "%#v", c.err)
		if c.err != nil {
			require.Equal(t, c.want, faultOf(fmt.Errorf("%w: b: %w", store.ErrNotFound, c.err)), "%#v, wrapped", c.err)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, wrap(ctx, nil))
	require.ErrorIs(t, wrap(ctx, pgError{"40001"}), store.ErrUnavailable)
	require.NotErrorIs(t, wrap(ctx, pgError{"42P01"}), store.ErrUnavailable)
	cancel()
	require.ErrorIs(t, wrap(ctx, pgError{"57014"}), context.Canceled)
}

func TestCoincide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p, q string
		want bool
	}{{"", "", true}, {"u", "u", true}, {"u", "g", false}, {"u", "u1", true}, {"u-1", "u", true}, {"u", "ux", false}, {"", "u", false}} {
		require.Equal(t, c.want, coincide(c.p, c.q), "%q %q", c.p, c.q)
		require.Equal(t, c.want, coincide(c.q, c.p), "%q %q", c.q, c.p)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x00", "a\x01")
	f.Add("\x01\x01", "\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		require.Equal(t, a, unescape.Replace(escape.Replace(a)))
		require.NotContains(t, escape.Replace(a), "\x00")
		require.Equal(t, a < b, escape.Replace(a) < escape.Replace(b), "the order stays")
	})
}
