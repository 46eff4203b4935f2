package roles

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
)

// UserMapper turns an attribute of users, roles or entitlements (RFC 7643 §4.1.2),
// into grants: what a POST, PUT or PATCH writes there is granted, and what it
// removes is taken back. A user that is deactivated or deleted has no grants; one
// that is reactivated or restored has those of its attribute again, without values
// that are no longer given to users (Definition.Unsupported).
//
// [UserMapper.Handle] is a hook. As Hooks.Before, with the grants in the database
// of the transaction, the grants change together with the user or not at all. A
// UserMapper is safe for concurrent use if its functions are.
type UserMapper struct {
	// Attribute is the name of the attribute, "roles" by default: a multi-valued
	// complex attribute with a sub-attribute value. Resources of a type that has no
	// such attribute are ignored.
	Attribute string
	// Defined, if set, returns the definitions of the tenant in the context, for
	// example the function given to [Roles]. It is called in the transaction of a
	// write that changes values; its error undoes the write (500). A value that a request adds is then
	// 400 invalidValue unless it is the Value of a definition that is not
	// Unsupported. A value that the user had before stays in the attribute, and is
	// granted as long as there is a definition that is not Unsupported; of an
	// Unsupported one, as long as Granted says that the user has it. A request that deactivates is never refused, whatever
	// values it adds. Values are compared without case, and are granted in the spelling
	// of the definition.
	Defined func(ctx context.Context) ([]Definition, error)
	// Granted, if set, returns the values that the user has by the attribute, those of
	// the last Set. It is called in the transaction, if a change leaves a value of an
	// Unsupported definition in the attribute; its error undoes the write. Without it
	// such a value ends with the next change: it may have come with a request that
	// deactivated the user, and was never granted.
	Granted func(ctx context.Context, user string) ([]string, error)
	// Set makes the grants that a user has by the attribute those of the values,
	// each once, none for an empty list. Grants by hand and by groups are not
	// concerned: the application's table says of each grant what it comes from. It
	// is called in the transaction of the write, more than once with the same
	// values, and with none for users that have no grants. An error undoes the
	// write.
	Set func(ctx context.Context, user string, values []string) error
}

// Handle adjusts the grants to an event of a user. It ignores events of resources
// without the attribute.
func (m *UserMapper) Handle(ctx context.Context, e *event.Event) error {
	if e.Resource() == nil {
		return nil
	}
	a := m.attribute(e.Resource().Type)
	if a == nil {
		return nil
	}
	switch e.Kind {
	case event.Deactivated, event.Deleted:
		return m.Set(ctx, e.ResourceID, nil)
	case event.Created, event.Updated, event.Reactivated, event.Restored:
		return m.changed(ctx, e, a)
	}
	return nil
}

// attribute returns the attribute of a resource type, nil if it has none.
func (m *UserMapper) attribute(t *schema.ResourceType) *schema.Attribute {
	name := m.Attribute
	if name == "" {
		name = "roles"
	}
	a := t.Root().Sub(name)
	if a == nil || !a.MultiValued || a.Sub("value") == nil {
		return nil
	}
	return a
}

// changed sets the grants to the values of the attribute, if these or active
// differ from before.
func (m *UserMapper) changed(ctx context.Context, e *event.Event, a *schema.Attribute) error {
	before, after := valuesOf(e.Before, a), valuesOf(e.After, a)
	switch {
	case active(e.Before) == active(e.After) && slices.Equal(before.keys, after.keys):
		return nil
	case active(e.Before) && !active(e.After):
		return m.Set(ctx, e.ResourceID, nil) // whatever the values are, a deactivation is carried out
	}
	granted, err := m.granted(ctx, e.ResourceID, before, after, active(e.Before), a)
	if err != nil {
		return err
	}
	if !active(e.After) {
		granted = nil
	}
	return m.Set(ctx, e.ResourceID, granted)
}

// Reevaluate makes the grants of a user those of its attribute. Call it, in a
// transaction that has locked the user, for users from before the mapper was set
// and after definitions have changed. user is the resource as it is stored.
func (m *UserMapper) Reevaluate(ctx context.Context, user *schema.Resource) error {
	a := m.attribute(user.Type)
	if a == nil || !active(user) {
		return m.Set(ctx, user.ID, nil)
	}
	has := valuesOf(user, a)
	granted, err := m.granted(ctx, user.ID, has, has, true, a)
	if err != nil {
		return err
	}
	return m.Set(ctx, user.ID, granted)
}

// granted returns the values of the definitions that after names, and refuses one
// without a definition that before does not have. Unsupported values are kept by a
// user who has them alone: a request that deactivated the user may have added them.
func (m *UserMapper) granted(ctx context.Context, user string, before, after values, wasActive bool, a *schema.Attribute) ([]string, error) {
	if m.Defined == nil || len(after.keys) == 0 {
		return after.texts, nil
	}
	definitions, err := m.Defined(ctx)
	if err != nil {
		return nil, err
	}
	defined := make(map[string]*Definition, len(definitions))
	for i := range definitions {
		defined[schema.FoldKey(definitions[i].Value)] = &definitions[i]
	}
	had := keySet(before.keys)
	var has map[string]bool // read for the first value that is Unsupported
	var out []string
	for i, key := range after.keys {
		d := defined[key]
		switch {
		case !had[key] && (d == nil || d.Unsupported):
			return nil, &schema.Error{Type: schema.ErrorInvalidValue, Path: a.Name, Detail: fmt.Sprintf("%s is not a value that users can be given", schema.Quote(after.texts[i]))}
		case d == nil, d.Unsupported && !wasActive:
			continue
		case d.Unsupported && has == nil:
			if has, err = m.has(ctx, user); err != nil {
				return nil, err
			}
		}
		if !d.Unsupported || has[key] {
			out = append(out, d.Value)
		}
	}
	return out, nil
}

// has returns the keys of the values that a user is granted.
func (m *UserMapper) has(ctx context.Context, user string) (map[string]bool, error) {
	if m.Granted == nil {
		return map[string]bool{}, nil
	}
	values, err := m.Granted(ctx, user)
	keys := make([]string, len(values))
	for i, v := range values {
		keys[i] = schema.FoldKey(v)
	}
	return keySet(keys), err
}

func keySet(keys []string) map[string]bool {
	set := make(map[string]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// values are those of the attribute of a user, each once, and their keys, since they
// are compared without case (caseExact false).
type values struct{ texts, keys []string }

func valuesOf(r *schema.Resource, a *schema.Attribute) values {
	var out values
	if r == nil {
		return out
	}
	seen := map[string]bool{}
	for _, element := range r.Attributes.Get(a).All() {
		text := element.Object().Get(a.Sub("value")).Text()
		if key := schema.FoldKey(text); text != "" && !seen[key] {
			seen[key] = true
			out.texts, out.keys = append(out.texts, text), append(out.keys, key)
		}
	}
	return out
}

// active reports whether a resource gives access: it exists, and its active is not
// false.
func active(r *schema.Resource) bool {
	if r == nil {
		return false
	}
	a := r.Type.Root().Sub("active")
	if a == nil || a.Type != schema.TypeBoolean || a.MultiValued {
		return true
	}
	v := r.Attributes.Get(a)
	return !v.Assigned() || v.Bool()
}
