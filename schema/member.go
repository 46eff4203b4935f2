package schema

// Member is one member of a group (RFC 7643 §4.2). Value is the id of the
// member resource, Type the name of its resource type (empty when unknown),
// Display its human-readable name, which stores may leave empty. Ref, its URI,
// follows from Type and Value: package scim fills it in where a filter may look
// at it, stores neither keep nor return it.
type Member struct {
	Value   string
	Type    string
	Display string
	Ref     string
}

// MemberDelta is a change of a group's members. With Replace the members
// become exactly Add; otherwise Add joins and Remove leaves. No id is in both
// and none is twice in either. Adding a resource that is a member and removing
// one that is not change nothing.
//
// Returned by a store, the delta is the one that took effect: Replace is
// false, Add are the members that were not members before, Remove the ids that
// were.
type MemberDelta struct {
	Replace bool
	Add     []Member
	Remove  []string
}

// Empty reports whether applying the delta to any group changes nothing.
func (d *MemberDelta) Empty() bool {
	return d == nil || !d.Replace && len(d.Add) == 0 && len(d.Remove) == 0
}
