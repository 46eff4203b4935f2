package schema

import (
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Active returns the boolean root attribute "active" of the type, whose false
// value ends access (RFC 7643 §4.1.1), or nil.
func (t *ResourceType) Active() *Attribute {
	if a := t.root.Public("active"); a != nil && a.Type == TypeBoolean && !a.MultiValued {
		return a
	}
	return nil
}

// Deactivates reports whether a member that names no attribute says of something
// that it is not active: the last part of its name is "active" and its value
// false, as a boolean, a string or a list of one; or it is an object with such
// a member. Such a member must not be ignored as other unknown ones are: the
// client would believe that access has ended. The elements of a longer list are
// not the resource.
func Deactivates(name string, value any) bool { return appendNodes(nil, name, value).deactivates() }

// deactivates is Deactivates of a member.
func (v jsonValue) deactivates() bool {
	if v.kind() == jsonObject {
		for m := range v.parts() {
			if m.deactivates() {
				return true
			}
		}
	}
	name := v[0].name
	last := name[strings.LastIndexAny(name, ":.")+1:]
	return ascii.EqualFold(strings.TrimSpace(last), "active") && v.saysFalse()
}

func (v jsonValue) saysFalse() bool {
	switch v.kind() {
	case jsonFalse:
		return true
	case jsonString:
		return ascii.EqualFold(strings.TrimSpace(v[0].text), "false")
	case jsonNumber:
		return v[0].text == "0"
	case jsonArray:
		return v[0].len == 1 && v[1:].saysFalse()
	case jsonObject:
		return v[1:].find("value").saysFalse()
	}
	return false
}

// CheckDeactivation returns the error of invalidSyntax for an ignored member that
// [Deactivates], unless o is inactive all the same. An empty name stands for
// none.
func (t *ResourceType) CheckDeactivation(name string, o *Object) error {
	if name == "" {
		return nil
	}
	if a := t.Active(); a != nil {
		if v := o.Get(a); v.Assigned() && !v.Bool() {
			return nil
		}
	}
	return &Error{Type: ErrorInvalidSyntax, Detail: "unknown attribute " + Quote(name) + "; its value false cannot be ignored"}
}
