package readiness

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// demand is a demand of a profile, and the function that judges it.
type demand struct {
	profile Profile
	must    bool
	text    string
	judge   func(f Facts) (Status, string)
}

// Of returns the report about the facts.
func Of(f Facts) Report {
	var out Report
	for _, d := range demands {
		status, remark := d.judge(f)
		out = append(out, Line{d.profile, d.must, d.text, status, remark})
	}
	return out
}

var demands = slices.Concat(interopDemands, al1Demands, al2Demands)

var interopDemands = []demand{
	{Interop, true, "/ServiceProviderConfig, /ResourceTypes and /Schemas say what is supported", always("")},
	{Interop, true, "canonicalValues on every type of a multi-valued attribute", func(f Facts) (Status, string) {
		return lacks(f.WithoutCanonicalValues, "give %s canonicalValues")
	}},
	{Interop, true, "userName is compared without case; id and externalId are case-exact", func(f Facts) (Status, string) {
		return need(!f.Users.CaseExactName, "userName is caseExact in the schema of users")
	}},
	{Interop, true, "unknown attributes and schema URIs are 400 invalidSyntax", always("for tokens with client interop or ipsie-*")},
	{Interop, true, "filters with eq and and; an unknown attribute in one is 400 invalidFilter", always("")},
	{Interop, true, "a count of 100 is possible", func(f Facts) (Status, string) {
		return need(f.MaxResults >= 100, "set Limits.MaxResults to at least 100")
	}},
	{Interop, false, "100 results on a page without count", func(f Facts) (Status, string) {
		return need(f.PageSize >= 100, "set Limits.PageSize to at least 100")
	}},
	{Interop, true, "PATCH of every type that clients write", func(f Facts) (Status, string) {
		return lacks(f.WithoutPatch, "Endpoint.Without leaves out PATCH of %s")
	}},
	{Interop, true, "every operation of a PATCH has a path; replace of a complex attribute is whole", always("for tokens with client interop or ipsie-*")},
	{Interop, true, "DELETE deletes", func(f Facts) (Status, string) {
		return lacks(f.Deactivates, "the policy of %s has DeactivateOnDelete: give the token another one")
	}},
	{Interop, true, "a taken unique value is 409 uniqueness; that of a deleted resource is free for a new one", func(f Facts) (Status, string) {
		return lacks(f.Restores, "the policy of %s has an OnTwin: give the token another one")
	}},
	{Interop, true, "TLS 1.2 or later (prefer 1.3)", func(f Facts) (Status, string) {
		if !f.HTTPS {
			return NotFulfilled, "Config.BaseURL does not begin with https"
		}
		return Host, "in the server or the proxy in front"
	}},
	{Interop, false, "no HTTP Basic", func(f Facts) (Status, string) {
		return need(!f.has("httpbasic"), "Config.Auth takes HTTP Basic")
	}},
}

var al1Demands = []demand{
	{IPSIEAL1, true, "OAuth 2.0 for every request", func(f Facts) (Status, string) {
		return need(f.has("oauth2"), "no scheme of Config.Auth has the type oauth2: see module oauth")
	}},
	{IPSIEAL1, true, "client_credentials with a signed client assertion (RFC 7523 §2.2), scope scim, metadata (RFC 8414)", func(f Facts) (Status, string) {
		if !f.has("oauth2") {
			return NotFulfilled, "needs OAuth 2.0: see module oauth"
		}
		return Host, "in the authorization server; Config.Auth does not tell"
	}},
	{IPSIEAL1, true, "access tokens expire", tokensExpire},
	{IPSIEAL1, true, "rate limit with 429 and Retry-After", func(f Facts) (Status, string) {
		return need(!math.IsInf(f.RequestsPerSecond, 1), "Limits.Rate is no limit")
	}},
	{IPSIEAL1, true, "at least 25 requests a second for each tenant", func(f Facts) (Status, string) {
		if f.RequestsPerSecond < 25 {
			return NotFulfilled, fmt.Sprintf("Limits.Rate or Limits.TenantRate allows %v", f.RequestsPerSecond)
		}
		return Host, "the limits allow it; measure the deployment"
	}},
	{IPSIEAL1, true, "/Bulk", func(f Facts) (Status, string) { return need(f.Bulk, "Config.WithoutBulk is set") }},
	{IPSIEAL1, true, "users are deactivated and reactivated by PATCH", func(f Facts) (Status, string) {
		ok := f.Users.Served && !slices.Contains(f.Users.MissingAttributes, "active") && f.Users.allows("patch")
		return need(ok, "serve users with the attribute active and PATCH")
	}},
	{IPSIEAL1, true, "users can be read by id and deleted", func(f Facts) (Status, string) {
		return need(f.Users.Served && f.Users.allows("delete"), "serve users with DELETE")
	}},
	{IPSIEAL1, true, "a deactivation ends web sessions, API tokens, refresh tokens, personal tokens, SSH keys and device credentials", func(f Facts) (Status, string) {
		if len(f.AccessHooks) == 0 {
			return NotFulfilled, "set Hooks.EndSessions or Hooks.Revoke"
		}
		return Host, join(f.AccessHooks) + " must end all of these"
	}},
	{IPSIEAL1, false, "access ends within 5 minutes of the deactivation", func(f Facts) (Status, string) {
		return need(len(f.AccessHooks) > 0, "set Hooks.EndSessions or Hooks.Revoke: they end it before the answer")
	}},
	{IPSIEAL1, true, "look-ups of users: userName, externalId, emails[value], emails[type and value]", func(f Facts) (Status, string) { return f.Users.lookups() }},
	{IPSIEAL1, true, "errors in SCIM's format, without internal details", always("")},
	{IPSIEAL1, true, "every write is audited", func(f Facts) (Status, string) { return need(f.Audit, "set Config.AuditTrail") }},
	{IPSIEAL1, true, "no local change of users and groups that the provider manages", hosts("in the application's own pages")},
}

var al2Demands = []demand{
	{IPSIEAL2, true, "users have userName, displayName, active, externalId", func(f Facts) (Status, string) {
		if !f.Users.Served {
			return NotFulfilled, "users are not served"
		}
		return lacks(f.Users.MissingAttributes, "the type of users lacks %s")
	}},
	{IPSIEAL2, true, "password is not supported", func(f Facts) (Status, string) {
		if f.KeepsPasswords {
			return Fulfilled, "for tokens with client ipsie-al2; other clients can set one (SetPassword)"
		}
		return Fulfilled, "for tokens with client interop or ipsie-*; other clients' passwords are dropped"
	}},
	{IPSIEAL2, true, "no credentials in schemas of the application", func(f Facts) (Status, string) {
		return lacks(f.Credentials, "%s is writeOnly or never returned")
	}},
	{IPSIEAL2, true, "users are created, changed by PATCH, and listed", func(f Facts) (Status, string) {
		return need(f.Users.Served && f.Users.allows("create", "patch"), "serve users with POST and PATCH")
	}},
	{IPSIEAL2, false, "at most 1,000 users on a page", always("for tokens with client ipsie-al2")},
	{IPSIEAL2, false, "paging by cursor", always("")},
	{IPSIEAL2, true, "groups have displayName, members, externalId", ofGroups(func(f Facts) (Status, string) {
		return lacks(f.Groups.MissingAttributes, "the type of groups lacks %s")
	})},
	{IPSIEAL2, true, "groups are created, also empty, changed by PATCH, and listed", ofGroups(func(f Facts) (Status, string) {
		return need(f.Groups.allows("create", "patch"), "serve groups with POST and PATCH")
	})},
	{IPSIEAL2, true, "look-ups of groups: displayName, externalId, members[value]", ofGroups(func(f Facts) (Status, string) { return f.Groups.lookups() })},
	{IPSIEAL2, true, "50 changes of members in one PATCH", ofGroups(func(f Facts) (Status, string) {
		return need(min(f.Operations, f.Members) >= 50, "set Limits.Operations and Limits.Members to at least 50")
	})},
	{IPSIEAL2, false, "displayName of groups is unique", ofGroups(func(f Facts) (Status, string) {
		return need(f.Groups.UniqueName, "the schema of groups has no uniqueness on displayName")
	})},
	{IPSIEAL2, true, "groups are mapped to roles of the application", ofGroups(hosts("package roles"))},
}

func always(remark string) func(Facts) (Status, string) {
	return func(Facts) (Status, string) { return Fulfilled, remark }
}

func hosts(remark string) func(Facts) (Status, string) {
	return func(Facts) (Status, string) { return Host, remark }
}

// ofGroups judges only where groups are served, which IPSIE leaves open.
func ofGroups(judge func(Facts) (Status, string)) func(Facts) (Status, string) {
	return func(f Facts) (Status, string) {
		if !f.Groups.Served {
			return Fulfilled, "groups are not served, and need not be"
		}
		return judge(f)
	}
}

// need is Fulfilled if ok, and otherwise NotFulfilled with the remedy.
func need(ok bool, remedy string) (Status, string) {
	if ok {
		return Fulfilled, ""
	}
	return NotFulfilled, remedy
}

// lacks is NotFulfilled if the list has entries, which the remark then names.
func lacks(list []string, remark string) (Status, string) {
	if len(list) == 0 {
		return Fulfilled, ""
	}
	return NotFulfilled, fmt.Sprintf(remark, join(list))
}

func join(list []string) string { return strings.Join(list, ", ") }

func tokensExpire(f Facts) (Status, string) {
	switch {
	case len(f.TokensWithoutExpiry) > 0:
		return NotFulfilled, "set Token.Expires of " + join(f.TokensWithoutExpiry)
	case f.TokensListed:
		return Fulfilled, ""
	}
	return Host, "the tokens are not in the configuration: give each an expiry"
}

func (f Facts) has(scheme string) bool { return slices.Contains(f.Schemes, scheme) }

// allows reports whether clients have all of the operations.
func (t Type) allows(operations ...string) bool {
	return !slices.ContainsFunc(operations, func(o string) bool { return slices.Contains(t.Without, o) })
}

func (t Type) lookups() (Status, string) {
	switch {
	case !t.Served:
		return NotFulfilled, "the type is not served"
	case len(t.Unknown) > 0:
		return NotFulfilled, "the type lacks the attribute of: " + strings.Join(t.Unknown, "; ")
	case len(t.Scanned) > 0:
		return Fulfilled, "the store does not evaluate, so that more than Limits.Scan resources are 400 tooMany: " + strings.Join(t.Scanned, "; ")
	}
	return Fulfilled, ""
}
