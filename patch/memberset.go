package patch

import (
	"iter"

	"github.com/seed5f3efb56/scim/schema"
)

// memberSet is the result of a sequence of operations on a set of members that
// is not read: the members, or none of them (replace), without those in
// removed and with those in added. No id is in both, so the order in which the
// two are applied makes no difference.
type memberSet struct {
	replace bool
	added   memberList
	removed memberList
}

func (s *memberSet) add(m schema.Member) {
	s.removed.drop(m.Value)
	s.added.put(m)
}

func (s *memberSet) remove(id string) {
	s.added.drop(id)
	if !s.replace {
		s.removed.put(schema.Member{Value: id})
	}
}

func (s *memberSet) clear() { *s = memberSet{replace: true} }

// delta returns the change; the lists pass to it.
func (s *memberSet) delta() *schema.MemberDelta {
	d := &schema.MemberDelta{Replace: s.replace}
	for m := range s.added.all() {
		d.Add = append(d.Add, m)
	}
	for m := range s.removed.all() {
		d.Remove = append(d.Remove, m.Value)
	}
	return d
}

// memberList is a set of members by id that keeps the order of arrival. Ids
// are compared exactly (RFC 7643 §3.1).
type memberList struct {
	at      map[string]int
	members []schema.Member // without Value where one was dropped

	complete int // how many of the members have the type that they are stored with
}

func (l *memberList) has(id string) bool {
	_, ok := l.at[id]
	return ok
}

// put adds a member. Of one that is there already the first type said stays.
func (l *memberList) put(m schema.Member) {
	if i, ok := l.at[m.Value]; ok {
		if l.members[i].Type == "" {
			l.members[i].Type = m.Type
		}
		return
	}
	if l.at == nil {
		l.at = map[string]int{}
	}
	l.at[m.Value] = len(l.members)
	l.members = append(l.members, m)
}

func (l *memberList) drop(id string) {
	if i, ok := l.at[id]; ok {
		l.members[i] = schema.Member{}
		delete(l.at, id)
	}
}

func (l *memberList) all() iter.Seq[schema.Member] {
	return func(yield func(schema.Member) bool) {
		for _, m := range l.members {
			if m.Value != "" && !yield(m) {
				return
			}
		}
	}
}
