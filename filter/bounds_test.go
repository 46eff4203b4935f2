package filter_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Each text is just beyond a limit, so that the test shows the exact limit.
func TestTextBeyondALimitFails(t *testing.T) { // F-39
	t.Parallel()
	r := lenient(schema.UserType)
	for _, c := range []struct{ name, text, detail string }{
		{"parentheses", strings.Repeat("(", filter.MaxDepth+1), "levels deep"},
		{"negations", strings.Repeat("not (", filter.MaxDepth+1), "levels deep"},
		{"not without end", strings.Repeat("not ", filter.MaxDepth+1), "operator"},
		{"brackets", strings.Repeat("[", filter.MaxDepth+1), "'['"},
		{"brackets with names", strings.Repeat("emails[", 2), "another value filter"},
		{"parentheses in brackets", "emails[" + strings.Repeat("(", filter.MaxDepth), "levels deep"},
		{"pairs", strings.Repeat("()", filter.MaxLength/2), "too long"},
		{"a long name", strings.Repeat("a", filter.MaxLength) + " pr", "too long"},
		{"long sub-attributes", strings.Repeat("a.", filter.MaxLength/2), "too long"},
		{"colons", strings.Repeat("a:", filter.MaxLength/2) + "b pr", "schema URI"},
		{"numbers", strings.Repeat("1 ", filter.MaxComparisons+1), "comparisons"},
		{"digits", "active eq " + strings.Repeat("1", filter.MaxLength), "true or false"},
		{"strings", strings.Repeat(`"a" `, filter.MaxComparisons+1), "comparisons"},
		{"open string", `userName eq "` + strings.Repeat("a", filter.MaxLength), "closing"},
		{"escapes", `userName eq "` + strings.Repeat(`\u00e9`, filter.MaxLength/6), "closing"},
		{"spaces", strings.Repeat(" ", filter.MaxLength), "empty"},
		{"a long literal", `userName eq "` + strings.Repeat("a", filter.MaxText) + `"`, "too long"},
		{"comparisons", strings.Repeat("title pr or ", filter.MaxComparisons) + "title pr", "64 comparisons"},
		{"comparisons with literals", strings.Repeat(`title eq "" or `, filter.MaxComparisons) + "title pr", "64 comparisons"},
		{"comparisons in brackets", "emails[" + strings.Repeat("type pr or ", filter.MaxComparisons) + "type pr]", "64 comparisons"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := r.Filter(c.text, nil)
			require.Nil(t, f)
			fe := requireError(t, err, schema.ErrorInvalidFilter)
			require.Contains(t, fe.Error(), c.detail)
			require.Less(t, len(fe.Error()), 300)
			p, err := r.Path(c.text, nil)
			require.Error(t, err)
			require.Nil(t, p)
			_, err = r.Path("emails["+c.text, nil)
			require.Error(t, err)
		})
	}
}

func TestFilterReadsUpToTheBounds(t *testing.T) {
	t.Parallel()
	r := strict(schema.UserType)
	for _, text := range []string{
		strings.Repeat("(", filter.MaxDepth) + "title pr" + strings.Repeat(")", filter.MaxDepth),
		strings.Repeat("not(", filter.MaxDepth) + "title pr" + strings.Repeat(")", filter.MaxDepth),
		strings.Repeat("(", filter.MaxDepth-1) + "emails[type pr]" + strings.Repeat(")", filter.MaxDepth-1),
		strings.Repeat("title pr or ", filter.MaxComparisons-1) + "title pr",
		strings.Repeat(`emails[type eq "a"] or `, filter.MaxComparisons-1) + "title pr",
		`title eq "` + strings.Repeat("x", filter.MaxText-100) + `"`,
	} {
		_, err := r.Filter(text, nil)
		require.NoError(t, err)
	}
	_, err := r.Filter(strings.Repeat("(", filter.MaxDepth)+"emails[type pr]"+strings.Repeat(")", filter.MaxDepth), nil)
	require.ErrorContains(t, err, "levels deep")
}

func TestBudgetBoundsNewShapes(t *testing.T) {
	t.Parallel()
	r := strict(schema.UserType)
	b := filter.NewBudget(300_000, nil)
	for i := range 100 { // literals do not make a shape
		_, err := r.Filter(fmt.Sprintf(`userName eq "u%d"`, i), b)
		require.NoError(t, err)
	}
	left := b.Left()
	require.Greater(t, left, 100_000)
	_, err := r.Path(`emails[type eq "work"].value`, b)
	require.NoError(t, err)
	require.Less(t, b.Left(), left)
	left = b.Left()
	_, err = r.Path(`nope`, b) // a failure costs as much
	requireError(t, err, schema.ErrorInvalidPath)
	require.Less(t, b.Left(), left)

	_, err = r.Filter(`title pr`, b)
	requireTooMany(t, err)
	_, err = r.Path(`title`, b)
	requireTooMany(t, err)
	_, err = r.Filter(`USERNAME   EQ "x"`, nil) // neither do case and spaces
	require.NoError(t, err)
	_, err = r.Filter(`title pr`, filter.NewBudget(0, nil))
	requireTooMany(t, err)
	_, err = r.Filter(`title pr`, nil)
	require.NoError(t, err)
}

func requireTooMany(t *testing.T, err error) {
	t.Helper()
	var wrong *schema.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, schema.ErrorTooMany, wrong.Type)
}

func TestBudgetChargesLongShapesMore(t *testing.T) {
	t.Parallel()
	short, long := filter.NewBudget(filter.DefaultWork, nil), filter.NewBudget(filter.DefaultWork, nil)
	r := strict(schema.UserType)
	_, err := r.Filter("displayName pr", short)
	require.NoError(t, err)
	_, err = r.Filter(strings.Repeat("displayName pr or ", 60)+"displayName pr", long)
	require.NoError(t, err)
	require.Greater(t, filter.DefaultWork-long.Left(), 10*(filter.DefaultWork-short.Left()))
}

// The work of a match is comparisons × values × bytes.
func TestBudgetBoundsMatching(t *testing.T) {
	t.Parallel()
	r := strict(schema.UserType)
	user := func(title string, emails int) *schema.Resource {
		list := make([]schema.Value, emails)
		for i := range list {
			var b schema.Builder
			b.Set(schema.UserType.MustResolve("emails.value").Last(), schema.String(fmt.Sprintf("u%d@example.com", i)))
			list[i] = schema.Complex(b.Object())
		}
		var b schema.Builder
		b.Set(schema.UserType.MustResolve("title")[0], schema.String(title))
		b.Set(schema.UserType.MustResolve("emails")[0], schema.List(list...))
		return &schema.Resource{Type: schema.UserType, Attributes: b.Object()}
	}
	cost := func(text string, resource *schema.Resource) int {
		f, err := r.Filter(text, nil)
		require.NoError(t, err)
		b := filter.NewBudget(filter.DefaultWork, nil)
		ok, err := f.MatchWithin(resource, b)
		require.NoError(t, err)
		require.Equal(t, f.Match(resource), ok)
		return filter.DefaultWork - b.Left()
	}
	one := cost(`emails.value eq "x"`, user("a", 100))
	require.InDelta(t, 2*one, cost(`emails.value eq "x" or emails.value eq "y"`, user("a", 100)), 100, "comparisons")
	require.InDelta(t, 10*one, cost(`emails.value eq "x"`, user("a", 1000)), float64(one), "values")
	require.Greater(t, cost(`title co "x"`, user(strings.Repeat("a", 10_000), 0)), 10_000, "bytes")
	require.Greater(t, cost(`title co "x"`, user(strings.Repeat("\u00e4", 10_000), 0)), 1_000_000, "bytes that have to be folded")

	f, err := r.Filter(`not (emails.value eq "x")`, nil)
	require.NoError(t, err)
	b := filter.NewBudget(1000, nil)
	_, err = f.MatchWithin(user("a", 1000), b)
	requireTooMany(t, err)
	require.Zero(t, b.Left())
	requireTooMany(t, b.Spend(0))
}

func TestBudgetEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := filter.NewBudget(filter.DefaultWork, ctx.Err)
	require.NoError(t, b.Spend(2_000_000))
	c := b.Copy()
	cancel()
	require.ErrorIs(t, b.Spend(2_000_000), context.Canceled)
	require.ErrorIs(t, b.Spend(0), context.Canceled)
	require.ErrorIs(t, c.Spend(2_000_000), context.Canceled)
}

func TestCacheEvictsUnusedEntries(t *testing.T) {
	t.Parallel()
	r := strict(schema.UserType)
	shape := func(i int) string { // 512 different ones
		var b strings.Builder
		b.WriteString("userName pr")
		for bit := range 9 {
			b.WriteString([]string{" and title pr", " or title pr"}[i>>bit&1])
		}
		return b.String()
	}
	seen := func(text string) bool {
		_, err := r.Filter(text, filter.NewBudget(0, nil))
		return err == nil
	}
	const used = `id eq "x"`
	_, err := r.Filter(used, nil)
	require.NoError(t, err)
	for i := range 512 {
		_, err := r.Filter(shape(i), nil)
		require.NoError(t, err)
		require.True(t, seen(used), "a shape in use was dropped after %d others", i)
	}
	require.True(t, seen(shape(511)))
	require.False(t, seen(shape(0)))
}

func TestResolverIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := lenient(schema.UserType)
	var group sync.WaitGroup
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := range 300 {
				name := fmt.Sprintf("u%d-%d", i, j)
				res := &schema.Resource{Type: schema.UserType, ID: name}
				f, err := r.Filter(fmt.Sprintf(`id eq "%s" and (%s)`, name, strings.Repeat("id pr and ", j%40)+"id pr"), nil)
				if err != nil || !f.Match(res) {
					t.Errorf("%s: %v", name, err)
				}
				p, err := r.Path(fmt.Sprintf(`emails[value eq "%s"].type`, name), nil)
				if err != nil || p.String() != fmt.Sprintf(`emails[value eq "%s"].type`, name) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}()
	}
	group.Wait()
}
