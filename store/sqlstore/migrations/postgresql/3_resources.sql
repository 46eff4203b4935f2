-- How many resources there are, as the sum of shards, so that counting costs
-- the same however many they are and writers seldom wait for each other.
CREATE TABLE scim_count (
	tenant text COLLATE "C" NOT NULL,
	type   text COLLATE "C" NOT NULL,
	shard  smallint NOT NULL,
	n      bigint NOT NULL,
	PRIMARY KEY (tenant, type, shard)
) WITH (fillfactor = 20);
