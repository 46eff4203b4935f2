-- The owner of an entry is its tenant as other tables have it, for an index on
-- the dead entries of each tenant.
ALTER TABLE scim_outbox ADD COLUMN owner TEXT NOT NULL DEFAULT '';
DROP INDEX scim_outbox_dead;
CREATE INDEX scim_outbox_dead ON scim_outbox (owner, id) WHERE dead = 1;
