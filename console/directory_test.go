package console_test

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func search(text string) string { return "/directory/Users?q=" + url.QueryEscape(text) }

func TestSearch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"grace", "grant", "alan"} {
		f.user("acme", name)
	}
	for text, want := range map[string]string{
		"":                         "alan grace grant",
		"gra":                      "grace grant",
		"GRAC":                     "grace",
		`"gran"`:                   "grant",
		`userName eq "alan"`:       "alan",
		`emails.value sw "grace@"`: "grace",
		`not (userName sw "g")`:    "alan",
		`title pr`:                 "",
		` userName co "gra" `:      "grace grant",
		`meta.created ge "2020-01-01T00:00:00Z" and userName ew "n"`: "alan",
	} {
		page := f.page(search(text))
		var got []string
		for _, name := range []string{"alan", "grace", "grant"} {
			if strings.Contains(page, "<bdi>"+name+"</bdi>") {
				got = append(got, name)
			}
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

// The error of a filter is shown with its place.
func TestErrorsOfFiltersAreShown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for text, want := range map[string]string{
		`userName eq`:                  "expected",
		`userName xx "a"`:              "at character 10",
		`noSuch eq "a"`:                "noSuch",
		`active eq true and (`:         "is missing",
		`members.value eq "x"`:         "members",
		strings.Repeat("(", 200) + "x": "",
	} {
		w := f.get(search(text))
		require.Equal(t, 400, w.Code, text)
		require.Contains(t, w.Body.String(), want)
		require.Contains(t, w.Body.String(), `role="alert"`)
		require.Contains(t, w.Body.String(), `aria-invalid="true"`)
	}
	require.Contains(t, f.get(search(`userName xx "a"`)).Body.String(), `userName <span class="mark">`)
}

var next = regexp.MustCompile(`name="after" value="([^"]+)"`)

// A list is read from position to position: nobody is missing, nobody is twice.
func TestPaging(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 120 {
		f.user("acme", fmt.Sprintf("person-%03d", i))
	}
	names := regexp.MustCompile(`<bdi>(person-\d+)</bdi>`)
	for _, query := range []string{"", `userName sw "person"`, `emails.value co "private" and not (title pr)`} {
		path, seen, pages := search(query), map[string]int{}, 0
		for {
			page := f.page(path)
			for _, m := range names.FindAllStringSubmatch(page, -1) {
				seen[m[1]]++
			}
			pages++
			m := next.FindStringSubmatch(page)
			if m == nil {
				break
			}
			path = search(query) + "&after=" + m[1]
		}
		require.Len(t, seen, 120, query)
		require.GreaterOrEqual(t, pages, 2)
		for name, n := range seen {
			require.Equal(t, 1, n, name)
		}
	}
	position := next.FindStringSubmatch(f.page(search("")))[1]
	require.Equal(t, 400, f.get(search("person")+"&after="+position).Code, "the position of another search")
	require.Equal(t, 400, f.get(search("")+"&after="+position[1:]).Code)
	require.Equal(t, 400, f.get("/directory/Groups?after="+position).Code)
	f.as.Tenant = "rival"
	require.Equal(t, 400, f.get(search("")+"&after="+position).Code, "the position of another tenant")
}

// scanned is a store that answers no filter.
type scanned struct{ store.Store }

func (scanned) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

// Where the store cannot answer a filter, a page looks at a bounded number of
// resources, and the next one goes on.
func TestScanIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(f *fixture, cfg *scim.Config, _ *console.Config) {
		cfg.Endpoints[0] = scim.Users(scanned{f.db.Store(schema.UserType)})
	})
	for i := range 2200 {
		f.user("acme", fmt.Sprintf("person-%04d", i))
	}
	page := f.page(search(`userName eq "person-2150"`))
	require.Contains(t, page, "No match among the 2,000")
	m := next.FindStringSubmatch(page)
	require.NotNil(t, m)
	require.Contains(t, f.page(search(`userName eq "person-2150"`)+"&after="+m[1]), "<bdi>person-2150</bdi>")
	w := f.get(search(`groups.value eq "x"`))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "the database cannot search by this attribute")
}

// A search that takes long ends, and the page offers to wait for it.
func TestSlowSearches(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 60 {
		f.user("acme", fmt.Sprintf("person-%03d", i))
	}
	path := search(`userName co "person"`)
	position := next.FindStringSubmatch(f.page(path))[1]
	f.console.DoNotWait()
	for _, path := range []string{path, path + "&after=" + position} {
		page := f.page(path)
		require.Contains(t, page, "Search all the same")
		require.NotContains(t, page, "<bdi>person-")
		require.NotContains(t, page, "Nothing matches")
	}
	require.Contains(t, f.page(path+"&after="+position), `name="after" value="`+position+`"`)
	page := f.page(path + "&wait=1")
	require.Equal(t, 50, strings.Count(page, "<bdi>person-"))
	require.Contains(t, page, `name="wait" value="1"><button>Next page`)
	require.Contains(t, f.page("/directory/Users"), "<bdi>person-", "a list is no search")
}

// slow is a store that answers no filter, and has time for one page at once.
type slow struct {
	scanned
	over *bool
}

func (s slow) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if *s.over = !*s.over; !*s.over {
		return store.Page{}, context.DeadlineExceeded
	}
	return s.Store.List(ctx, q)
}

// What was looked at in time is shown, and the next page goes on after it.
func TestScanEndsWithTheTime(t *testing.T) {
	t.Parallel()
	var over bool
	f := newFixture(t, func(f *fixture, cfg *scim.Config, _ *console.Config) {
		cfg.Endpoints[0] = scim.Users(slow{scanned{f.db.Store(schema.UserType)}, &over})
	})
	for i := range 150 {
		f.user("acme", fmt.Sprintf("person-%03d", i))
	}
	over = false
	path := search(`userName ew "5" and userName co "14"`)
	page := f.page(path)
	require.Contains(t, page, "No match among the 100 that")
	over = false
	require.Contains(t, f.page(path+"&after="+next.FindStringSubmatch(page)[1]), "<bdi>person-145</bdi>")
}

// Nothing of another tenant is shown, whatever the URL says.
func TestTenantsAreSeparate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("acme", "grace")
	secret := f.user("rival", "secret-rival")
	group := f.scim("rival", "POST", "/Groups", `{"displayName":"secret-group"}`)
	for _, path := range []string{"/directory/Users", "/directory/Groups", "/directory/Users?tenant=rival", search("secret"), "/directory/Users/" + secret, "/directory/Groups/" + group} {
		require.NotContains(t, f.get(path).Body.String(), "secret-", path)
	}
	require.Equal(t, 404, f.get("/directory/Users/"+secret).Code)
	require.NotContains(t, f.upload(f.token("/reconcile"), "userName\ngrace\n").Body.String(), "secret-")
	f.as.Tenant = "rival"
	require.Contains(t, f.page("/directory/Users"), "secret-rival")
}

// Private values are part of the page only after the button was pressed.
func TestPrivateValuesAreShownOnDemand(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/directory/Users/" + f.user("acme", "grace")
	require.NotContains(t, f.page(path), "private.example")
	require.NotContains(t, f.page("/directory/Users"), "private.example")
	w := f.post(path, path, nil)
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "grace@private.example")
	require.NotContains(t, f.page(path), "private.example", "the next view")
}

// Values of sensitive attributes are private, and do not belong in a URL.
func TestSensitiveAttributes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(_ *fixture, cfg *scim.Config, _ *console.Config) {
		cfg.SensitiveAttributes = []string{"userName", "displayName"}
	})
	path := "/directory/Users/" + f.user("acme", "grace")
	require.NotContains(t, f.page("/directory/Users"), "grace")
	require.NotContains(t, f.page(path), "grace")
	w := f.get(search(`userName eq "x"`))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "do not belong in the address")
	require.Contains(t, f.post(path, path, nil).Body.String(), "grace")
}

// What a provider wrote is text: it is escaped, isolated, cut, and shows its
// characters that do not print.
func TestHostileNamesAreHarmless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hostile := "<script>alert(1)</script>\u202egpj.exe\u2066\x07\"'" + strings.Repeat("é", 5000)
	id := f.scim("acme", "POST", "/Users", fmt.Sprintf(`{"userName":"mallory","active":true,"title":%q,"nickName":%q}`, "\u202eevil", "javascript:alert(1)"))

	users := f.db.Store(schema.UserType)
	in := store.WithTenant(t.Context(), "acme")
	r, err := users.Get(in, id, store.GetOptions{})
	require.NoError(t, err)
	name := schema.UserType.Root().Sub("displayName")
	_, err = users.Update(in, &store.Change{ID: id, Before: r, After: r.With(name, schema.String(hostile)), At: f.now})
	require.NoError(t, err)
	for _, path := range []string{"/directory/Users", "/directory/Users/" + id} {
		page := f.page(path)
		require.NotContains(t, page, "<script>alert")
		require.NotContains(t, page, "\u202e")
		require.NotContains(t, page, "\u2066")
		require.NotContains(t, page, "\x07")
		require.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;<span class=\"char\">U&#43;202E</span>gpj.exe")
	}
	require.Less(t, len(f.page("/directory/Users")), 10_000, "a list has the beginning")
	page := f.page("/directory/Users/" + id)
	require.Equal(t, 1, strings.Count(page, strings.Repeat("é", 4000)), "the whole value once, on demand")
	require.Contains(t, page, html.EscapeString("show all"))
	w := f.get(search(hostile[:60]))
	require.NotContains(t, w.Body.String(), "<script>alert")
}

// An id is one segment of the path, whatever it has.
func TestIdsThatLookLikePaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, id := range []string{"..", ".", "a/b", "a?b", "%2e%2e", "a#b", "\u202e"} {
		w := f.get("/directory/Users/" + url.PathEscape(id))
		require.Contains(t, []int{404, 301, 307}, w.Code, id)
		require.NotContains(t, w.Body.String(), "\u202e")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var members []string
	for i := range 60 {
		members = append(members, fmt.Sprintf(`{"value":%q}`, f.user("acme", fmt.Sprintf("person-%03d", i))))
	}
	group := f.scim("acme", "POST", "/Groups", `{"displayName":"Engineering","members":[`+strings.Join(members, ",")+`]}`)
	page := f.page("/directory/Groups/" + group)
	require.Contains(t, page, "Engineering")
	require.Contains(t, page, "(60)")
	require.Equal(t, 50, strings.Count(page, "<bdi>person-"))
	_, rest, _ := strings.Cut(members[0], `"value":"`)
	user := strings.TrimSuffix(rest, `"}`)
	require.Contains(t, f.page("/directory/Users/"+user), `href="/admin/scim/directory/Groups/`+group+`"`)
}
