-- The 1,000 bytes of a tail by which keys with the same head are sorted: less than
-- max_sort_length, beyond which MariaDB treats texts as equal and paging would skip
-- resources. The index has the order of a list; it replaces the one without.
ALTER TABLE scim_key
	ADD COLUMN IF NOT EXISTS tail_sorted VARBINARY(1000) AS (LEFT(tail, 1000)) VIRTUAL;
CREATE INDEX IF NOT EXISTS scim_key_sorted ON scim_key (tenant, type, path, absent, head, tail_sorted, seq);
DROP INDEX IF EXISTS scim_key_value ON scim_key;
