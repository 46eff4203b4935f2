-- Counters that processes share: one row for each name of a tenant.
CREATE TABLE IF NOT EXISTS scim_counter (
	owner VARBINARY(128) NOT NULL,
	name  VARBINARY(128) NOT NULL,
	n     BIGINT NOT NULL,
	ends  VARBINARY(30) NOT NULL,
	PRIMARY KEY (owner, name),
	KEY scim_counter_ends (owner, ends)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
