package scimtest_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// gadgetURI and partURI are schemas whose attributes have the characteristics
// that no core attribute has.
const (
	gadgetURI = "urn:example:schemas:Gadget"
	partURI   = "urn:example:schemas:extension:Part"
)

var gadgetType = mustType(schema.ResourceType{
	Name: "Gadget", Endpoint: "/Gadgets",
	Schema: mustSchema(`{"id":"` + gadgetURI + `","name":"Gadget","attributes":[
		{"name":"label","type":"string","required":true,"returned":"always"},
		{"name":"serial","type":"string","mutability":"immutable","caseExact":true},
		{"name":"marks","type":"string","mutability":"immutable","multiValued":true},
		{"name":"note","type":"string","returned":"request"},
		{"name":"pin","type":"string","returned":"never"},
		{"name":"secret","type":"string","mutability":"writeOnly","returned":"never"},
		{"name":"state","type":"string","mutability":"readOnly"},
		{"name":"size","type":"integer"},
		{"name":"weight","type":"decimal"},
		{"name":"since","type":"dateTime"},
		{"name":"tags","type":"string","multiValued":true,"caseExact":true},
		{"name":"levels","type":"integer","multiValued":true},
		{"name":"home","type":"reference","referenceTypes":["external"]},
		{"name":"box","type":"complex","subAttributes":[
			{"name":"color","type":"string"},
			{"name":"lot","type":"string","mutability":"immutable"},
			{"name":"mark","type":"string","returned":"always"},
			{"name":"hint","type":"string","returned":"request"},
			{"name":"count","type":"integer"}]},
		{"name":"readings","type":"complex","multiValued":true,"subAttributes":[
			{"name":"value","type":"integer"},
			{"name":"kind","type":"string"},
			{"name":"primary","type":"boolean"}]}]}`),
	Extensions: []schema.Extension{{Schema: mustSchema(`{"id":"` + partURI + `","name":"Part","attributes":[
		{"name":"label","type":"string","returned":"request"},
		{"name":"number","type":"integer","returned":"always"},
		{"name":"lot","type":"string","mutability":"immutable"}]}`)}},
})

func mustSchema(text string) *schema.Schema {
	s, err := schema.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return s
}

func mustType(t schema.ResourceType) *schema.ResourceType {
	made, err := schema.NewResourceType(t)
	if err != nil {
		panic(err)
	}
	return made
}

// gadget returns the JSON of a gadget.
func gadget(label string, members ...string) string {
	text := `{"schemas":["` + gadgetURI + `"],"label":"` + label + `"`
	for _, m := range members {
		text += "," + m
	}
	return text + "}"
}

// configured returns the default and the strict client of a handler with users,
// groups and gadgets. change configures the handler; it may be nil.
func configured(t *testing.T, change func(*scim.Config)) (c, strict *scimtest.Client) {
	t.Helper()
	s := serve(t, change, gadgetType)
	return s.lenient(t), s.strict(t)
}

// plainUsers and plainGroups have versions and leave every filter and order to
// package scim. plainGroups returns members in the opposite order.
type (
	plainUsers  struct{ store.Store }
	plainGroups struct{ store.MemberStore }
)

func (plainUsers) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

func (plainGroups) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

func (s plainGroups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		var members []schema.Member
		for m, err := range s.MemberStore.Members(ctx, id) {
			if err != nil {
				yield(m, err)
				return
			}
			members = append(members, m)
		}
		for _, m := range slices.Backward(members) {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// TestConformanceByScan runs the kit on stores that answer no filter, do not
// sort, and return members in another order: responses are the same.
func TestConformanceByScan(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db := memstore.New()
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler),
			Limits: scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Endpoints: []scim.Endpoint{
				scim.Users(plainUsers{db.Store(schema.UserType)}), scim.Groups(plainGroups{db.Store(schema.GroupType).(store.MemberStore)}),
			},
		})
		require.NoError(t, err)
		return h
	})
}

func TestQueryConfigured(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "Q-6 Q-7 M-12", "a root query covers custom types and tells them apart", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, nil)
		c.NewUser("u", `"displayName":"u"`)
		c.NewGroup("g")
		c.Post("/Gadgets", gadget("x", `"size":5`)).Is(201)
		require.ElementsMatch(t, []string{"User", "Group", "Gadget"}, c.Get("/").Is(200).Total(3).Strings("meta.resourceType"))
		require.Equal(t, []string{"Gadget"}, c.Filter("/", `meta.resourceType eq "Gadget"`).Is(200).Strings("meta.resourceType"))
		require.Equal(t, []string{"Gadget"}, c.Filter("/", `size gt 4`).Is(200).Strings("meta.resourceType"))
		require.Equal(t, []string{"Gadget"}, c.Filter("/", gadgetURI+`:label eq "X"`).Is(200).Strings("meta.resourceType"))
		c.Post("/.search", scimtest.Search(`"filter":"label eq \"x\" or userName eq \"u\""`)).Total(2)
	})
	scimtest.Prove(t, "Q-9 E-16", "a query beyond the limit is tooMany and never returns a part of the matches", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, func(cfg *scim.Config) { cfg.Limits.Scan = 5 })
		for i := range 6 {
			c.NewUser(fmt.Sprint("u", i))
		}
		for _, path := range []string{"/Users?filter=meta.location+pr", "/?sortBy=userName", "/Users?sortBy=meta.location", "/Users?filter=groups+pr", "/Users?count=1&filter=meta.location+pr"} {
			c.Get(path).Fails(400, "tooMany")
		}
		c.Post("/.search", scimtest.Search(`"sortBy":"userName"`)).Fails(400, "tooMany")
		c.Get("/Users").Total(6)
		c.Filter("/Users", `userName eq "u3" and meta.location pr`).Total(1)
		c.Filter("/Users", `groups.value eq "nobody"`).Total(0)
	})
	scimtest.Prove(t, "Q-6 Q-7 Q-8", "a root query reads only the types that its filter can select", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, func(cfg *scim.Config) { cfg.Limits.Scan = 5 })
		for i := range 8 {
			c.NewUser(fmt.Sprint("u", i), `"displayName":"d"`)
		}
		c.NewGroup("g")
		for filter, want := range map[string]int{
			`meta.resourceType eq "Group"`:                                     1,
			`meta[resourceType eq "Group"]`:                                    1,
			`schemas eq "` + schema.GroupURI + `"`:                             1,
			`meta.resourceType eq "Group" and meta.location pr`:                1,
			`meta.resourceType eq "User"`:                                      8,
			`meta.resourceType eq "User" and userName eq "u3"`:                 1,
			`not (meta.resourceType eq "User")`:                                1,
			`meta.resourceType eq "Nope"`:                                      0,
			`nope eq "x"`:                                                      0,
			`members pr and meta.resourceType eq "User"`:                       0,
			`meta.resourceType eq "Gadget" or meta.resourceType eq "Group"`:    1,
			`userName sw "u" and (meta.resourceType eq "Nope" or userName pr)`: 8,
		} {
			c.Filter("/", filter).Total(want)
			c.Post("/.search", scimtest.Search(`"filter":`+strconv.Quote(filter))).Total(want)
			require.Len(t, walk(c, "/?count=3&filter="+scimtest.Query(filter)), want, filter)
		}
		users := "/?attributes=userName&count=3&sortBy=userName&sortOrder=descending&filter=" + scimtest.Query(`meta.resourceType eq "User"`)
		c.Get(users+"&startIndex=3").Total(8).Has("Resources[0].userName", `"u5"`, "Resources[0].displayName", "", "Resources.#", "3")
		require.Len(t, walk(c, users), 8)
		c.Filter("/", `meta.location pr`).Fails(400, "tooMany")
		c.Filter("/Users", `meta.resourceType eq "User"`).Total(8)
		c.Filter("/Users", `meta.resourceType eq "Group"`).Total(0)
		c.Get("/Users?sortBy=nope&filter="+scimtest.Query(`meta.resourceType eq "Group"`)).Fails(400, "invalidValue")
	})
	scimtest.Prove(t, "Q-9", "the members of groups count too", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, func(cfg *scim.Config) { cfg.Limits.Scan = 3 })
		c.NewGroup("g", `"members":[{"value":"a"},{"value":"b"},{"value":"c"}]`)
		c.Filter("/Groups", `members.type eq "User"`).Fails(400, "tooMany")
		c.Filter("/Groups", `members.value eq "b"`).Total(1)
	})
	scimtest.Prove(t, "Q-10 G-6 G-3", "a page has at most maxResults, which is announced, and the default size without count", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, func(cfg *scim.Config) { cfg.Limits.MaxResults, cfg.Limits.PageSize = 4, 2 })
		for i := range 6 {
			c.NewUser(fmt.Sprint("u", i))
		}
		c.Get("/ServiceProviderConfig").Is(200).Has("filter.maxResults", "4")
		for query, want := range map[string]string{"": "2", "?count=3": "3", "?count=100": "4", "?startIndex=6": "1", "?count=9&sortBy=userName": "4", "?filter=meta.location+pr&count=9": "4"} {
			c.Get("/Users"+query).Total(6).Has("Resources.#", want, "itemsPerPage", want)
			c.Get("/"+query).Total(6).Has("Resources.#", want)
		}
		c.Post("/Users/.search", scimtest.Search(`"count":100`)).Total(6).Has("Resources.#", "4")
	})
	scimtest.Prove(t, "O-9 F-13", "numbers and dateTimes are sorted by value", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, nil)
		for _, g := range []string{
			gadget("b", `"size":10`, `"weight":9.5`, `"since":"2020-01-01T12:00:00+02:00"`, `"levels":[7,1]`, `"readings":[{"value":9},{"value":-1,"primary":true}]`),
			gadget("a", `"size":9`, `"weight":10`, `"since":"2020-01-01T11:00:00Z"`, `"levels":[10]`, `"readings":[{"value":0}]`),
			gadget("c", `"size":-100`, `"weight":1e1`, `"since":"2020-01-01T11:00:00.5Z"`, `"levels":[-3]`),
		} {
			c.Post("/Gadgets", g).Is(201)
		}
		for by, want := range map[string][]string{
			"size": {"c", "a", "b"}, "since": {"b", "a", "c"}, "levels": {"c", "b", "a"}, "readings": {"b", "a", "c"}, "readings.value": {"b", "a", "c"}, gadgetURI + ":SIZE": {"c", "a", "b"},
		} {
			require.Equal(t, want, c.Get("/Gadgets?sortBy="+by).Is(200).Strings("label"), by)
		}
		require.Equal(t, "b", c.Get("/Gadgets?sortBy=weight").Is(200).Strings("label")[0])
		c.Get("/Gadgets?sortBy=pin").Fails(400, "invalidValue")
		c.Get("/Gadgets?sortBy=box").Fails(400, "invalidValue")
	})
}

// walk returns the ids of all pages of a query by cursor.
func walk(c *scimtest.Client, path string) []string {
	var ids []string
	for cursor := ""; ; {
		page := c.Get(path + "&cursor=" + cursor).Is(200)
		ids = append(ids, page.Strings("id")...)
		if cursor, _ = page.Value("nextCursor").(string); cursor == "" {
			return ids
		}
	}
}
