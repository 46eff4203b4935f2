package position_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func TestPartsRoundTrip(t *testing.T) {
	t.Parallel()
	order := position.Order(schema.UserType.MustResolve("name.givenName"), true)
	for _, parts := range [][]string{{"1"}, {"", ""}, {"a:b", "3:c"}, {"\x00\xff", "日本"}} {
		got, err := position.Split(position.Join(order, parts...), order)
		require.NoError(t, err)
		require.Equal(t, parts, got)
	}
}

func TestOtherTextIsNotAPosition(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", ":", "2:id", "2:id1", "2:id1:", "2:id-1:", "2:id2:a", "2:id02:ab", "2:id+1:a", "2:id9999999999999999999:a",
		position.Join("+userName", "a"), position.Join("-id", "a"),
	} {
		parts, err := position.Split(text, "id")
		if text == "2:id" {
			require.NoError(t, err)
			require.Empty(t, parts)
			continue
		}
		require.ErrorIs(t, err, store.ErrPosition, "%q", text)
	}
}
