package readiness_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/readiness"
)

// complete are facts that fulfil every demand.
func complete() readiness.Facts {
	return readiness.Facts{
		HTTPS: true, Schemes: []string{"oauth2"}, TokensListed: true, RequestsPerSecond: 100, Bulk: true, Audit: true,
		AccessHooks: []string{"Hooks.Revoke"}, PageSize: 100, MaxResults: 1000, Operations: 50, Members: 50,
		Users: readiness.Type{Served: true}, Groups: readiness.Type{Served: true, UniqueName: true},
	}
}

// demandRow is a demand, its status where all is well, and a fact that changes it. A
// demand without a fact is always answered alike.
type demandRow struct {
	demand string
	good   readiness.Status
	change func(f *readiness.Facts)
	status readiness.Status
	remark string
}

const (
	yes  = readiness.Fulfilled
	no   = readiness.NotFulfilled
	host = readiness.Host
)

type facts = readiness.Facts

var demandRows = []demandRow{
	{"/ServiceProviderConfig, /ResourceTypes", yes, nil, 0, ""},
	{"canonicalValues on every type", yes, func(f *facts) { f.WithoutCanonicalValues = []string{"Device tags", "Device x"} }, no, "give Device tags, Device x canonicalValues"},
	{"userName is compared without case", yes, func(f *facts) { f.Users.CaseExactName = true }, no, "userName is caseExact"},
	{"unknown attributes and schema URIs", yes, nil, 0, ""},
	{"filters with eq and and", yes, nil, 0, ""},
	{"a count of 100", yes, func(f *facts) { f.MaxResults = 99 }, no, "Limits.MaxResults"},
	{"100 results on a page", yes, func(f *facts) { f.PageSize = 99 }, no, "Limits.PageSize"},
	{"PATCH of every type", yes, func(f *facts) { f.WithoutPatch = []string{"Group"} }, no, "leaves out PATCH of Group"},
	{"every operation of a PATCH has a path", yes, nil, 0, ""},
	{"DELETE deletes", yes, func(f *facts) { f.Deactivates = []string{"User"} }, no, "policy of User has DeactivateOnDelete"},
	{"a taken unique value is 409", yes, func(f *facts) { f.Restores = []string{"User"} }, no, "policy of User has an OnTwin"},
	{"TLS 1.2 or later", host, func(f *facts) { f.HTTPS = false }, no, "Config.BaseURL"},
	{"no HTTP Basic", yes, func(f *facts) { f.Schemes = []string{"httpbasic"} }, no, "HTTP Basic"},
	{"OAuth 2.0 for every request", yes, func(f *facts) { f.Schemes = []string{"oauthbearertoken"} }, no, "module oauth"},
	{"client_credentials with a signed", host, func(f *facts) { f.Schemes = nil }, no, "module oauth"},
	{"access tokens expire", yes, func(f *facts) { f.TokensWithoutExpiry = []string{"okta"} }, no, "Token.Expires of okta"},
	{"access tokens expire", yes, func(f *facts) { f.TokensListed = false }, host, "give each an expiry"},
	{"rate limit with 429", yes, func(f *facts) { f.RequestsPerSecond = math.Inf(1) }, no, "Limits.Rate"},
	{"at least 25 requests", host, func(f *facts) { f.RequestsPerSecond = 24.5 }, no, "allows 24.5"},
	{"/Bulk", yes, func(f *facts) { f.Bulk = false }, no, "WithoutBulk"},
	{"users are deactivated and reactivated", yes, func(f *facts) { f.Users.MissingAttributes = []string{"active"} }, no, "active"},
	{"users are deactivated and reactivated", yes, func(f *facts) { f.Users.Without = []string{"patch"} }, no, "PATCH"},
	{"users are deactivated and reactivated", yes, func(f *facts) { f.Users = readiness.Type{} }, no, "serve users"},
	{"users can be read by id and deleted", yes, func(f *facts) { f.Users.Without = []string{"delete"} }, no, "DELETE"},
	{"a deactivation ends web sessions", host, func(f *facts) { f.AccessHooks = nil }, no, "Hooks.Revoke"},
	{"access ends within 5 minutes", yes, func(f *facts) { f.AccessHooks = nil }, no, "Hooks.Revoke"},
	{"look-ups of users", yes, func(f *facts) { f.Users.Unknown = []string{`emails[value eq "x"]`} }, no, `emails[value eq "x"]`},
	{"look-ups of users", yes, func(f *facts) { f.Users.Scanned = []string{`externalId eq "x"`} }, yes, "Limits.Scan"},
	{"look-ups of users", yes, func(f *facts) { f.Users = readiness.Type{} }, no, "not served"},
	{"errors in SCIM's format", yes, nil, 0, ""},
	{"every write is audited", yes, func(f *facts) { f.Audit = false }, no, "Config.AuditTrail"},
	{"no local change", host, nil, 0, ""},
	{"users have userName", yes, func(f *facts) { f.Users.MissingAttributes = []string{"displayName"} }, no, "lacks displayName"},
	{"users have userName", yes, func(f *facts) { f.Users = readiness.Type{} }, no, "not served"},
	{"password is not supported", yes, func(f *facts) { f.KeepsPasswords = true }, yes, "for tokens with client ipsie-al2"},
	{"no credentials in schemas", yes, func(f *facts) { f.Credentials = []string{"Device pin"} }, no, "Device pin"},
	{"users are created, changed", yes, func(f *facts) { f.Users.Without = []string{"create"} }, no, "POST"},
	{"at most 1,000 users", yes, nil, 0, ""},
	{"paging by cursor", yes, nil, 0, ""},
	{"groups have displayName", yes, func(f *facts) { f.Groups.MissingAttributes = []string{"members"} }, no, "lacks members"},
	{"groups have displayName", yes, func(f *facts) { f.Groups = readiness.Type{} }, yes, "need not be"},
	{"groups are created", yes, func(f *facts) { f.Groups.Without = []string{"create"} }, no, "POST"},
	{"look-ups of groups", yes, func(f *facts) { f.Groups.Unknown = []string{"x"} }, no, "lacks"},
	{"50 changes of members", yes, func(f *facts) { f.Operations = 49 }, no, "Limits.Operations"},
	{"50 changes of members", yes, func(f *facts) { f.Members = 49 }, no, "Limits.Members"},
	{"displayName of groups is unique", yes, func(f *facts) { f.Groups.UniqueName = false }, no, "uniqueness"},
	{"groups are mapped to roles", host, nil, 0, ""},
}

func find(t *testing.T, r readiness.Report, demand string) readiness.Line {
	t.Helper()
	var found []readiness.Line
	for _, l := range r {
		if strings.HasPrefix(l.Demand, demand) {
			found = append(found, l)
		}
	}
	require.Len(t, found, 1, demand)
	return found[0]
}

// Every line follows from the facts that it is about.
func TestLines(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, row := range demandRows {
		good := find(t, readiness.Of(complete()), row.demand)
		tested[good.Demand] = true
		require.Equal(t, row.good, good.Status, row.demand)
		if row.change == nil {
			continue
		}
		f := complete()
		row.change(&f)
		got := find(t, readiness.Of(f), row.demand)
		require.Equal(t, row.status, got.Status, row.demand)
		require.Contains(t, got.Remark, row.remark, row.demand)
		require.NotEqual(t, good, got, row.demand)
	}
	for _, l := range readiness.Of(complete()) {
		require.True(t, tested[l.Demand], "no row about %q", l.Demand)
	}
}

// A profile is fulfilled if each MUST of it, and of those that it includes, is.
func TestProfilesIncludeOneAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                 string
		change               func(f *facts)
		interop, level1, al2 bool
	}{
		{"all", func(*facts) {}, true, true, true},
		{"a demand of interop", func(f *facts) { f.WithoutPatch = []string{"Group"} }, false, false, false},
		{"a demand of AL1", func(f *facts) { f.Audit = false }, true, false, false},
		{"a demand of AL2", func(f *facts) { f.Credentials = []string{"x"} }, true, true, false},
		{"a SHOULD", func(f *facts) { f.PageSize, f.Groups.UniqueName = 10, false }, true, true, true},
	} {
		f := complete()
		c.change(&f)
		r := readiness.Of(f)
		require.Equal(t, c.interop, r.Fulfils(readiness.Interop), c.name)
		require.Equal(t, c.level1, r.Fulfils(readiness.IPSIEAL1), c.name)
		require.Equal(t, c.al2, r.Fulfils(readiness.IPSIEAL2), c.name)
		require.False(t, r.Fulfils("ipsie-al3"), c.name)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	f := complete()
	f.Audit = false
	text := readiness.Of(f).String()
	require.Contains(t, text, "ipsie-al1  MUST    NO    every write is audited (set Config.AuditTrail)\n")
	require.Contains(t, text, "interop: fulfilled by the configuration")
	require.Contains(t, text, "ipsie-al1: not fulfilled: 1 of the MUST\n")
	require.Contains(t, text, "ipsie-al2: not fulfilled: 1 of the MUST\n")
}
