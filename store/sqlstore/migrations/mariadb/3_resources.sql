-- How many resources there are, as the sum of shards, so that counting costs
-- the same however many they are and writers seldom wait for each other.
CREATE TABLE IF NOT EXISTS scim_count (
	tenant VARBINARY(128) NOT NULL,
	type   VARBINARY(128) NOT NULL,
	shard  SMALLINT NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (tenant, type, shard)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
