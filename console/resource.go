package console

import (
	"errors"
	"net/http"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const (
	maxMembers = 50   // shown
	maxCounted = 1000 // read, to say how many there are
	maxGroups  = 50
	maxValues  = 20 // of one attribute
)

// resourceView is the page of one resource.
type resourceView struct {
	Type     *directoryType
	ID       string
	Gone     bool // it does not exist; its history may
	Name     string
	Display  string
	State    string
	Owner    string
	Version  string
	Created  *moment
	Modified *moment

	Fields   []field
	Revealed bool
	Hidden   int // values that are not shown
	CanShow  bool
	CanEnd   bool // the sessions

	Groups     []store.GroupRef
	MoreGroups bool
	GroupSlug  string

	HasMembers  bool
	Members     []member
	MemberCount string // "12", "more than 1,000"
	MoreMembers bool

	History *history
}

// field is one value of a resource.
type field struct {
	Path    string
	Value   string
	Private bool // and not shown
	More    int  // values that are not listed
}

// member is a member of a group.
type member struct {
	ID, Slug, Name, State string
	Masked                bool
}

// resource shows one resource, with its private values on demand.
func (q *request) resource(reveal bool) error {
	t, err := q.typeOf()
	if err != nil {
		return err
	}
	v := &resourceView{Type: t, ID: q.r.PathValue("id"), Revealed: reveal, CanShow: !q.id.ReadOnly, CanEnd: !q.id.ReadOnly && t.hasSessions() && q.c.endsSessions()}
	if v.History, err = q.history(t, v.ID); err != nil {
		return err
	}
	r, err := t.store.Get(q.ctx, v.ID, store.GetOptions{})
	if errors.Is(err, store.ErrNotFound) && v.History != nil && len(v.History.Records) > 0 {
		v.Gone, v.Name = true, v.ID
		q.render(http.StatusNotFound, "resource", "Deleted "+t.Name, v)
		return nil
	}
	if err != nil {
		return err
	}
	if reveal {
		if err := q.recordReveal(t, r); err != nil {
			return err
		}
	}
	v.State, v.Owner, v.Version = t.state(r), r.Owner(), r.Version
	v.Created, v.Modified = q.moment(r.Created), q.moment(r.LastModified)
	v.Name, v.Display, _ = t.nameOf(r)
	v.setFields(t, r)
	if err := q.setGroups(v); err != nil {
		return err
	}
	if t.members != nil {
		if err := q.setMembers(v); err != nil {
			return err
		}
	}
	title := t.Name
	if begin, _ := beginning(v.Name, 40); begin != "" {
		title = begin
	}
	return q.show("resource", title, v)
}

// setFields lists the attributes of a resource.
func (v *resourceView) setFields(t *directoryType, r *schema.Resource) {
	for a, value := range r.Attributes.All() {
		if a == schema.OwnerAttribute || a.Secret() || a == t.active || a == t.Members() {
			continue
		}
		v.add(a.Name, a, value, t.private[a] && !v.Revealed)
	}
}

// add lists a value: a complex one by its parts, a list by its elements.
func (v *resourceView) add(path string, a *schema.Attribute, value schema.Value, private bool) {
	if private {
		v.Hidden++
		v.Fields = append(v.Fields, field{Path: path, Private: true})
		return
	}
	switch {
	case value.IsList():
		for i, one := range value.All() {
			if i == maxValues {
				v.Fields = append(v.Fields, field{Path: path, More: value.Len() - maxValues})
				return
			}
			v.Fields = append(v.Fields, field{Path: path, Value: text(one)})
		}
	case value.Type() == schema.TypeComplex && value.Object() != nil:
		for sub, part := range value.Object().All() {
			if sub.Secret() {
				continue
			}
			name := path + "." + sub.Name
			if len(path) > 4 && path[:4] == "urn:" {
				name = path + ":" + sub.Name
			}
			v.add(name, sub, part, false)
		}
	default:
		v.Fields = append(v.Fields, field{Path: path, Value: text(value)})
	}
}

// text returns a value as people read it: a text without quotes, anything else as
// JSON.
func text(v schema.Value) string {
	if s := v.Text(); s != "" && !v.IsList() && v.Type() != schema.TypeComplex {
		return s
	}
	return string(v.AppendJSON(nil))
}

// setGroups lists the groups that a resource is a direct member of.
func (q *request) setGroups(v *resourceView) error {
	for _, g := range q.c.types {
		if g.members == nil {
			continue
		}
		groups, err := g.members.GroupsOf(q.ctx, []string{v.ID})
		if err != nil {
			return err
		}
		of := groups[v.ID]
		v.MoreGroups = len(of) > maxGroups
		v.Groups, v.GroupSlug = slices.Clone(of[:min(len(of), maxGroups)]), g.Slug
		for i := range v.Groups {
			if slices.ContainsFunc(g.naming, func(a *schema.Attribute) bool { return g.private[a] }) {
				v.Groups[i].Display = ""
			}
		}
		return nil
	}
	return nil
}

// setMembers lists the first members of a group, and counts some more.
func (q *request) setMembers(v *resourceView) error {
	v.HasMembers = true
	count := 0
	var first []schema.Member
	for m, err := range v.Type.members.Members(q.ctx, v.ID) {
		if err != nil {
			return err
		}
		if count++; count > maxCounted {
			break
		}
		if len(first) < maxMembers {
			first = append(first, m)
		}
	}
	v.MemberCount = number(count)
	if count > maxCounted {
		v.MemberCount = "more than " + number(maxCounted)
	}
	v.MoreMembers = count > maxMembers
	for _, m := range first {
		shown, err := q.member(m)
		if err != nil {
			return err
		}
		v.Members = append(v.Members, shown)
	}
	return nil
}

// member finds out who a member is.
func (q *request) member(m schema.Member) (member, error) {
	for _, t := range q.c.types {
		if m.Type != "" && m.Type != t.Name {
			continue
		}
		r, err := t.store.Get(q.ctx, m.Value, store.GetOptions{Attributes: t.listed()})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return member{}, err
		}
		out := member{ID: m.Value, Slug: t.Slug, State: t.state(r)}
		out.Name, _, out.Masked = t.nameOf(r)
		return out, nil
	}
	return member{ID: m.Value}, nil
}
