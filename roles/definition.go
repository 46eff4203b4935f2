package roles

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
)

// Definition is a role or an entitlement that the application has, and that users
// can be given.
type Definition struct {
	// Value is the value that a user with it has in the attribute roles or
	// entitlements. It is the id of the resource too, since Okta sends that id as
	// the value. It is never used again for another role, and is the id of no other
	// resource (RFC 7643 §3.1). Required.
	Value string
	// Display is the name for people. Default: Value.
	Display string
	// Type is a label of your own, for example "License". It is published in
	// entitlements of Okta's schema, and in both schemas of the draft.
	Type        string
	Description string
	// Unsupported says that the role exists and is not to be given to users any
	// more.
	Unsupported bool
	// Contains are the values of the roles that this one includes, ContainedBy of
	// those that include it.
	Contains, ContainedBy []string
	// MostAssignments is the largest number of users that may have it; 0 is no
	// limit. Assignments, the number of those that have it, is published together
	// with a limit only.
	MostAssignments, Assignments int
}

// resource returns the definition as a resource of a type. Attributes that the
// type does not have are left out.
func (d *Definition) resource(t *schema.ResourceType) (*schema.Resource, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	var base schema.Builder
	d.fill(&base, t.Root())
	for _, e := range t.Extensions {
		var own schema.Builder
		a := t.Root().Sub(e.Schema.ID)
		d.fill(&own, a)
		if o := own.Object(); o.Len() > 0 {
			base.Set(a, schema.Complex(o))
		}
	}
	version, err := d.version()
	return &schema.Resource{Type: t, ID: d.Value, Version: version, Attributes: base.Object()}, err
}

// fill sets the attributes that a schema has.
func (d *Definition) fill(b *schema.Builder, in *schema.Attribute) {
	set := func(name string, v schema.Value) {
		if a := in.Sub(name); a != nil && (v.IsList() || v.Text() != "") {
			b.Set(a, v)
		}
	}
	display := d.Display
	if display == "" {
		display = d.Value
	}
	set("value", schema.String(d.Value))
	set("display", schema.String(display))
	set("displayName", schema.String(display))
	set("type", schema.String(d.Type))
	set("description", schema.String(d.Description))
	set("supported", schema.Boolean(!d.Unsupported))
	set("limitedAssignmentsPermitted", schema.Boolean(d.MostAssignments > 0))
	if d.MostAssignments > 0 {
		set("totalAssignmentsPermitted", schema.Integer(int64(d.MostAssignments)))
		set("totalAssignmentsUsed", schema.Integer(int64(d.Assignments)))
	}
	set("contains", texts(d.Contains))
	set("containedBy", texts(d.ContainedBy))
}

// texts returns a list, unassigned if it is empty (RFC 7643 §2.5).
func texts(values []string) schema.Value {
	var list []schema.Value
	for _, v := range values {
		list = append(list, schema.String(v))
	}
	return schema.List(list...)
}

// check rejects a value that cannot be the id of a resource.
func (d *Definition) check() error {
	switch d.Value {
	case "", ".", "..", ".search":
		return fmt.Errorf("roles: %q cannot be the value of a definition, which is an id too", d.Value)
	}
	if !utf8.ValidString(d.Value) || strings.ContainsRune(d.Value, 0) || strings.Contains(strings.ToLower(d.Value), "bulkid") {
		return fmt.Errorf("roles: %q cannot be the value of a definition, which is an id too", d.Value)
	}
	return nil
}

// version returns a text that differs after every change.
func (d *Definition) version() (string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	sum := fnv.New64a()
	sum.Write(text)
	return strconv.FormatUint(sum.Sum64(), 36), nil
}
