package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// directoryType is a resource type in the directory.
type directoryType struct {
	*schema.ResourceType
	Slug, Plural string
	store        store.Store
	members      store.MemberStore // nil for a type without members
	can          store.Capabilities
	resolver     *filter.Resolver
	active       *schema.Attribute // nil for a type without
	naming       []*schema.Attribute
	private      map[*schema.Attribute]bool
	sensitive    map[*schema.Attribute]bool
	owned        bool
}

// open are the attributes of an account that are not private: they say who it is and
// what its status is.
var open = []string{"externalId", "userName", "displayName", "active", "userType", "title", "members", "groups", "roles", "entitlements"}

func (c *Console) newDirectoryType(ep scim.Endpoint) *directoryType {
	t := &directoryType{
		ResourceType: ep.Type, Slug: strings.TrimPrefix(ep.Type.Endpoint, "/"), store: ep.Store, can: store.Describe(ep.Store),
		resolver: filter.NewResolver(ep.Type, filter.Options{Profile: schema.Lenient()}),
		private:  map[*schema.Attribute]bool{}, sensitive: map[*schema.Attribute]bool{},
	}
	t.Plural = t.Slug
	if ep.Type.Members() != nil {
		t.members, _ = ep.Store.(store.MemberStore)
	}
	root := ep.Type.Root()
	if a := root.Sub("active"); a != nil && a.Type == schema.TypeBoolean && !a.MultiValued {
		t.active = a
	}
	t.owned = root.Sub(schema.OwnerAttribute.Name) == schema.OwnerAttribute
	for _, name := range []string{"userName", "displayName"} {
		if a := root.Sub(name); a != nil && a.Type == schema.TypeString && !a.MultiValued {
			t.naming = append(t.naming, a)
		}
	}
	for _, a := range ep.Type.Attributes() {
		t.sensitive[a] = c.cfg.Handler.Sensitive(ep.Type.Name, a)
		t.private[a] = t.sensitive[a] || !slices.Contains(open, a.Name) && t.members == nil
	}
	return t
}

func (c *Console) setDirectory() {
	c.nav = append(c.nav, section{"directory", "Directory"})
	c.page("/directory", func(q *request) error { return q.redirect(q.path("directory", c.types[0].Slug)) })
	c.page("/directory/{type}", (*request).directory)
	c.page("/directory/{type}/{id}", func(q *request) error { return q.resource(false) })
	c.action("/directory/{type}/{id}", func(q *request) error { return q.resource(true) })
	if c.endsSessions() {
		c.action("/directory/{type}/{id}/sessions", (*request).endSessions)
	}
}

// typeOf returns the resource type that the path names.
func (q *request) typeOf() (*directoryType, error) {
	slug := q.r.PathValue("type")
	for _, t := range q.c.types {
		if t.Slug == slug {
			return t, nil
		}
	}
	return nil, notFound("There is no such resource type.")
}

const (
	pageSize = 50
	// maxScan is how many resources are read for one page where the store does not
	// answer the filter itself, in steps of scanStep.
	maxScan  = 2000
	scanStep = 100
)

// directoryView is the list of a type.
type directoryView struct {
	Types    []*directoryType
	Type     *directoryType
	Search   string // as it was typed
	Filter   string // as it is read; "" if Search is a filter itself
	Mistake  string
	At       int // character of the mistake, from 1; 0: unknown
	Before   string
	After    string // of the mistake
	Rows     []row
	Next     string // sealed position; "" at the end
	First    bool   // the page is the first one
	Scanned  int    // resources looked at, if not all that match were found
	Slow     bool   // the search takes longer than a page waits by itself
	Patient  bool   // the page was asked to wait for it
	Here     string // sealed position of a page that is slow
	Examples []string
}

// row is a resource in a list.
type row struct {
	ID       string
	Name     string
	Display  string
	Masked   bool // the name is private
	State    string
	Owner    string
	Modified *moment
}

func (q *request) directory() error {
	t, err := q.typeOf()
	if err != nil {
		return err
	}
	search := q.r.URL.Query().Get("q")
	v := &directoryView{Types: q.c.types, Type: t, Search: search, Examples: t.examples()}
	f, err := t.parse(search, v)
	if err == nil && q.id.ReadOnly {
		err = t.guesses(f)
	}
	if err != nil {
		return q.badFilter(v, err)
	}
	after, err := q.position(t, search)
	if err != nil {
		return err
	}
	v.First = after == ""
	v.Patient = q.r.URL.Query().Get("wait") != ""
	ctx := q.ctx
	if f != nil && !v.Patient {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.c.patience)
		defer cancel()
	}
	found, err := t.find(ctx, f, after)
	if !v.Patient && f != nil && outOfTime(ctx, err) && q.ctx.Err() == nil {
		v.Slow, v.Here = true, q.r.URL.Query().Get("after")
		return q.show("directory", t.Plural, v)
	}
	if err != nil {
		return err
	}
	for _, r := range found.resources {
		v.Rows = append(v.Rows, q.row(t, r))
	}
	if found.next != "" {
		v.Next, v.Scanned = q.c.sealer.Seal(found.next, q.binding(t, search)), found.scanned
	}
	return q.show("directory", t.Plural, v)
}

// position opens the position in the URL. It belongs to the tenant, the type and the
// search.
func (q *request) position(t *directoryType, search string) (string, error) {
	sealed := q.r.URL.Query().Get("after")
	if sealed == "" {
		return "", nil
	}
	after, ok := q.c.sealer.Open(sealed, q.binding(t, search))
	if !ok {
		return "", badRequest("The address of this page is damaged, or is that of another list. Search again.")
	}
	return after, nil
}

func (q *request) binding(t *directoryType, search string) string {
	return "directory\x00" + q.id.Tenant + "\x00" + t.Name + "\x00" + search
}

// parse compiles a search: a filter of SCIM, or a word, which is the beginning of a
// name. A filter that neither the store nor [directoryType.scan] can answer is an
// error, and so is a sensitive value, since the search is part of the address.
func (t *directoryType) parse(search string, v *directoryView) (*filter.Filter, error) {
	text := strings.TrimSpace(search)
	if text == "" {
		return nil, nil
	}
	if names := t.namesBegin(text); names != "" {
		text, v.Filter = names, names
	}
	f, err := t.resolver.Filter(text, filter.NewBudget(filter.DefaultWork, nil))
	if err != nil {
		return nil, err
	}
	for a, sensitive := range t.sensitive {
		if sensitive && f.Uses(a) {
			return nil, &schema.Error{Type: schema.ErrorSensitive, Path: a.Name, Detail: "values of this attribute do not belong in the address of a page"}
		}
	}
	if _, rest := filter.Split(f, t.canFilter); rest != nil {
		for _, a := range []*schema.Attribute{t.Members(), t.Groups()} {
			if a != nil && rest.Uses(a) {
				return nil, &schema.Error{Type: schema.ErrorInvalidFilter, Path: a.Name, Detail: "the database cannot search by this attribute: open the group, which lists its members"}
			}
		}
		if p, ok := t.Resolve("meta.location"); ok && rest.UsesPath(p) {
			return nil, &schema.Error{Type: schema.ErrorInvalidFilter, Path: "meta.location", Detail: "locations cannot be searched: search the id"}
		}
	}
	return f, nil
}

// guesses refuses a filter by which a login that may not see private values would find
// them out, one search after the other.
func (t *directoryType) guesses(f *filter.Filter) error {
	for a, private := range t.private {
		if private && f != nil && a != schema.MetaAttribute && a != schema.IDAttribute && a != schema.SchemasAttribute && f.Uses(a) {
			return &schema.Error{Type: schema.ErrorSensitive, Path: a.Name, Detail: "this login may look, and not search by private values"}
		}
	}
	return nil
}

// namesBegin returns the filter that a word alone stands for, "" if the search is
// not a word.
func (t *directoryType) namesBegin(text string) string {
	word := strings.Trim(text, `"`)
	if word == "" || strings.ContainsAny(word, " \t\r\n\"()[]") {
		return ""
	}
	var names []string
	for _, a := range t.naming {
		if !t.sensitive[a] {
			names = append(names, a.Name+" sw "+string(schema.AppendJSONString(nil, word)))
		}
	}
	return strings.Join(names, " or ")
}

// canFilter reports whether the store answers the expression itself.
func (t *directoryType) canFilter(e filter.Expr) bool { return t.can.Filter != nil && t.can.Filter(e) }

// badFilter shows what is wrong with a search, and where.
func (q *request) badFilter(v *directoryView, err error) error {
	var at *filter.Error
	var mistake *schema.Error
	switch {
	case errors.As(err, &at):
		v.Mistake, v.At = at.Error(), at.Position
		if runes := []rune(v.Search); v.Filter == "" && at.Position > 0 && at.Position <= len(runes)+1 {
			lead := len([]rune(v.Search)) - len([]rune(strings.TrimLeft(v.Search, " \t\r\n")))
			i := min(lead+at.Position-1, len(runes))
			v.Before, v.After = string(runes[max(0, i-60):i]), string(runes[i:min(len(runes), i+60)])
		}
	case errors.As(err, &mistake):
		v.Mistake = mistake.Error()
	default:
		return err
	}
	q.render(http.StatusBadRequest, "directory", v.Type.Plural, v)
	return nil
}

// found is a page of a list.
type found struct {
	resources []*schema.Resource
	next      string
	scanned   int // looked at, where the store does not answer the whole filter
}

// find returns a page. The order is that of the names where the store has one, and
// nothing is searched. The store answers what it can of a filter; the rest is matched
// here, on a bounded number of resources.
func (t *directoryType) find(ctx context.Context, f *filter.Filter, after string) (*found, error) {
	query := store.Query{After: after, Count: pageSize, Bytes: 8 << 20}
	if f == nil && len(t.naming) > 0 {
		if by := (schema.AttrPath{t.naming[0]}); t.can.Sort != nil && t.can.Sort(by) {
			query.SortBy = by
		}
	}
	var rest *filter.Filter
	if f != nil {
		query.Filter, rest = filter.Split(f, t.canFilter)
	}
	if rest == nil {
		query.Attributes = t.listed()
		page, err := t.store.List(ctx, &query)
		return &found{resources: page.Resources, next: page.Next}, err
	}
	return t.scan(ctx, query, rest)
}

// scan reads until a page is full, maxScan resources were looked at, or the time is
// over. A page of the store is read whole, so that its position can be continued; it may
// give a few rows more than pageSize.
func (t *directoryType) scan(ctx context.Context, query store.Query, rest *filter.Filter) (*found, error) {
	budget := filter.NewBudget(filter.DefaultWork, ctx.Err)
	out := &found{}
	for {
		query.Count = scanStep
		page, err := t.store.List(ctx, &query)
		var matching []*schema.Resource
		if err == nil {
			matching, err = matchingOf(page.Resources, rest, budget)
		}
		switch {
		case outOfTime(ctx, err) && out.scanned > 0:
			return out, nil // the next page goes on
		case err != nil:
			return nil, err
		}
		out.resources = append(out.resources, matching...)
		out.scanned += len(page.Resources)
		out.next = page.Next
		if page.Next == "" || page.Next == query.After || len(out.resources) >= pageSize || out.scanned >= maxScan {
			return out, nil
		}
		query.After = page.Next
	}
}

// outOfTime reports whether an error is the end of the time. Drivers of databases do not
// all say so.
func outOfTime(ctx context.Context, err error) bool {
	return err != nil && (errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil)
}

func matchingOf(all []*schema.Resource, f *filter.Filter, budget *filter.Budget) ([]*schema.Resource, error) {
	var out []*schema.Resource
	for _, r := range all {
		ok, err := f.MatchWithin(r, budget)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// listed are the attributes that a list shows.
func (t *directoryType) listed() []*schema.Attribute {
	out := slices.Clone(t.naming)
	if t.active != nil {
		out = append(out, t.active)
	}
	if t.owned {
		out = append(out, schema.OwnerAttribute)
	}
	return out
}

// examples are filters to start from.
func (t *directoryType) examples() []string {
	var out []string
	if t.active != nil {
		out = append(out, `active eq false`)
	}
	if len(t.naming) > 0 {
		out = append(out, t.naming[0].Name+` co "smith"`)
	}
	return append(out, `meta.lastModified ge "2026-01-01T00:00:00Z"`)
}

func (q *request) row(t *directoryType, r *schema.Resource) row {
	out := row{ID: r.ID, Owner: r.Owner(), Modified: q.moment(r.LastModified), State: t.state(r)}
	out.Name, out.Display, out.Masked = t.nameOf(r)
	return out
}

// nameOf returns what people call a resource. A private name is not shown.
func (t *directoryType) nameOf(r *schema.Resource) (name, display string, masked bool) {
	var names []string
	for _, a := range t.naming {
		if t.private[a] {
			masked = true
			continue
		}
		if text := r.Get(a).Text(); text != "" && !slices.Contains(names, text) {
			names = append(names, text)
		}
	}
	switch len(names) {
	case 0:
		return "", "", masked
	case 1:
		return names[0], "", false
	}
	return names[0], names[1], false
}

// state is "active" or "inactive", "" for a type without status.
func (t *directoryType) state(r *schema.Resource) string {
	if t.active == nil {
		return ""
	}
	if v := r.Get(t.active); v.Assigned() && !v.Bool() {
		return "inactive"
	}
	return "active"
}

// HasStatus reports whether resources of the type are active or inactive.
func (t *directoryType) HasStatus() bool { return t.active != nil }

// HasOwner reports whether resources of the type belong to connections.
func (t *directoryType) HasOwner() bool { return t.owned }

func (t *directoryType) isSensitive(a *schema.Attribute) bool { return t.sensitive[a] }
