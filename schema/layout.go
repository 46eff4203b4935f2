package schema

import (
	"hash/fnv"
	"slices"
)

// layout is what the text of a type's resources looks like.
type layout struct {
	fields []*Attribute // the root attributes that are kept, in the order of encoding
	format int64        // see ResourceType.StoredFormat
	partly uint64       // the fields that are not ReturnedWhole, a bit each
	// extended are the attributes of the extensions, in the order of encoding.
	extended []*Attribute
}

// maxTextFields is how many root attributes a type may have for its resources to be
// kept as text: a bit each in text.assigned.
const maxTextFields = 64

// encodingVersion is part of every format. It is to be changed with AppendJSON, if the
// text of the same object changes.
const encodingVersion = "1"

// newLayout returns the layout of a type. The attributes that are not part of
// Resource.Attributes have no place in it.
func newLayout(t *ResourceType) *layout {
	derived := []*Attribute{SchemasAttribute, IDAttribute, MetaAttribute, t.members, t.groups}
	l := &layout{fields: slices.DeleteFunc(slices.Clone(t.root.SubAttributes), func(a *Attribute) bool { return slices.Contains(derived, a) })}
	slices.SortFunc(l.fields, compareAttributes)
	hash := fnv.New64a()
	hash.Write([]byte(encodingVersion))
	describe(func(part string) { hash.Write([]byte(part)) }, l.fields)
	// A store may add the version of a row: 0, no format, does not become one by that,
	// and the sum stays within the range.
	l.format = 1<<61 | int64(hash.Sum64()&(1<<61-1))
	for i, a := range l.fields[:min(len(l.fields), maxTextFields)] {
		if a.order == orderExtension {
			l.extended = append(l.extended, a.SubAttributes...)
		}
		if !a.ReturnedWhole() {
			l.partly |= 1 << i
		}
	}
	return l
}

// describe calls add with all that the text of attributes depends on.
func describe(add func(string), as []*Attribute) {
	for _, a := range as {
		add(a.key)
		add(string([]byte{'0' + byte(a.Type), flag(a.MultiValued), flag(a.Secret()), '('}))
		describe(add, a.SubAttributes)
		add(")")
	}
}

// flag is a characteristic as a byte of the description.
func flag(b bool) byte {
	if b {
		return '+'
	}
	return '-'
}

// StoredFormat identifies the form of the text that [ResourceType.EncodeStored]
// returns for resources of the type. It is between 1<<61 and 1<<62, and changes when an
// attribute is added, removed or defined with another type.
func (t *ResourceType) StoredFormat() int64 { return t.layout.format }

// place returns the place of a root attribute in the layout, -1 if it has none there.
func (l *layout) place(a *Attribute) int {
	i, found := slices.BinarySearchFunc(l.fields, a, compareAttributes)
	if !found || l.fields[i] != a {
		return -1
	}
	return i
}

// extensionSize returns how many attributes a field has if it is an extension, else 0.
func (l *layout) extensionSize(field int) int {
	if a := l.fields[field]; a.order == orderExtension {
		return len(a.SubAttributes)
	}
	return 0
}
