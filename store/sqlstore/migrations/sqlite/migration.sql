-- The migrations that were applied, by part.
CREATE TABLE IF NOT EXISTS scim_migration (
	part    TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (part, version)
) STRICT, WITHOUT ROWID;
