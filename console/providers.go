package console

// provider is an identity provider: what its administrator enters where.
type provider struct {
	Slug, Name string
	// Where is the place of the settings at the provider.
	Where []string
	// Fields are the values to copy, by the names that the provider gives them.
	Fields []providerField
	// Settings are those that matter: what to switch on, and what else would surprise.
	Settings []setting
	// First is the request that the provider's test sends, and what comes after it.
	First string
}

// providerField is a field of a provider's form with its value here: the base URL, the
// token, or a fixed text.
type providerField struct {
	Name, Value string // Value: "base", "token" or a text
}

type setting struct{ Name, Why string }

// The kinds of values of a field.
const (
	fieldBase  = "base"
	fieldToken = "token"
)

// providers are those that have a page, the generic one last.
var providers = []provider{
	{
		Slug: "okta", Name: "Okta",
		Where: []string{
			"Open the application in the Okta admin console. A new one is made by the App Integration Wizard, with SAML 2.0 or SWA: the wizard has no SCIM for OpenID Connect.",
			"General → App Settings → Edit: choose SCIM as Provisioning.",
			"Provisioning → Integration → Edit: enter the values, and press Test Connector Configuration.",
			"Provisioning → To App → Edit: enable Create Users, Update User Attributes and Deactivate Users.",
			"Assign people and groups, then choose the groups to send under Push Groups.",
		},
		Fields: []providerField{
			{"SCIM connector base URL", fieldBase}, {"Unique identifier field for users", "userName"},
			{"Authentication Mode", "HTTP Header"}, {"Authorization (Bearer)", fieldToken},
		},
		Settings: []setting{
			{"Supported provisioning actions", "Push New Users, Push Profile Updates, Push Groups. Import New Users and Profile Updates only if Okta should learn the accounts that are here."},
			{"Deactivate Users", "Without it nobody loses access. Okta deactivates and never deletes."},
			{"Sync Password", "Leave it off unless this application has passwords of its own."},
			{"Two lists of groups", "People come by Assignments, memberships by Push Groups. A group for both should be two groups: people have to be here before their membership arrives."},
		},
		First: "The test asks for a page of two users and for the groups. People follow when they are assigned.",
	},
	{
		Slug: "entra", Name: "Microsoft Entra ID",
		Where: []string{
			"Entra admin centre → Enterprise applications. For an application that is not in the gallery: New application → Create your own application → non-gallery.",
			"Provisioning → Connect your application (older: Provisioning Mode Automatic): enter the values, press Test Connection and save.",
			"Attribute mapping: check the mappings of users and of groups.",
			"Users and groups: assign whom to send. Then Start provisioning; Provision on demand sends one person at once.",
		},
		Fields: []providerField{{"Tenant URL", fieldBase}, {"Secret Token", fieldToken}},
		Settings: []setting{
			{"Mapping of active", "Keep the expression that the gallery has, Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\"). A direct mapping of IsSoftDeleted does the opposite."},
			{"Mapping of externalId", "Map objectId. The default, mailNickname, changes when somebody is renamed."},
			{"Matching precedence", "userName first, or externalId after the first cycle. Both are found here."},
			{"Scope", "Sync only assigned users and groups. Nested groups are not followed."},
			{"?aadOptscim062020 behind the URL", "Makes newer applications send the modern form of PATCH. Both forms are understood here."},
			{"Patience", "A cycle runs about every 40 minutes. Many errors put the job into quarantine: it then tries rarely until it is restarted."},
		},
		First: "Test Connection searches for a user that does not exist, and expects an empty list.",
	},
	{
		Slug: "onelogin", Name: "OneLogin",
		Where: []string{
			"Applications → Add App: SCIM Provisioner with SAML (SCIM v2 Core, or Enterprise for the department and the manager).",
			"Configuration: enter the values, then Enable.",
			"Parameters: map SCIM Username to the e-mail address or the user name.",
			"Provisioning: Enable provisioning, and choose what happens when a user is deleted or loses the app.",
		},
		Fields: []providerField{{"SCIM Base URL", fieldBase}, {"SCIM Bearer Token", fieldToken}, {"Custom Headers", "Content-Type: application/scim+json"}},
		Settings: []setting{
			{"SCIM JSON Template", "Send userName, name.givenName, name.familyName and emails. Add an externalId with {$user.id}, so that a rename finds the same person."},
			{"When users are deleted, or their access is removed", "Suspend keeps the account inactive; Delete removes it."},
			{"Require admin approval", "Untick it, or every change waits in Users → Provisioning."},
			{"Groups", "Tick Include in User Provisioning for the parameter Groups, and fill them by rules."},
		},
		First: "Enable asks for users and groups.",
	},
	{
		Slug: "google", Name: "Google Workspace",
		Where: []string{
			"Admin console → Apps → Web and mobile apps: open the SAML app.",
			"Auto-provisioning → Configure auto-provisioning: enter the values.",
			"Map the attributes, choose the groups whose members are sent, and choose what happens to those who leave.",
			"Turn auto-provisioning on.",
		},
		Fields: []providerField{{"Endpoint URL", fieldBase}, {"Access token", fieldToken}},
		Settings: []setting{
			{"Deprovisioning", "Choose “within 24 hours” for suspended and deleted users and for those who lose the app. The default may be days."},
			{"Groups", "Google sends users alone. The groups that are chosen only say whose accounts are sent."},
			{"Availability", "Google offers auto-provisioning for the apps of its catalogue; whether a custom SAML app has it depends on the edition."},
		},
		First: "The first request asks for one user. Changes follow within hours, not minutes.",
	},
	{
		Slug: "jumpcloud", Name: "JumpCloud",
		Where: []string{
			"SSO Applications: open the application, or add a Custom Application with Export users to this app (Identity Management).",
			"Identity Management: SCIM 2.0, enter the values and a Test User Email.",
			"Test Connection, then Activate, then Save.",
			"User Groups: tick the groups that are sent.",
		},
		Fields: []providerField{{"SCIM Version", "SCIM 2.0"}, {"Base URL", fieldBase}, {"Token Key", fieldToken}, {"Test User Email", "an address that no account here has"}},
		Settings: []setting{
			{"Management of User Groups and Group Membership", "Enable it in the same form if groups are to come too."},
			{"The test", "It creates a user and a group and deletes both. Activity shows them."},
		},
		First: "Test Connection creates and removes a test user: both should be green.",
	},
	{
		Slug: "ping", Name: "PingOne",
		Where: []string{
			"Integrations → Provisioning → + → New connection → Identity Store: SCIM Outbound.",
			"Enter the values, and press Test connection.",
			"Preferences: choose what happens to those who leave.",
			"Add a rule with a user filter (Enabled equals true) and an attribute mapping, and switch both the rule and the connection on.",
		},
		Fields: []providerField{
			{"SCIM Base URL", fieldBase}, {"Users Resource", "/Users"}, {"Groups Resource", "/Groups"}, {"SCIM Version", "2.0"},
			{"Authentication Method", "OAuth 2 Bearer Token"}, {"OAuth Access Token", fieldToken}, {"Auth Type Header", "Bearer"},
		},
		Settings: []setting{
			{"User identifier", "userName. Map the user id of PingOne to externalId, so that a rename finds the same person."},
			{"Remove action", "Disable keeps the account inactive; Delete removes it."},
			{"Group membership handling", "Merge adds and removes members one by one; overwrite sends the whole list each time."},
			{"Cleared values", "PingOne does not clear attributes: a removed phone number stays here."},
		},
		First: "Test connection asks for users.",
	},
	{
		Slug: "keycloak", Name: "Keycloak",
		Where: []string{
			"Keycloak sends SCIM by an extension. Put its jar into providers/ and restart.",
			"Realm settings → Events → Event listeners: add scim.",
			"User federation → Add provider scim: enter the values.",
		},
		Fields: []providerField{{"SCIM 2.0 endpoint", fieldBase}, {"Endpoint content type", "application/scim+json"}, {"Auth mode", "BEARER"}, {"Auth password/token", fieldToken}},
		Settings: []setting{
			{"User and group propagation", "Enable both."},
			{"Import during sync", "Leave it off, unless Keycloak should learn the accounts that are here."},
			{"Periodic full sync", "Events are sent once: a sync repairs what was lost while this application was away."},
		},
		First: "Names of the fields differ between extensions. Most send nothing before the first user is changed; Sync all users sends everybody.",
	},
	{
		Slug: "authentik", Name: "authentik",
		Where: []string{
			"Applications → Providers → Create: SCIM Provider, with the values.",
			"Applications: open the application, and add the provider under Backchannel providers.",
			"The provider's page shows the sync. Run it again to send everything at once.",
		},
		Fields: []providerField{{"URL", fieldBase}, {"Authentication mode", "Static token"}, {"Token", fieldToken}, {"Compatibility mode", "Default"}},
		Settings: []setting{
			{"User filtering", "Choose the group whose members are sent, and exclude service accounts."},
			{"Property mappings", "The default SCIM mappings of users and groups fit."},
			{"Dry-run", "Off: with it nothing is written."},
		},
		First: "The sync begins with the ServiceProviderConfig and goes on with users.",
	},
	{
		Slug: "sailpoint", Name: "SailPoint",
		Where: []string{
			"Admin → Connections → Sources → Create New: SCIM 2.0.",
			"Configuration: enter the values, and test the connection.",
			"Import Data → Account Schema → Discover, then aggregate accounts and entitlements.",
			"Add a provisioning policy for Create Account, and access profiles for the groups.",
		},
		Fields: []providerField{{"Base URL", fieldBase}, {"Authentication Type", "API Token"}, {"API Token", fieldToken}},
		Settings: []setting{
			{"Account ID and Account Name", "id and userName, as Discover suggests."},
			{"Correlation", "Correlate by externalId or userName; an e-mail address may belong to somebody else later."},
			{"Disable and Enable", "Map them to active, so that a leaver is deactivated and not only loses entitlements."},
		},
		First: "The test reads ServiceProviderConfig, ResourceTypes and Schemas; an aggregation reads all accounts page by page.",
	},
	{
		Slug: "rippling", Name: "Rippling",
		Where: []string{
			"IT → Third-Party Access → Add Integration → Create New Custom Integration, with User Management via SCIM.",
			"Enter the values, install it, and paste the token.",
			"Choose who gets the app, and when: on the start date, and at the end of the employment.",
		},
		Fields: []providerField{{"SCIM Version", "2.0"}, {"SCIM Base URL", fieldBase}, {"SCIM Authorization Method", "Bearer Token"}, {"Bearer Token", fieldToken}},
		Settings: []setting{
			{"Supports Groups, Create & Delete Groups", "Tick both if groups are to come."},
			{"Use PATCH to edit Groups, Supports Pagination", "Tick both."},
			{"Supported SCIM Attributes", "externalId, emails.primary, name.givenName, name.familyName."},
			{"Cadence of mappings", "On user creation and updates, or changes do not arrive."},
		},
		First: "The connection is tested with the ServiceProviderConfig.",
	},
	{
		Slug: "other", Name: "Another provider",
		Where: []string{
			"Look for provisioning by SCIM 2.0 in the settings of the application at the provider.",
			"Enter the values, and send one test user first.",
		},
		Fields: []providerField{{"Base URL", fieldBase}, {"Authentication", "Bearer token in the header Authorization"}, {"Token", fieldToken}, {"Unique identifier", "userName"}},
		Settings: []setting{
			{"externalId", "Map an id that never changes, not an address or a name."},
			{"active", "Map the status, so that leavers are deactivated."},
			{"Order", "Send people before groups, so that their memberships find them."},
		},
		First: "Most providers begin with a search for a user, or with the ServiceProviderConfig.",
	},
}

func providerOf(slug string) *provider {
	for i := range providers {
		if providers[i].Slug == slug {
			return &providers[i]
		}
	}
	return nil
}
