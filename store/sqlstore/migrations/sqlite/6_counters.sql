-- Counters that processes share: one row for each name of a tenant.
CREATE TABLE scim_counter (
	owner TEXT NOT NULL,
	name  TEXT NOT NULL,
	n     INTEGER NOT NULL,
	ends  TEXT NOT NULL,
	PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_counter_ends ON scim_counter (owner, ends);
