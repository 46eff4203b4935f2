package sqlstore

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// memberCompare answers comparisons of members.value, and whether there are
// members at all.
func (t *table) memberCompare(e filter.Compare) (clause, bool) {
	some := condition("EXISTS (SELECT 1 FROM scim_member m WHERE m.grp = r.seq" + t.db.d.stays + ")")
	value := t.t.Members().Sub("value")
	switch {
	case len(e.Path) == 2 && e.Path[1] != value:
		return clause{}, false
	case e.Null:
		return some.negateUnless(false), true
	case e.Op == filter.PR:
		return some, true
	case e.Op == filter.EQ && len(e.Path) == 2:
		return t.withMember(memberIs(value, e.Value.Text())), true
	}
	return clause{}, false
}

// memberPair answers members[value eq "x"] and members[value eq "x" and type
// eq "User"].
func (t *table) memberPair(value filter.Compare, kind *filter.Compare) (clause, bool) {
	m := t.t.Members()
	if value.Op != filter.EQ || value.Path.Last() != m.Sub("value") {
		return clause{}, false
	}
	c := memberIs(m.Sub("value"), value.Value.Text())
	if kind == nil {
		return t.withMember(c), true
	}
	if !kind.Path.Last().FoldsCase() {
		return clause{}, false
	}
	return t.withMember(join(c, "AND", condition("m.kind = ?", typeKey(kind.Value.Text())))), true
}

// memberIs is a condition on a row of scim_member m.
func memberIs(value *schema.Attribute, id string) clause {
	c := condition("m.folded = ?", foldID(id))
	if value.FoldsCase() {
		return c
	}
	return join(c, "AND", condition("m.member = ?", escape(id)))
}

func (t *table) withMember(c clause) clause {
	return t.db.d.among(filter.EQ, "SELECT m.grp FROM scim_member m WHERE "+c.sql+t.db.d.stays, c.args)
}
