package scim

import (
	"context"
	"iter"
	"net/http"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/etag"
	"github.com/seed5f3efb56/scim/internal/nesting"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// projection reads attributes and excludedAttributes from the URL
// (RFC 7644 §3.9). The lists of a repeated parameter are joined.
func (h *Handler) projection(r *request, ep *endpoint) (*project.Projection, error) {
	p, err := ep.projection(splitNames(r.query.attributes), splitNames(r.query.excluded), r.dialect(ep).profile)
	if err == nil {
		h.askDisplays(r, ep, p)
		h.withGroups(r, ep, p)
	}
	return p, err
}

// projection returns the projection of attributes and excludedAttributes.
func (ep *endpoint) projection(attributes, excluded []string, p schema.Profile) (*project.Projection, error) {
	if len(attributes)+len(excluded) == 0 {
		return ep.whole, nil
	}
	return project.New(ep.Type, attributes, excluded, p)
}

// reads returns the root attributes that a response with the projection is made of,
// nil for all: those it returns, the extensions, which schemas names if they have a
// value, and the owner, on which it depends whether a resource exists for the
// connection. Members and groups are read by themselves.
func (ep *endpoint) reads(p *project.Projection) []*schema.Attribute {
	if !p.Explicit() {
		return nil
	}
	out := []*schema.Attribute{}
	for _, a := range ep.Type.Attributes() {
		switch a {
		case schema.SchemasAttribute, schema.IDAttribute, schema.MetaAttribute, ep.Type.Members(), ep.Type.Groups():
			continue
		}
		if p.Includes(a) || a == schema.OwnerAttribute || (schema.AttrPath{a}).Extension() {
			out = append(out, a)
		}
	}
	return out
}

// resource returns the response with one resource. The result of an operation of a
// bulk request has its version as it is stored: nothing that is derived is read.
func (h *Handler) resource(r *request, ep *endpoint, status int, p *project.Projection, res *schema.Resource) (*response, error) {
	if r.inBulk {
		resp := &response{status: status, id: res.ID, location: h.location(r.ctx, ep, res.ID)}
		if ep.can.Versions {
			resp.etag = etag.Tag(res.Version)
		}
		return resp, nil
	}
	out, err := h.outgoing(r.ctx, ep, p, res)
	if err != nil {
		return nil, err
	}
	sent := &out[0]
	res = &sent.Resource
	resp := &response{status: status, id: res.ID, etag: etag.Tag(res.Version), contentLocation: res.Location}
	if status == http.StatusCreated || r.me { // RFC 7644 §3.3, §3.11
		resp.location = res.Location
	}
	resp.body = func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
		return p.Append(dst, res, h.members(r.ctx, ep, p, res.ID), sent.groups, flush)
	}
	return resp, nil
}

// outgoing is a resource as it is sent: with location, $ref and, beside it, its groups.
type outgoing struct {
	schema.Resource
	groups []schema.Member // Type is direct or indirect
}

// outgoing returns copies of the resources with the values that are derived.
func (h *Handler) outgoing(ctx context.Context, ep *endpoint, p *project.Projection, rs ...*schema.Resource) ([]outgoing, error) {
	uri := func(typeName, id string) string { return h.uri(ctx, typeName, id) }
	out := make([]outgoing, len(rs))
	for i, r := range rs {
		out[i].Resource = *r
		if !ep.can.Versions {
			out[i].Version = ""
		}
		out[i].Location = h.location(ctx, ep, r.ID)
		out[i].Attributes = ep.refs.Fill(r.Attributes, uri)
	}
	if g := ep.Type.Groups(); g != nil && p.Includes(g) {
		if err := h.findGroups(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// members returns the members to encode with a resource; nil, without reading
// them, if the type has none or the projection excludes them.
func (h *Handler) members(ctx context.Context, ep *endpoint, p *project.Projection, id string) *project.Members {
	if ep.Members == nil || !p.Includes(ep.Type.Members()) {
		return nil
	}
	members := h.lifecycle.VisibleMembers(ctx, accessOf(ctx), ep.Endpoint, id)
	return &project.Members{Each: whileThere(h.withDisplays(ctx, members)), AppendRef: h.memberRefs(ctx)}
}

// whileThere yields members, none if the resource was deleted after it was read.
func whileThere(members iter.Seq2[schema.Member, error]) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		members(func(m schema.Member, err error) bool { return (err == nil || !isNotFound(err)) && yield(m, err) })
	}
}

// memberRefs returns a function that appends the location of a member as a JSON
// string, and nothing for a member of a type that is not served. What locations of a
// type begin with is encoded once, not for each member.
func (h *Handler) memberRefs(ctx context.Context) func([]byte, schema.Member) []byte {
	var ep *endpoint
	var begin []byte
	return func(dst []byte, m schema.Member) []byte {
		if m.Value == "" {
			return dst
		}
		if ep == nil || ep.Type.Name != m.Type {
			if ep = h.byType(m.Type); ep == nil {
				return dst
			}
			begin = schema.AppendJSONString(nil, h.location(ctx, ep, ""))
			begin = begin[:len(begin)-1] // the id comes before the closing quote
		}
		if !needsNoEscape(m.Value) {
			return schema.AppendJSONString(dst, h.location(ctx, ep, m.Value))
		}
		return append(append(append(dst, begin...), m.Value...), '"')
	}
}

// needsNoEscape reports whether a text consists of characters that neither a URI nor
// JSON escapes (RFC 3986 §2.3).
func needsNoEscape(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', c == '-', c == '_', c == '.', c == '~':
		default:
			return false
		}
	}
	return true
}

// memberValues yields the members of a resource for a filter or a sort order.
func (h *Handler) memberValues(ctx context.Context, ep *endpoint, id string) iter.Seq2[schema.Value, error] {
	a := ep.Type.Members()
	return func(yield func(schema.Value, error) bool) {
		for m, err := range whileThere(h.lifecycle.VisibleMembers(ctx, accessOf(ctx), ep.Endpoint, id)) {
			if err != nil {
				yield(schema.Value{}, err)
				return
			}
			if !yield(memberValue(a, m, h.uri(ctx, m.Type, m.Value)), nil) {
				return
			}
		}
	}
}

// memberValue returns the value of a member, with the sub-attributes that the
// attribute has.
func memberValue(a *schema.Attribute, m schema.Member, uri string) schema.Value {
	var b schema.Builder
	b.Grow(4)
	b.Set(a.Sub("value"), schema.String(m.Value))
	set := func(name string, v schema.Value) {
		if sub := a.Sub(name); sub != nil && v.Text() != "" {
			b.Set(sub, v)
		}
	}
	set("$ref", schema.Reference(uri))
	set("type", schema.String(m.Type))
	set("display", schema.String(m.Display))
	return schema.Complex(b.Object())
}

// groupsOf returns the groups of every type with members that have one of the ids
// as a direct member.
func (h *Handler) groupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	var all map[string][]store.GroupRef
	for _, ep := range h.endpoints {
		if ep.Members == nil {
			continue
		}
		found, err := ep.Members.GroupsOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		if err := h.visibleGroups(ctx, ep, found); err != nil {
			return nil, err
		}
		if all == nil {
			all = found
			continue
		}
		for id, groups := range found {
			all[id] = append(all[id], groups...)
		}
	}
	return all, nil
}

// groupReader is a store.MemberStore whose database can read the groups of a resource
// in the statement that reads the resource.
type groupReader interface {
	// WithGroups returns a context in which the stores of the database read resources
	// together with their groups, and GroupsOf answers from what was read.
	WithGroups(ctx context.Context) context.Context
}

// withGroups makes r.ctx a context in which resources are read together with their
// groups, if the response has groups, of one type, and the store can do so.
func (h *Handler) withGroups(r *request, ep *endpoint, p *project.Projection) {
	a := ep.Type.Groups()
	if a == nil || h.groups == nil || r.inBulk || !p.Includes(a) {
		return
	}
	r.ctx = h.groups.WithGroups(r.ctx)
}

// groupReaderOf returns the store of the only type with members as a groupReader; nil
// if it is none.
func groupReaderOf(endpoints []*endpoint) groupReader {
	var found []groupReader
	for _, ep := range endpoints {
		if ep.Members != nil {
			reader, _ := ep.Members.(groupReader)
			found = append(found, reader)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// findGroups finds the groups of resources (RFC 7643 §4.1.2) with one look-up for all of
// them, and one more for each level of indirect groups.
func (h *Handler) findGroups(ctx context.Context, rs []outgoing) error {
	ids := make([]string, len(rs))
	for i := range rs {
		ids[i] = rs[i].ID
	}
	direct, err := h.groupsOf(ctx, ids)
	if err != nil {
		return err
	}
	above, err := nesting.Find(ctx, direct, h.cfg.IndirectGroups, h.cfg.Limits.Scan, h.groupsOf)
	if err != nil {
		return err
	}
	var uris map[string]string
	if len(rs) > 1 {
		uris = make(map[string]string)
	}
	for i := range rs {
		r := &rs[i]
		refs := direct[r.ID]
		if len(refs) == 0 {
			continue
		}
		indirect, err := above.Of(ctx, refs)
		if err != nil {
			return err
		}
		r.groups = make([]schema.Member, 0, len(refs)+len(indirect))
		h.addGroups(ctx, r, "direct", refs, uris)
		h.addGroups(ctx, r, "indirect", indirect, uris)
		r.Version = etag.WithGroups(r.Version, refs, indirect)
	}
	return nil
}

// addGroups appends groups to those of a resource. uris, unless nil, has the locations
// of groups that other resources of the page have too.
func (h *Handler) addGroups(ctx context.Context, r *outgoing, typ string, refs []store.GroupRef, uris map[string]string) {
	for _, g := range refs {
		uri, known := uris[g.ID]
		if !known {
			uri = h.groupURI(ctx, g.ID)
			if uris != nil {
				uris[g.ID] = uri
			}
		}
		r.groups = append(r.groups, schema.Member{Value: g.ID, Type: typ, Display: g.Display, Ref: uri})
	}
}

// groupsValue returns the groups of a resource as a value, for a filter or a sort order.
func (r *outgoing) groupsValue(a *schema.Attribute) schema.Value {
	list := make([]schema.Value, len(r.groups))
	for i, g := range r.groups {
		list[i] = memberValue(a, g, g.Ref)
	}
	return schema.List(list...)
}

// groupURI returns the location of a group: that of the first type with members,
// usually the only one.
func (h *Handler) groupURI(ctx context.Context, id string) string {
	for _, ep := range h.endpoints {
		if ep.Members != nil {
			return h.location(ctx, ep, id)
		}
	}
	return ""
}

type displaysKey struct{}

// displaysOf returns the endpoints, by type, whose resources have a display among the
// members that the request asks for; nil if it does not ask for members.display.
func displaysOf(ctx context.Context) map[string]*endpoint {
	shown, _ := ctx.Value(displaysKey{}).(map[string]*endpoint)
	return shown
}

// askDisplays notes in the context that the client names members.display, with the
// types that it may query.
func (h *Handler) askDisplays(r *request, ep *endpoint, p *project.Projection) {
	a := ep.Type.Members()
	if a == nil || a.Sub("display") == nil || !p.Names(schema.AttrPath{a, a.Sub("display")}) {
		return
	}
	shown := map[string]*endpoint{}
	for _, of := range h.endpoints {
		if r.principal.permits(OperationQuery, of.Type.Name) && h.mayQuery(r, of) {
			shown[of.Type.Name] = of
		}
	}
	r.ctx = context.WithValue(r.ctx, displaysKey{}, shown)
}

// mayQuery reports whether Config.Authorize allows the client to query a type.
func (h *Handler) mayQuery(r *request, ep *endpoint) bool {
	return h.cfg.Authorize == nil || h.cfg.Authorize(r.ctx, Operation{Kind: OperationQuery, Principal: r.principal, Type: ep.Type}) == nil
}

// displayBatch is the number of members whose displays are looked up together.
const displayBatch = 100

// displayCost is what the display of one member costs, in units of Limits.Work.
const displayCost = 20_000

// withDisplays yields members with the displays that the request asks for.
func (h *Handler) withDisplays(ctx context.Context, members iter.Seq2[schema.Member, error]) iter.Seq2[schema.Member, error] {
	shown := displaysOf(ctx)
	if shown == nil {
		return members
	}
	return func(yield func(schema.Member, error) bool) {
		batch := make([]schema.Member, 0, displayBatch)
		flush := func() bool {
			if err := h.setDisplays(ctx, shown, batch); err != nil {
				yield(schema.Member{}, err)
				return false
			}
			for _, m := range batch {
				if !yield(m, nil) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		for m, err := range members {
			if err != nil {
				yield(m, err)
				return
			}
			if batch = append(batch, m); len(batch) == displayBatch && !flush() {
				return
			}
		}
		flush()
	}
}

// setDisplays sets the displays of members with one query for each type. Those of a
// type whose store does not find resources by a list of ids stay without, and so do
// members beyond those that Limits.Work pays for.
func (h *Handler) setDisplays(ctx context.Context, shown map[string]*endpoint, members []schema.Member) error {
	budget, cost := filter.BudgetFrom(ctx), displayCost*len(members)
	if budget.Left() < cost {
		return budget.Spend(budget.Left()) // the members that follow have none either
	}
	if err := budget.Spend(cost); err != nil {
		return err
	}
	ids := map[*endpoint][]string{}
	for _, m := range members {
		if ep := shown[m.Type]; ep != nil {
			ids[ep] = append(ids[ep], m.Value)
		}
	}
	displays := map[string]string{}
	for ep, of := range ids {
		if _, err := ep.EachOf(ctx, of, store.Query{Bytes: h.cfg.Limits.PageBytes, Attributes: displayAttributes(ep.Type)}, func(r *schema.Resource) { displays[r.ID] = displayOf(r) }); err != nil {
			return err
		}
	}
	for i := range members {
		if d, found := displays[members[i].Value]; found {
			members[i].Display = d
		}
	}
	return nil
}

// displayOf returns the displayName of a resource, else the name that it must have.
func displayOf(r *schema.Resource) string {
	for _, a := range displayAttributes(r.Type) {
		if text := r.Attributes.Get(a).Text(); text != "" {
			return text
		}
	}
	return ""
}

// displayAttributes returns the attributes that displayOf looks at, in order.
func displayAttributes(t *schema.ResourceType) []*schema.Attribute {
	out := []*schema.Attribute{}
	for _, a := range []*schema.Attribute{t.Root().Sub("displayName"), namingAttribute(t)} {
		if a != nil {
			out = append(out, a)
		}
	}
	return out
}
