package scim

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
)

// query has the parameters of a query, from a URL or from the body of .search.
type query struct {
	filter     string
	filtered   bool // a filter was given
	sortBy     string
	descending bool
	startIndex int  // from 1
	indexed    bool // startIndex was given
	count      int
	counted    bool // count was given
	most       int  // the largest count
	cursor     string
	byCursor   bool // a cursor was given, which may be empty (RFC 9865 §2)
	attributes []string
	excluded   []string
}

// parseURL reads a query from the parameters of a URL (RFC 7644 §3.4.2).
func (h *Handler) parseURL(values url.Values, p schema.Profile) (*query, error) {
	q := h.newQuery(p)
	if err := checkRepeated(values); err != nil {
		return nil, err
	}
	given := func(name string) bool {
		return values.Has(name) && (values.Get(name) != "" || !p.EmptyStrings)
	}
	if given("filter") {
		q.filter, q.filtered = values.Get("filter"), true
	}
	q.cursor, q.byCursor = values.Get("cursor"), values.Has("cursor")
	if given("startindex") {
		n, err := strconv.Atoi(values.Get("startindex"))
		if err != nil {
			return nil, invalidValue("", "startIndex must be an integer")
		}
		q.setStart(n)
	}
	if given("count") {
		n, err := strconv.Atoi(values.Get("count"))
		if err != nil {
			return nil, invalidValue("", "count must be an integer")
		}
		q.setCount(n)
	}
	q.attributes = splitNames(values["attributes"])
	q.excluded = splitNames(values["excludedattributes"])
	return q, q.complete(values.Get("sortby"), values.Get("sortorder"))
}

// complete sets the order, and checks what the parameters have to do with one
// another.
func (q *query) complete(by, order string) error {
	if q.byCursor && q.indexed {
		return invalidValue("", "startIndex and cursor are two methods of paging; only one can be given")
	}
	return q.setOrder(by, order)
}

// checkRepeated refuses a parameter that is given more than once and can have only
// one value. The lists attributes and excludedAttributes are joined instead.
func checkRepeated(values url.Values) error {
	for _, p := range [...]struct{ key, name string }{
		{"filter", "filter"}, {"startindex", "startIndex"}, {"count", "count"}, {"cursor", "cursor"}, {"sortby", "sortBy"}, {"sortorder", "sortOrder"},
	} {
		if len(values[p.key]) < 2 {
			continue
		}
		t := schema.ErrorInvalidValue
		if p.key == "filter" {
			t = schema.ErrorInvalidFilter
		}
		return &schema.Error{Type: t, Detail: p.name + " is given more than once"}
	}
	return nil
}

func (h *Handler) newQuery(p schema.Profile) *query {
	return &query{startIndex: 1, count: min(h.cfg.Limits.PageSize, p.MaxPage), most: p.MaxPage}
}

// setStart sets startIndex: a value below 1 is 1 (RFC 7644 §3.4.2.4, Table 6).
func (q *query) setStart(n int) { q.startIndex, q.indexed = max(n, 1), true }

// setCount sets count: a negative value is 0 (RFC 7644 §3.4.2.4), and the maximum is
// that announced as filter.maxResults.
func (q *query) setCount(n int) { q.count, q.counted = min(max(n, 0), q.most), true }

func (q *query) setOrder(by, order string) error {
	q.sortBy = by
	switch strings.ToLower(order) {
	case "", "ascending":
	case "descending":
		q.descending = true
	default:
		return invalidValue("", "sortOrder must be ascending or descending")
	}
	return nil
}

// parseSearch reads a query from a SearchRequest (RFC 7644 §3.4.3). Names are
// compared without case.
func (h *Handler) parseSearch(body schema.JSONObject, p schema.Profile) (*query, error) {
	q := h.newQuery(p)
	var by, order string
	for _, m := range body {
		var err error
		switch strings.ToLower(m.Name) {
		case "filter":
			q.filtered = m.Value != nil && (m.Value != "" || !p.EmptyStrings)
			err = readString(m, &q.filter)
		case "sortby":
			err = readString(m, &by)
		case "sortorder":
			err = readString(m, &order)
		case "startindex":
			err = readInt(m, p, q.setStart)
		case "count":
			err = readInt(m, p, q.setCount)
		case "cursor":
			q.byCursor = m.Value != nil
			err = readString(m, &q.cursor)
		case "attributes":
			q.attributes, err = readNames(m, p)
		case "excludedattributes":
			q.excluded, err = readNames(m, p)
		}
		if err != nil {
			return nil, err
		}
	}
	return q, q.complete(by, order)
}

func readString(m schema.JSONMember, to *string) error {
	s, ok := m.Value.(string)
	if !ok && m.Value != nil {
		return invalidValue("", m.Name+" must be a string")
	}
	*to = s
	return nil
}

func readInt(m schema.JSONMember, p schema.Profile, set func(int)) error {
	if m.Value == nil || m.Value == "" && p.EmptyStrings {
		return nil
	}
	n, ok := m.Value.(schema.Number)
	if s, isString := m.Value.(string); isString && p.NumberStrings {
		n, ok = schema.Number(s), true
	}
	i, err := strconv.Atoi(string(n))
	if !ok || err != nil {
		return invalidValue("", m.Name+" must be an integer")
	}
	set(i)
	return nil
}

func readNames(m schema.JSONMember, p schema.Profile) ([]string, error) {
	list, ok := m.Value.([]any)
	if s, isString := m.Value.(string); isString && p.SingleValues {
		list, ok = []any{s}, true
	}
	if !ok && m.Value != nil {
		return nil, invalidSyntax("%s must be an array of strings", m.Name)
	}
	var names []string
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, invalidSyntax("%s must be an array of strings", m.Name)
		}
		names = append(names, splitNames([]string{s})...)
	}
	return names, nil
}

// selection is a query compiled for one resource type.
type selection struct {
	ep         *endpoint
	filter     *filter.Filter // nil: all
	sortBy     schema.AttrPath
	projection *project.Projection
	limited    bool // resources may exist that do not exist for the connection
	indirect   bool // groups has indirect groups, of which the store does not know
}

// splitNames splits comma-separated lists of attribute names.
func splitNames(lists []string) []string {
	var names []string
	for _, list := range lists {
		for _, name := range strings.Split(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
