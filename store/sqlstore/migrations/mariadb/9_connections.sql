-- Connections to identity providers: one row for each name of a tenant.
CREATE TABLE IF NOT EXISTS scim_connection (
	owner      VARBINARY(128) NOT NULL,
	name       VARBINARY(128) NOT NULL,
	tenant     LONGBLOB NOT NULL,
	full_name  LONGBLOB NOT NULL,
	label      LONGBLOB NOT NULL,
	provider   LONGBLOB NOT NULL,
	client     LONGBLOB NOT NULL,
	policy     LONGBLOB NOT NULL,
	base_url   LONGBLOB NOT NULL,
	state      VARBINARY(16) NOT NULL,
	created    VARBINARY(30) NOT NULL,
	changed    VARBINARY(30) NOT NULL,
	changed_by LONGBLOB NOT NULL,
	reason     LONGBLOB NOT NULL,
	PRIMARY KEY (owner, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
