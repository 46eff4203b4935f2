// Package reference derives $ref: the URI of a SCIM resource that the value of a
// complex attribute names (RFC 7643 §2.4). It finds the attributes, drops $ref
// before a resource is stored, fills it in when one is returned, and gives the
// URIs in a filter the spelling that $ref has. It also checks referenceTypes.
package reference
