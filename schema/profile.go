package schema

// Profile says how the requests of a client are read: which departures from the
// letter of the RFCs are tolerated, and what is refused that the RFCs allow. The
// zero value follows the RFCs to the letter. It belongs to the client that sent the
// request and is handed down as a value, never kept as a global.
//
// Each departure names the clients that need it; docs/conformance.md lists the
// requirement each one bends. docs/profiles.md has the fields by client.
type Profile struct {
	// NumberStrings reads a string that is a number for a number, and a number for
	// a string, in bodies, PATCH values and filters (personnel numbers that a
	// source keeps as numbers; SCIM-SDK).
	NumberStrings bool
	// StringBooleans reads "True", "false" and the like as booleans in bodies,
	// PATCH values and filters (Entra ID, Keycloak forks).
	StringBooleans bool
	// UnknownAttributes ignores attributes, sub-attributes and schema URIs
	// which no schema of the resource type defines (Entra ID, Okta), a PATCH
	// path only where it names an attribute in an extension, unless it
	// [Deactivates]. Otherwise they are invalidSyntax in a body and invalidPath in
	// a path.
	UnknownAttributes bool
	// MissingSchemas takes a body or message whose schemas is absent, null, empty
	// or one string, or names none of the URIs it must (authentik, WSO2). A body
	// that names another message or only another resource type is refused all the
	// same.
	MissingSchemas bool
	// NoOperations takes a PATCH message without operations, which changes nothing
	// (ConnId, a validator). A message with other members is refused.
	NoOperations bool
	// SingleValues wraps a lone value sent for a multi-valued attribute
	// (OneLogin sends "emails": {...}) and unwraps a list of one sent for a
	// singular attribute in PATCH (clients on older SCIM-SDK releases).
	SingleValues bool
	// ComplexStrings reads a string sent for a complex value as its "value"
	// sub-attribute (Entra ID's manager, Okta's roles), or as the object or array
	// whose JSON text it is (scim-for-keycloak, SCIM-SDK); for a singular attribute
	// the empty string clears. On a value path it sets "value" alone.
	ComplexStrings bool
	// QualifiedNames reads the type's own schema URI as the name of an object
	// around its attributes, and in bodies names with a schema URI or a
	// sub-attribute (urn:…:User:active, name.givenName) as paths, which they
	// always are in PATCH.
	QualifiedNames bool
	// EmptyStrings reads "" as unassigned where the type has no empty value:
	// numbers, dates, binaries, complex and multi-valued attributes (Entra ID,
	// OneLogin, JumpCloud, Okta). For a boolean it is an error, since it does not
	// tell whether active is true or false.
	EmptyStrings bool
	// IgnoreReadOnly ignores readOnly attributes within a PATCH value (Okta and
	// authentik send whole resources), which otherwise are a mutability error,
	// as a path that names one always is.
	IgnoreReadOnly bool
	// RemoveValues lets PATCH remove carry a value, which names the only
	// values that are removed (Entra ID, authentik, JumpCloud). Otherwise such an operation is
	// invalidValue.
	RemoveValues bool
	// UntypedValues takes a value without "type" that PATCH adds for the first one
	// with the same "value", whatever its type. Otherwise it is another value.
	UntypedValues bool
	// CreateOnNoMatch lets PATCH add and replace on a value path without a
	// match create the value from the filter, when the filter is a conjunction
	// of eq (Entra ID); a replace only if a sub-attribute follows or the value is
	// a string for "value". Otherwise noTarget.
	CreateOnNoMatch bool
	// SubAttributeFilters reads attr[filter].sub op value in a filter, both
	// conditions on one value (Entra ID), and a comparison of a singular
	// complex attribute as one of its "value" sub-attribute.
	SubAttributeFilters bool
	// BareExtensionNames finds an extension's attribute by its name alone, in
	// filters and PATCH, where the base schema and the other extensions have
	// none of that name (Entra ID's manager).
	BareExtensionNames bool
	// EmptyMembers leaves out elements of a members attribute that name no
	// resource: null, {} and {"value": ""}.
	EmptyMembers bool
	// DottedURIs takes a dot between a schema URI and an attribute
	// (urn:…:User.department) for the colon (WSO2, ConnId).
	DottedURIs bool
	// BareWords reads one word without quotes as a string in a filter: letters,
	// digits and . _ @ + - (Microsoft's SCIM collection, WSO2, authentik).
	BareWords bool
	// AnyValues takes any text where the RFC names a vocabulary:
	// canonicalValues, countries, time zones, languages, certificates (Entra
	// ID's validator sends random words).
	AnyValues bool

	// RequirePath refuses a PATCH message with an operation that has no path: 400
	// invalidSyntax (interop profile).
	RequirePath bool
	// SubAttributePaths refuses a PATCH path that selects elements by a filter and
	// names no sub-attribute of them: 400 invalidPath (interop profile). A remove of
	// members is excepted: RFC 7644 has no other way to remove one member.
	SubAttributePaths bool
	// ReplaceComplex lets PATCH replace of a singular complex attribute unassign the
	// sub-attributes that the value does not have (interop profile). Otherwise they
	// stay, as RFC 7644 §3.5.2.3 says. Those that are readOnly or immutable stay.
	ReplaceComplex bool
	// UnknownInvalidSyntax refuses an unknown attribute in a PATCH path, and an unknown
	// schema URI in a PATCH value, with invalidSyntax as in a body (interop profile).
	// Otherwise they are invalidPath and invalidValue.
	UnknownInvalidSyntax bool
	// PublishedPassword makes the password of a User an unknown attribute where
	// /Schemas does not have it, since it is not kept (interop profile). Otherwise it
	// is read and dropped there.
	PublishedPassword bool
	// NoPassword makes the password of a User an unknown attribute (IPSIE AL2).
	NoPassword bool
	// DeleteDeletes makes DELETE delete: a credential whose policy deactivates
	// instead is refused (interop profile).
	DeleteDeletes bool
	// TakenConflicts makes a POST whose unique value another resource has 409
	// uniqueness, and one whose value a deleted resource had a new resource: a
	// credential whose policy restores the other resource is refused (interop
	// profile).
	TakenConflicts bool
	// MaxPage is the number of resources on a page at most; 0 is the maximum of the
	// service provider (IPSIE AL2).
	MaxPage int
}

// Strict follows the RFCs to the letter.
func Strict() Profile { return Profile{} }

// Interop is Strict with the restrictions of the SCIM interop profile
// (draft-zollner-scim-interop-profile-01).
func Interop() Profile {
	return Profile{
		RequirePath:          true,
		SubAttributePaths:    true,
		ReplaceComplex:       true,
		UnknownInvalidSyntax: true,
		PublishedPassword:    true,
		DeleteDeletes:        true,
		TakenConflicts:       true,
	}
}

// IPSIEAL1 is level AL1 of the IPSIE account lifecycle profile (draft 00), which
// includes Interop.
func IPSIEAL1() Profile { return Interop() }

// IPSIEAL2 is level AL2 of the IPSIE account lifecycle profile (draft 00), which
// includes AL1.
func IPSIEAL2() Profile {
	p := IPSIEAL1()
	p.NoPassword = true
	p.MaxPage = 1000
	return p
}

// Lenient accepts what the identity providers are known to send, wherever it
// is unambiguous. It is the default of package scim.
func Lenient() Profile {
	return Profile{
		NumberStrings:       true,
		StringBooleans:      true,
		UnknownAttributes:   true,
		MissingSchemas:      true,
		NoOperations:        true,
		SingleValues:        true,
		ComplexStrings:      true,
		QualifiedNames:      true,
		EmptyStrings:        true,
		IgnoreReadOnly:      true,
		RemoveValues:        true,
		UntypedValues:       true,
		CreateOnNoMatch:     true,
		SubAttributeFilters: true,
		BareExtensionNames:  true,
		EmptyMembers:        true,
		DottedURIs:          true,
		BareWords:           true,
		AnyValues:           true,
	}
}
