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
	sortBy     string
	cursor     string
	attributes []string
	excluded   []string
	startIndex int // from 1
	count      int
	most       int // the largest count

	filtered   bool // a filter was given
	descending bool
	indexed    bool // startIndex was given
	counted    bool // count was given
	byCursor   bool // a cursor was given, which may be empty (RFC 9865 §2)
}

// parameters are those of a query string that the service knows. The zero value is none.
type parameters struct {
	filter, startIndex, count, cursor, sortBy, sortOrder parameter
	attributes, excluded                                 []string // each list that was given
}

// parameter is one that can have only one value: the first, and how often it is given.
type parameter struct {
	value string
	times int
}

// noParameters are those of a request without a query string.
var noParameters parameters

// parseQuery reads the query string. A parameter that does not parse is an error
// and is not dropped, since it may be a filter. Names are compared without case
// (Entra ID sends startindex). ";" is data (RFC 3986 §3.4): encodeURI of JavaScript
// does not escape it. Known parameters go to a struct, which costs less than a map.
func parseQuery(raw string) (*parameters, error) {
	if raw == "" {
		return &noParameters, nil
	}
	p := &parameters{}
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		escaped, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(escaped)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, invalidValue("", "the query string is malformed")
		}
		p.add(strings.ToLower(name), value)
	}
	return p, nil
}

// add notes a parameter. The service ignores those it does not know.
func (p *parameters) add(name, value string) {
	var one *parameter
	switch name {
	case "filter":
		one = &p.filter
	case "startindex":
		one = &p.startIndex
	case "count":
		one = &p.count
	case "cursor":
		one = &p.cursor
	case "sortby":
		one = &p.sortBy
	case "sortorder":
		one = &p.sortOrder
	case "attributes":
		p.attributes = append(p.attributes, value)
		return
	case "excludedattributes":
		p.excluded = append(p.excluded, value)
		return
	default:
		return
	}
	if one.times++; one.times == 1 {
		one.value = value
	}
}

// parseURL reads a query from the parameters of a URL (RFC 7644 §3.4.2).
func (h *Handler) parseURL(values *parameters, p schema.Profile) (*query, error) {
	q := h.newQuery(p)
	if err := values.checkRepeated(); err != nil {
		return nil, err
	}
	given := func(one parameter) bool {
		return one.times > 0 && (one.value != "" || !p.EmptyStrings)
	}
	if given(values.filter) {
		q.filter, q.filtered = values.filter.value, true
	}
	q.cursor, q.byCursor = values.cursor.value, values.cursor.times > 0
	if given(values.startIndex) {
		n, err := strconv.Atoi(values.startIndex.value)
		if err != nil {
			return nil, invalidValue("", "startIndex must be an integer")
		}
		q.setStart(n)
	}
	if given(values.count) {
		n, err := strconv.Atoi(values.count.value)
		if err != nil {
			return nil, invalidValue("", "count must be an integer")
		}
		q.setCount(n)
	}
	q.attributes = splitNames(values.attributes)
	q.excluded = splitNames(values.excluded)
	return q, q.complete(values.sortBy.value, values.sortOrder.value)
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
func (p *parameters) checkRepeated() error {
	if p.filter.times > 1 {
		return &schema.Error{Type: schema.ErrorInvalidFilter, Detail: "filter is given more than once"}
	}
	for _, one := range [...]struct {
		times int
		name  string
	}{
		{p.startIndex.times, "startIndex"}, {p.count.times, "count"}, {p.cursor.times, "cursor"}, {p.sortBy.times, "sortBy"}, {p.sortOrder.times, "sortOrder"},
	} {
		if one.times > 1 {
			return invalidValue("", one.name+" is given more than once")
		}
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
