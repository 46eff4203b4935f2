-- The migrations that were applied, by part.
CREATE TABLE IF NOT EXISTS scim_migration (
	part    VARBINARY(32) NOT NULL,
	version INT NOT NULL,
	PRIMARY KEY (part, version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
