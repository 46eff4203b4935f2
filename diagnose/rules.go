package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// rule is one rule: when it holds, and what is to be done.
type rule struct {
	code     string
	severity Severity
	title    string
	do       string            // at any provider
	at       map[string]string // at one
	// find returns what was seen; the other members of the finding are the rule's.
	find func(t *track, now time.Time) (Finding, bool)
}

var byCode = func() map[string]*rule {
	m := map[string]*rule{}
	for i := range rules {
		m[rules[i].code] = &rules[i]
	}
	m[unauthorizedRule.code] = &unauthorizedRule
	return m
}()

// Codes returns the codes of all rules, each of which has a section in
// docs/diagnose.md.
func Codes() []string { return slices.Sorted(maps.Keys(byCode)) }

// fromSeries makes a find function of a series.
func fromSeries(s func(t *track) *series, holds func(s *series) bool, format string) func(*track, time.Time) (Finding, bool) {
	return func(t *track, _ time.Time) (Finding, bool) {
		x := s(t)
		if !holds(x) {
			return Finding{}, false
		}
		return Finding{Seen: fmt.Sprintf(format, x.hits(), x.n), Count: x.hits(), First: x.first, Last: x.last}, true
	}
}

func mostly(n int) func(*series) bool { return func(s *series) bool { return s.mostly(n) } }
func always(n int) func(*series) bool { return func(s *series) bool { return s.always(n) } }

// fromMemory makes a find function of a memory.
func fromMemory(m func(t *track) *memory, times, things int, format string) func(*track, time.Time) (Finding, bool) {
	return func(t *track, _ time.Time) (Finding, bool) {
		k, n, first, last := m(t).most(times)
		if k < things {
			return Finding{}, false
		}
		return Finding{Seen: fmt.Sprintf(format, k, n), Count: n, First: first, Last: last}, true
	}
}

var rules = []rule{
	{
		code: "active-missing", severity: Error,
		title: "`active` never arrives: leavers are not deactivated",
		do:    "Map the status of the account to `active`, for creations and updates, and provision once more.",
		at: map[string]string{
			"entra":    "Attribute mapping of users: map `active` from Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\"), the expression of new applications. A mapping that was deleted, or that still gives IsSoftDeleted to another attribute, sends nothing when somebody leaves. Then restart provisioning.",
			"okta":     "Provisioning, To App: tick Deactivate Users.",
			"onelogin": "Add \"active\": true to the SCIM JSON template, and enable deletion or suspension under Provisioning.",
		},
		find: func(t *track, _ time.Time) (Finding, bool) {
			s := &t.noActive
			if !s.mostly(5) || t.activeSent.After(s.first) {
				return Finding{}, false
			}
			return Finding{Seen: fmt.Sprintf("%d of the last %d users were created without `active`, and no change of it arrived since.", s.hits(), s.n), Count: s.hits(), First: s.first, Last: s.last}, true
		},
	},
	{
		code: "active-inverted", severity: Error,
		title: "every new user arrives inactive",
		do:    "`active` gets the opposite of what it means. Correct the mapping, then provision once more.",
		at: map[string]string{
			"entra": "`active` is mapped from IsSoftDeleted itself, which is False for people who work here. Use the expression Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\"), or Not([IsSoftDeleted]).",
		},
		find: fromSeries(func(t *track) *series { return &t.inactive }, always(3), "%d of the last %d users were created with `active` false."),
	},
	{
		code: "external-id-nickname", severity: Warning,
		title: "externalId looks like mailNickname",
		do:    "externalId is the name before the @, which changes with the person's name and may be given to another person later. Map it from an identifier that never changes.",
		at: map[string]string{
			"entra": "Attribute mapping of users: map externalId from objectId and not from mailNickname, before people are provisioned. For people who are here already correct their externalId first (package reconcile).",
		},
		find: fromSeries(func(t *track) *series { return &t.nickname }, mostly(3), "%d of the last %d users were created with an externalId that is the name before the @ of userName."),
	},
	{
		code: "external-id-missing", severity: Info,
		title: "users have no externalId",
		do:    "Without it a renamed user cannot be told from a new one. Map an identifier that never changes to externalId.",
		at: map[string]string{
			"entra":    "Attribute mapping of users: add objectId to externalId.",
			"onelogin": "Add \"externalId\": \"{$user.id}\" to the SCIM JSON template.",
		},
		find: fromSeries(func(t *track) *series { return &t.noExternalID }, always(5), "%d of the last %d users were created without externalId."),
	},
	{
		code: "user-name-object-id", severity: Warning,
		title: "userName is an object id",
		do:    "People sign in by userName, and see it. Map the login name or the e-mail address to it, and the identifier to externalId.",
		at: map[string]string{
			"entra": "Attribute mapping of users: map userName from userPrincipalName (or mail), and externalId from objectId.",
		},
		find: fromSeries(func(t *track) *series { return &t.uuidName }, always(3), "%d of the last %d users were created with a UUID as userName."),
	},
	{
		code: "display-name-empty", severity: Info,
		title: "displayName is empty",
		do:    "Map the full name of users to displayName, or people are shown by their userName.",
		at: map[string]string{
			"entra": "Attribute mapping of users: map displayName from displayName; of people without one from Join(\" \", [givenName], [surname]).",
		},
		find: fromSeries(func(t *track) *series { return &t.noDisplayName }, always(5), "%d of the last %d users were created without displayName, or with an empty one."),
	},
	{
		code: "group-name-empty", severity: Error,
		title: "groups arrive without displayName",
		do:    "displayName is required of a group. Map the name of groups to it.",
		find:  fromSeries(func(t *track) *series { return &t.unnamedGroup }, always(2), "%d of the last %d groups were sent without displayName."),
	},
	{
		code: "attribute-refused", severity: Error,
		title: "every request with one attribute is 400",
		do:    "Remove the attribute from the mapping, or map a value of the right type to it; or serve it (schema.NewResourceType with an extension).",
		at: map[string]string{
			"entra": "Attribute mapping of users: delete the mapping to this attribute, or correct its expression. An attribute of an extension needs its whole URN in the list of attributes (Show advanced options).",
			"okta":  "Profile Editor of the application: remove the attribute, or correct its External namespace (the schema URI) and its type.",
		},
		find: func(t *track, _ time.Time) (Finding, bool) {
			var worst *refusal
			others := 0
			for _, r := range t.refusals {
				if r.n < 3 {
					continue
				}
				others++
				if worst == nil || r.n > worst.n || r.n == worst.n && r.name < worst.name {
					worst = r
				}
			}
			if worst == nil {
				return Finding{}, false
			}
			verbs := strings.Join(slices.Sorted(maps.Keys(worst.verbs)), ", ")
			f := Finding{
				Title: fmt.Sprintf("every %s with `%s` is 400", verbs, worst.name), Count: worst.n, First: worst.first, Last: worst.last,
				Seen: fmt.Sprintf("%d requests (%s) were refused because of `%s`, and none with it was accepted since.", worst.n, verbs, worst.name),
			}
			if others > 1 {
				f.Seen += fmt.Sprintf(" %d other attributes are refused too.", others-1)
			}
			return f, true
		},
	},
	{
		code: "groups-before-members", severity: Error,
		title: "groups come before their members",
		do:    "Provision the people of a group as well, and before it; then push the group once more.",
		at: map[string]string{
			"entra": "Users and groups: assign the people or the group with them to the application, with the scope of assigned users and groups. Members of nested groups are not provisioned: assign those groups too.",
			"okta":  "Assignments: assign the people of a group before Push Groups, and use another group for the assignment than for the push; then push the group again.",
		},
		find: fromSeries(func(t *track) *series { return &t.missingMember }, func(s *series) bool { return s.hits() >= 2 }, "%d of the last %d requests with members named users who are not provisioned (400)."),
	},
	{
		code: "members-by-name", severity: Error,
		title: "members of groups are names and not ids",
		do:    "The value of a member is the id that this service gave to the user, not the userName, e-mail address or displayName. Such members have no access.",
		at: map[string]string{
			"onelogin": "Give the rule of the group the id of the user ({$parameters.scim_id}), not the name.",
		},
		find: fromSeries(func(t *track) *series { return &t.namedMember }, func(s *series) bool { return s.hits() >= 2 }, "%d of the last %d requests with members had a value with an @ or a space."),
	},
	{
		code: "put-without-members", severity: Warning,
		title: "groups are replaced without their members",
		do:    "A PUT without members empties the group. Let the provider change groups by PATCH, or send members always.",
		at: map[string]string{
			"keycloak": "Set the option for PATCH of groups (group-patchOp).",
		},
		find: fromSeries(func(t *track) *series { return &t.putWithoutMembers }, always(2), "%d of the last %d PUTs of groups had no members."),
	},
	{
		code: "conflict-repeated", severity: Error,
		title: "the same user is created again and again (409)",
		do:    "The provider does not find the user that is there: it looks it up by another attribute than the one that is taken, or the account belongs to another connection or to the application. Compare the two sides (package reconcile), and link or hand over the account.",
		at: map[string]string{
			"entra": "Attribute mapping of users: give userName (or externalId) Matching precedence 1, with the attribute that the accounts here have. On-demand provisioning of one person shows which value was looked up.",
			"okta":  "The look-up is by userName: compare the Application username format under Sign On with the userNames here; then assign the person again. Importing the accounts first lets you confirm who is who.",
		},
		find: fromMemory(func(t *track) *memory { return &t.conflicts }, 2, 1, "Users who were created again after a 409: %d, %d times in all."),
	},
	{
		code: "delete-without-deactivation", severity: Warning,
		title: "leavers are deleted at once",
		do:    "A deleted user is not restored when the person comes back. Let the provider deactivate, or answer DELETE by a deactivation (scim.DeactivateOnDelete).",
		at: map[string]string{
			"entra":    "Attribute mapping of users: without a mapping of `active`, Entra deletes the users who go out of scope. Map it, or untick Delete under Target object actions.",
			"onelogin": "Provisioning: choose Suspend for users who are deleted or lose the application.",
			"ping":     "Set the remove action to disable.",
			"google":   "Deprovisioning: choose a delay before deletion; suspension comes first.",
			"cyberark": "Provisioning: choose Disable for users who lose the application.",
		},
		find: func(t *track, now time.Time) (Finding, bool) {
			f, ok := fromSeries(func(t *track) *series { return &t.deletions }, always(3), "%d of the last %d deletions of users came from a connection that deactivated no user")(t, now)
			f.Seen += fmt.Sprintf(" since %s.", t.first.UTC().Format(time.DateOnly))
			return f, ok
		},
	},
	{
		code: "lookup-by-other", severity: Warning,
		title: "users are looked up by an attribute that is not unique",
		do:    "Match people by userName or externalId. An e-mail address may belong to two accounts, or pass to another person.",
		at: map[string]string{
			"entra": "Attribute mapping of users: give userName or externalId Matching precedence 1, and remove the others.",
			"ping":  "Set the unique user identifier of the connection to userName.",
		},
		find: func(t *track, now time.Time) (Finding, bool) {
			return fromSeries(func(t *track) *series { return &t.lookups }, mostly(3), "%d of the last %d look-ups of users were by `"+t.lookupBy+"`.")(t, now)
		},
	},
	{
		code: "filter-refused", severity: Error,
		title: "look-ups are refused (400)",
		do:    "The filter is not one of RFC 7644, or names an attribute that is not served. While look-ups fail, no user is matched: correct the attribute that people are matched by.",
		at: map[string]string{
			"entra": "Attribute mapping: the matching attribute must be one of this service, with its URN if it is of an extension. Characters that are not letters or digits in matching values are not supported there.",
		},
		find: func(t *track, now time.Time) (Finding, bool) {
			f, ok := fromSeries(func(t *track) *series { return &t.refusedFilter }, mostly(3), "%d of the last %d filters were refused.")(t, now)
			if ok && t.unquoted {
				f.Seen += " The last one compares with a value that has no quotes."
			}
			return f, ok
		},
	},
	{
		code: "test-only", severity: Warning,
		title: "only the test of the connection arrived",
		do:    "The connection works, and nothing is provisioned. Assign people at the provider and start provisioning.",
		at: map[string]string{
			"entra": "Users and groups: assign people. Provisioning: set the status to On (Start provisioning); the first cycle takes up to 40 minutes.",
			"okta":  "Provisioning, To App: enable Create Users, Update User Attributes and Deactivate Users; then assign people.",
		},
		find: func(t *track, now time.Time) (Finding, bool) {
			if t.writes > 0 || t.requests > 20 || now.Sub(t.first) < 2*time.Hour { // more: a client that only reads
				return Finding{}, false
			}
			return Finding{Seen: fmt.Sprintf("%d requests arrived in %s, and none of them writes.", t.requests, now.Sub(t.first).Round(time.Hour)), Count: t.requests, First: t.first, Last: t.last}, true
		},
	},
	{
		code: "paging-skips", severity: Warning,
		title: "the provider skips people when it lists them",
		do:    "It asks for pages that are larger than this service sends, and goes on after what it asked for. Reduce the page size at the provider to scim.Limits.MaxResults, or raise that.",
		find:  fromSeries(func(t *track) *series { return &t.skips }, func(s *series) bool { return s.hits() >= 2 }, "%d of the last %d pages began after the end of the page before."),
	},
	{
		code: "same-change-again", severity: Warning,
		title: "the same change is sent in every cycle",
		do:    "The provider compares what it sent with what it reads, and finds a difference: a value that is kept in another form, or an attribute that is not kept at all. Remove the mapping, or keep the attribute.",
		at: map[string]string{
			"entra": "The provisioning log shows which property is updated in every cycle; usually the manager, or an attribute of an extension that this service does not serve.",
		},
		find: fromMemory(func(t *track) *memory { return &t.contents }, 3, 2, "%d changes arrived three times or more in the same words, %d times in all."),
	},
	{
		code: "status-flaps", severity: Warning,
		title: "people are deactivated and reactivated in turn",
		do:    "Two sources disagree about them: two connections, two rules at the provider, or a person in an assigned group and in an excluded one. Let one of them decide.",
		find:  fromMemory(func(t *track) *memory { return &t.active }, 4, 1, "The status of %d users changed four times or more, %d times in all."),
	},
	{
		code: "unknown-id", severity: Error,
		title: "the provider changes users that are not here (404)",
		do:    "It remembers ids of users that were deleted here, or in another environment. Let it forget them, so that it looks the people up again.",
		at: map[string]string{
			"entra": "Provisioning: Restart provisioning, which clears what it remembers and matches all users again.",
			"okta":  "Remove the person's assignment and assign the person again; of a group, unlink the pushed group and push it again.",
		},
		find: fromMemory(func(t *track) *memory { return &t.unknown }, 2, 1, "%d ids were answered 404 twice or more, %d times in all."),
	},
	{
		code: "wrong-path", severity: Error,
		title: "the base URL is wrong",
		do:    "Requests go to a path that is none of this service. Compare the base URL at the provider with that of the connection: it ends before /Users.",
		at: map[string]string{
			"entra":    "Admin credentials: the Tenant URL ends before /Users, and may have ?aadOptscim062020 after it.",
			"okta":     "Provisioning, Integration: the SCIM connector base URL ends before /Users.",
			"onelogin": "Configuration: the SCIM Base URL ends before /Users.",
		},
		find: fromSeries(func(t *track) *series { return &t.noPath }, mostly(2), "%d of the last %d requests asked for a path that does not exist."),
	},
	{
		code: "too-large", severity: Error,
		title: "requests are too large (413)",
		do:    "Raise scim.Limits.Members and Body, or let the provider change groups by PATCH and not as a whole.",
		at: map[string]string{
			"okta": "Groups of an application of the App Integration Wizard are sent whole, by PUT: split the group, or use an application of the catalogue, which sends PATCH.",
		},
		find: fromSeries(func(t *track) *series { return &t.tooLarge }, func(s *series) bool { return s.hits() >= 2 }, "%d of the last %d changes were answered 413."),
	},
	{
		code: "password-sent", severity: Info,
		title: "passwords are sent",
		do:    "With single sign-on no password is needed here. Switch the synchronisation of passwords off.",
		at: map[string]string{
			"okta": "Provisioning, To App: untick Sync Password. Okta sends a random password with every new user all the same; it is dropped unless scim.Config.SetPassword is set.",
		},
		find: fromSeries(func(t *track) *series { return &t.password }, mostly(3), "%d of the last %d users were created with a password."),
	},
	{
		code: "clock-ahead", severity: Warning,
		title: "the clock of the provider is ahead",
		do:    "It asks for what changed after a time that is still to come, and misses the changes until then. Set the clocks of both sides by NTP.",
		find:  fromSeries(func(t *track) *series { return &t.ahead }, mostly(2), "%d of the last %d filters on meta.lastModified were more than five minutes ahead."),
	},
}

var unauthorizedRule = rule{
	code: "unauthorized", severity: Error,
	title: "the credential is refused (401)",
	do:    "The provider has an old credential, or one that expired or was revoked. Make a new one and enter it at the provider; after a rotation the old one ends at its time.",
	at: map[string]string{
		"entra": "Admin credentials: enter the new Secret token, Test connection, Save, then restart provisioning: it is in quarantine after many failures.",
		"okta":  "Provisioning, Integration: Edit, enter the new token, Test API Credentials, Save; then retry the failed tasks under Dashboard, Tasks.",
	},
}
