-- The owner of an entry is its tenant as other tables have it, for an index on
-- the dead entries of each tenant.
ALTER TABLE scim_outbox ADD COLUMN IF NOT EXISTS owner VARBINARY(128) NOT NULL DEFAULT '';
DROP INDEX IF EXISTS scim_outbox_dead ON scim_outbox;
CREATE INDEX IF NOT EXISTS scim_outbox_dead_of ON scim_outbox (dead, owner, id);
