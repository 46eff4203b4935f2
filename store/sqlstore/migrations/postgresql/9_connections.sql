-- Connections to identity providers: one row for each name of a tenant.
CREATE TABLE scim_connection (
	owner      text COLLATE "C" NOT NULL,
	name       text COLLATE "C" NOT NULL,
	tenant     text COLLATE "C" NOT NULL,
	full_name  text COLLATE "C" NOT NULL,
	label      text NOT NULL,
	provider   text NOT NULL,
	client     text NOT NULL,
	policy     text NOT NULL,
	base_url   text NOT NULL,
	state      text NOT NULL,
	created    text COLLATE "C" NOT NULL,
	changed    text COLLATE "C" NOT NULL,
	changed_by text NOT NULL,
	reason     text NOT NULL,
	PRIMARY KEY (owner, name)
);
