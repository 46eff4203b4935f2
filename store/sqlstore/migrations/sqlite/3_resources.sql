-- How many resources there are, as the sum of shards, so that counting costs
-- the same however many they are.
CREATE TABLE scim_count (
	tenant TEXT NOT NULL,
	type   TEXT NOT NULL,
	shard  INTEGER NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (tenant, type, shard)
) STRICT, WITHOUT ROWID;
