package schema

// OwnerAttribute is the hidden root attribute of types with an owner
// ([WithOwner]): the name of the connection that provisioned the resource
// (scim.Principal.Connection). Package scim sets it; a resource without a value is
// an account of the application itself. No client can name it: the "$" keeps it
// apart from the attributes of schemas.
var OwnerAttribute = compiled(3, &Attribute{
	Name: "$owner", CaseExact: true, Mutability: ReadOnly, Hidden: true,
	Description: "The connection that provisioned the resource",
})

// WithOwner returns the type whose resources have an owner ([OwnerAttribute]), the
// same one for the same type. Stores keep the owner as they keep any attribute.
func WithOwner(t *ResourceType) *ResourceType {
	if t.Owned {
		return t
	}
	return t.withOwner
}

// Owner returns the connection that provisioned the resource; "" if none did, and
// for a type without an owner.
func (r *Resource) Owner() string { return r.Attributes.Get(OwnerAttribute).Text() }

// WithOwner returns the attributes of a resource with an owner; "" is none.
func (o *Object) WithOwner(connection string) *Object {
	if connection == "" {
		return o.With(OwnerAttribute, Value{})
	}
	return o.With(OwnerAttribute, String(connection))
}
