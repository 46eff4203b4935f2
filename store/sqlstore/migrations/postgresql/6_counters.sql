-- Counters that processes share: one row for each name of a tenant.
CREATE TABLE scim_counter (
	owner text COLLATE "C" NOT NULL,
	name  text COLLATE "C" NOT NULL,
	n     bigint NOT NULL,
	ends  text COLLATE "C" NOT NULL,
	PRIMARY KEY (owner, name)
);
CREATE INDEX scim_counter_ends ON scim_counter (owner, ends);
