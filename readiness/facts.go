package readiness

// Facts are what a report is derived from. scim.Handler.Readiness fills them in.
type Facts struct {
	HTTPS   bool     // Config.BaseURL begins with https
	Schemes []string // types of the authentication schemes (RFC 7643 §5)
	// TokensListed says that all tokens are known, from a fixed list. Those of
	// TokensWithoutExpiry (ids) never expire.
	TokensListed        bool
	TokensWithoutExpiry []string
	// RequestsPerSecond is how many requests a second one connection may send in
	// the long run; +Inf if there is no limit.
	RequestsPerSecond float64
	Bulk              bool
	Audit             bool     // Config.AuditTrail or Config.Audit is set
	AccessHooks       []string // those of Hooks.EndSessions and Hooks.Revoke that are set
	PageSize          int      // Limits.PageSize, MaxResults, Operations, Members
	MaxResults        int
	Operations        int
	Members           int
	KeepsPasswords    bool // Config.SetPassword is set
	// WithoutCanonicalValues are the paths of multi-valued complex attributes whose
	// sub-attribute type has none.
	WithoutCanonicalValues []string
	Credentials            []string // paths of writeOnly and never returned attributes, the password of users aside
	Deactivates            []string // types whose policy has DeactivateOnDelete
	Restores               []string // types whose policy has an OnTwin
	WithoutPatch           []string // types that clients create or replace and cannot change by PATCH
	Users, Groups          Type
}

// Type is what is known of the resource type User or Group.
type Type struct {
	Served            bool
	MissingAttributes []string // those that IPSIE demands and the type lacks
	CaseExactName     bool     // userName is caseExact
	UniqueName        bool     // displayName is unique
	Without           []string // operations that clients do not have: create, patch, delete, …
	// Unknown are the look-ups of IPSIE that name an attribute that the type lacks;
	// Scanned those that the store leaves to the library, which reads at most
	// Limits.Scan resources.
	Unknown, Scanned []string
}
