package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
)

func TestSqueezeKeepsStringsDistinct(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxName)
	inputs := []string{"", "a", "A", "a\x00", "a\x01", "a\x00b", "\xff", "\xfe", long, long + "x", long + "y", "\x01" + long}
	inputs = append(inputs, squeeze(long+"x")) // a name that looks like the key of another
	seen := map[string]string{}
	for _, s := range inputs {
		key := squeeze(s)
		require.LessOrEqual(t, len(key), maxName, "%q", s)
		require.True(t, utf8.ValidString(key) && !strings.Contains(key, "\x00"), "%q becomes %q", s, key)
		require.NotContains(t, seen, key, "%q and %q", s, seen[key])
		seen[key] = s
	}
	require.Equal(t, long, squeeze(long), "a string within the limit is unchanged")
}

func TestSplitCutsAfterRunes(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("é", 128), strings.Repeat("😀", 500)} {
		head, tail := split(s)
		require.Equal(t, s, head+tail)
		require.LessOrEqual(t, utf8.RuneCountInString(head), maxHead)
		require.True(t, tail == "" || utf8.RuneCountInString(head) == maxHead, "a short head with a tail breaks the order")
	}
}

func TestTimesKeepNanosecondsAndOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.FixedZone("", 3600))
	text, err := timeText(at)
	require.NoError(t, err)
	back, err := parseTime(text)
	require.NoError(t, err)
	require.True(t, at.Equal(back), "%s is not %s", back, at)
	whole, err := timeText(at.Truncate(time.Second))
	require.NoError(t, err)
	require.Less(t, whole, text)

	for _, bad := range []time.Time{{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := timeText(bad)
		require.Error(t, err, "%v", bad)
	}
}

// FuzzKeys checks that keys have the order and the prefixes of their strings.
func FuzzKeys(f *testing.F) {
	long := strings.Repeat("ä", maxHead)
	for _, pair := range [][2]string{
		{"", ""}, {"", "a"}, {"a", "b"}, {"a", "a\x00"}, {"a\x00", "a\x01"}, {"a\x01", "a\x02"}, {"a\x01\x01", "a\x00"},
		{long, long + "a"}, {long + "a", long + "b"}, {long, long[:20]}, {"\uD7FF", "\uE000"}, {"\U0010FFFF", "\U0010FFFFa"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, ""), strings.ToValidUTF8(b, "")
		x, y := escape(a), escape(b)
		require.Equal(t, a, unescape(x))
		require.NotContains(t, x, "\x00")
		require.Equal(t, strings.Compare(a, b), strings.Compare(x, y), "order")
		require.Equal(t, strings.HasPrefix(a, b), strings.HasPrefix(x, y), "prefix")
		xh, xt := split(x)
		yh, yt := split(y)
		order := strings.Compare(xh, yh)
		if order == 0 {
			order = strings.Compare(xt, yt)
		}
		require.Equal(t, strings.Compare(a, b), order, "order of the parts")
		if end, ok := successor(y); y != "" && ok {
			require.Equal(t, strings.HasPrefix(x, y), x >= y && x < end, "prefix as a range")
		}
	})
}

// FuzzTextCompare checks that SQL comparisons agree with those of package strings.
func FuzzTextCompare(f *testing.F) {
	db, err := OpenSQLite("sqlite", filepath.Join(f.TempDir(), "scim.db"))
	require.NoError(f, err)
	f.Cleanup(func() { db.Close() })
	long := strings.Repeat("x", maxHead)
	for op := filter.EQ; op <= filter.LE; op++ {
		for _, pair := range [][2]string{
			{"", ""}, {"a", "a"}, {"ab", "b"}, {"a%", "%"}, {"a_", "_"}, {"'", "'"}, {"a\x00b", "a\x00"}, {"\x01", "\x02"},
			{long + "a", long}, {long, long + "a"}, {long + "ab", long + "ab"}, {"É", "é"}, {"😀b", "b"}, {"", "a"},
		} {
			f.Add(uint8(op), pair[0], pair[1])
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, s, literal string) {
		op := filter.Op(n)
		if op < filter.EQ || op > filter.LE || op == filter.NE || !utf8.ValidString(s) || !utf8.ValidString(literal) {
			return
		}
		c, ok := db.d.textCompare(op, "h", "t", literal)
		if !ok {
			return
		}
		head, tail := split(escape(s))
		var got bool
		args := append(c.args, head, tail)
		err := db.one(t.Context(), "SELECT ("+c.sql+") FROM (SELECT ? AS h, ? AS t)", args, &got)
		require.NoError(t, err)
		require.Equal(t, holds(op, s, literal), got, "%q %d %q by %s", s, op, literal, c.sql)
	})
}

func holds(op filter.Op, s, literal string) bool {
	switch op {
	case filter.EQ:
		return s == literal
	case filter.CO:
		return strings.Contains(s, literal)
	case filter.SW:
		return strings.HasPrefix(s, literal)
	case filter.EW:
		return strings.HasSuffix(s, literal)
	case filter.GT:
		return s > literal
	case filter.GE:
		return s >= literal
	case filter.LT:
		return s < literal
	}
	return s <= literal
}
