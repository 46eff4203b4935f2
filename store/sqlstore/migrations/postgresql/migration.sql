-- The migrations that were applied, by part.
CREATE TABLE IF NOT EXISTS scim_migration (
	part    text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	PRIMARY KEY (part, version)
);
