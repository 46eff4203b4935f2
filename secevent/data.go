package secevent

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
)

// object is a JSON object whose members are encoded.
type object map[string]json.RawMessage

// created returns the representation of a new resource, with its first members.
func (i *Issuer) created(e *event.Event) (json.RawMessage, error) {
	o, err := i.represent(e.After)
	if err != nil {
		return nil, err
	}
	if members := i.members(e); members != nil {
		o[e.After.Type.Members().Name] = members
	}
	return json.Marshal(o)
}

// replaced returns the representation of a resource after a PUT. A password alone
// leaves it as it was, and is nothing to show.
func (i *Issuer) replaced(e *event.Event) (json.RawMessage, error) {
	before, err := i.represent(e.Before)
	if err != nil {
		return nil, err
	}
	after, err := i.represent(e.After)
	if err != nil || len(appendDifference(nil, "", before, after)) == 0 {
		return nil, err
	}
	return json.Marshal(after)
}

// operation is one of a PATCH (RFC 7644 §3.5.2).
type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
}

// patch returns a PATCH with the effect of the change, nil if no operation can be
// shown.
func (i *Issuer) patch(e *event.Event) (json.RawMessage, error) {
	var ops []operation
	if e.Before != nil && e.Part == 0 {
		before, err := i.represent(e.Before)
		if err != nil {
			return nil, err
		}
		after, err := i.represent(e.After)
		if err != nil {
			return nil, err
		}
		ops = appendDifference(ops, "", before, after)
	}
	ops = append(ops, i.memberOperations(e)...)
	if len(ops) == 0 {
		return nil, nil
	}
	return json.Marshal(struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{[]string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, ops})
}

// appendDifference appends the operations that make after of before. prefix is the
// URI of the extension whose attributes they are, with a colon.
func appendDifference(ops []operation, prefix string, before, after object) []operation {
	names := slices.Sorted(maps.Keys(after))
	for name := range before {
		if _, there := after[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		old, now := before[name], after[name]
		switch {
		case string(old) == string(now), prefix == "" && (name == "schemas" || name == "meta"):
		case strings.Contains(name, ":"):
			ops = appendDifference(ops, name+":", decoded(old), decoded(now))
		case now == nil:
			ops = append(ops, operation{Op: "remove", Path: prefix + name})
		case old == nil:
			ops = append(ops, operation{Op: "add", Path: prefix + name, Value: now})
		default:
			ops = append(ops, operation{Op: "replace", Path: prefix + name, Value: now})
		}
	}
	return ops
}

// decoded returns the members of an encoded object, none of nil.
func decoded(text json.RawMessage) object {
	var o object
	_ = json.Unmarshal(text, &o) // made by represent
	return o
}

// member is a member of a group in data.
type member struct {
	Value string `json:"value"`
	Type  string `json:"type,omitempty"`
}

// members returns the members that joined, nil if there are none or they are
// sensitive.
func (i *Issuer) members(e *event.Event) json.RawMessage {
	if e.Members.Empty() || i.hidesMembers(e.After.Type) {
		return nil
	}
	var list []member
	for _, m := range e.Members.Add {
		list = append(list, member{m.Value, m.Type})
	}
	if list == nil {
		return nil
	}
	text, _ := json.Marshal(list) // strings
	return text
}

// memberOperations returns the operations for the members that joined and left.
func (i *Issuer) memberOperations(e *event.Event) []operation {
	if e.Members.Empty() || i.hidesMembers(e.After.Type) {
		return nil
	}
	var ops []operation
	name := e.After.Type.Members().Name
	for _, id := range e.Members.Remove {
		ops = append(ops, operation{Op: "remove", Path: string(append(schema.AppendJSONString([]byte(name+"[value eq "), id), ']'))})
	}
	if joined := i.members(e); joined != nil {
		ops = append(ops, operation{Op: "add", Path: name, Value: joined})
	}
	return ops
}

// hidesMembers reports whether members, or their ids, are sensitive.
func (i *Issuer) hidesMembers(t *schema.ResourceType) bool {
	a := t.Members()
	return a.Hidden || slices.ContainsFunc(i.cfg.Sensitive, func(path string) bool {
		p, ok := t.Resolve(path)
		return ok && p.Root() == a
	})
}

// represent returns a resource as a response shows it, without members, derived
// values and sensitive attributes.
func (i *Issuer) represent(r *schema.Resource) (object, error) {
	text, err := project.All(r.Type).Append(nil, i.stripped(r), nil, nil, nil)
	if err != nil {
		return nil, err
	}
	var o object
	err = json.Unmarshal(text, &o)
	return o, err
}

// stripped returns a resource without sensitive attributes.
func (i *Issuer) stripped(r *schema.Resource) *schema.Resource {
	for _, path := range i.cfg.Sensitive {
		if p, ok := r.Type.Resolve(path); ok {
			r = r.WithAttributes(without(r.Attributes, p))
		}
	}
	return r
}

// without returns an object without the attribute at a path, in every value of a
// multi-valued attribute.
func without(o *schema.Object, p schema.AttrPath) *schema.Object {
	v := o.Get(p[0])
	if len(p) == 1 || !v.Assigned() {
		return o.With(p[0], schema.Value{})
	}
	if !v.IsList() {
		return o.With(p[0], schema.Complex(without(v.Object(), p[1:])))
	}
	var list []schema.Value
	for _, one := range v.All() {
		list = append(list, schema.Complex(without(one.Object(), p[1:])))
	}
	return o.With(p[0], schema.List(list...))
}
