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
func Deactivates(name string, value any) bool {
	if object, ok := value.(JSONObject); ok {
		for _, m := range object {
			if Deactivates(m.Name, m.Value) {
				return true
			}
		}
	}
	last := name[strings.LastIndexAny(name, ":.")+1:]
	return ascii.EqualFold(strings.TrimSpace(last), "active") && saysFalse(value)
}

func saysFalse(value any) bool {
	switch v := value.(type) {
	case bool:
		return !v
	case string:
		return ascii.EqualFold(strings.TrimSpace(v), "false")
	case Number:
		return v == "0"
	case []any:
		return len(v) == 1 && saysFalse(v[0])
	case JSONObject:
		inner, _ := v.Get("value")
		return inner != nil && saysFalse(inner)
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
