-- Connections to identity providers: one row for each name of a tenant.
CREATE TABLE scim_connection (
	owner      TEXT NOT NULL,
	name       TEXT NOT NULL,
	tenant     TEXT NOT NULL,
	full_name  TEXT NOT NULL,
	label      TEXT NOT NULL,
	provider   TEXT NOT NULL,
	client     TEXT NOT NULL,
	policy     TEXT NOT NULL,
	base_url   TEXT NOT NULL,
	state      TEXT NOT NULL,
	created    TEXT NOT NULL,
	changed    TEXT NOT NULL,
	changed_by TEXT NOT NULL,
	reason     TEXT NOT NULL,
	PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
