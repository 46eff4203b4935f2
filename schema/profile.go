package schema

// Profile says which departures from the letter of the RFCs are tolerated. The
// zero value tolerates nothing. It belongs to the client that sent the request
// and is handed down as a value, never kept as a global.
//
// Each field names the clients that need it; docs/conformance.md lists the
// requirement each one bends.
type Profile struct {
	// StringBooleans reads "True", "false" and the like as booleans in bodies,
	// PATCH values and filters (Entra ID, Keycloak forks).
	StringBooleans bool
	// UnknownAttributes ignores attributes, sub-attributes and schema URIs
	// which no schema of the resource type defines (Entra ID, Okta), a PATCH
	// path only where it names an unknown extension. Otherwise they are
	// invalidSyntax in a body and invalidPath in a path.
	UnknownAttributes bool
	// SingleValues wraps a lone value sent for a multi-valued attribute
	// (OneLogin sends "emails": {...}) and unwraps a list of one sent for a
	// singular attribute in PATCH (clients on older SCIM-SDK releases).
	SingleValues bool
	// ComplexStrings reads a string sent for a singular complex attribute as
	// its "value" sub-attribute; the empty string clears (Entra ID's manager).
	ComplexStrings bool
	// EmptyStrings reads "" as unassigned where the type has no empty value:
	// booleans, numbers, dates, binaries, complex and multi-valued attributes
	// (Entra ID, OneLogin, JumpCloud, Okta).
	EmptyStrings bool
	// IgnoreReadOnly ignores readOnly attributes within a PATCH value (Okta and
	// authentik send whole resources), which otherwise are a mutability error,
	// as a path that names one always is.
	IgnoreReadOnly bool
	// RemoveValues lets PATCH remove carry a list of values, which alone are
	// then removed (Entra ID, authentik, JumpCloud). Otherwise such an
	// operation is invalidValue; it never removes everything.
	RemoveValues bool
	// CreateOnNoMatch lets PATCH add and replace on a value path without a
	// match create the value from the filter, when the filter is a conjunction
	// of eq and a sub-attribute follows (Entra ID). Otherwise noTarget.
	CreateOnNoMatch bool
	// SubAttributeFilters reads attr[filter].sub op value in a filter, both
	// conditions on one value (Entra ID), and a comparison of a singular
	// complex attribute as one of its "value" sub-attribute.
	SubAttributeFilters bool
	// BareExtensionNames finds an extension's attribute by its name alone, in
	// filters and PATCH, where the base schema and the other extensions have
	// none of that name (Entra ID's manager).
	BareExtensionNames bool
	// AnyValues takes any text where the RFC names a vocabulary:
	// canonicalValues, countries, time zones, languages, certificates (Entra
	// ID's validator sends random words).
	AnyValues bool
}

// Strict follows the RFCs to the letter.
func Strict() Profile { return Profile{} }

// Lenient accepts what the identity providers are known to send, wherever it
// is unambiguous. It is the default of package scim.
func Lenient() Profile {
	return Profile{
		StringBooleans:      true,
		UnknownAttributes:   true,
		SingleValues:        true,
		ComplexStrings:      true,
		EmptyStrings:        true,
		IgnoreReadOnly:      true,
		RemoveValues:        true,
		CreateOnNoMatch:     true,
		SubAttributeFilters: true,
		BareExtensionNames:  true,
		AnyValues:           true,
	}
}
