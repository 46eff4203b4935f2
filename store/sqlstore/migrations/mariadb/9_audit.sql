-- The connection of a record, and what DB.Records reads by. An index has the first
-- 128 bytes of a text.
ALTER TABLE scim_audit ADD COLUMN IF NOT EXISTS connection LONGBLOB NOT NULL DEFAULT '';
ALTER TABLE scim_audit
	ADD COLUMN IF NOT EXISTS resource_head VARBINARY(128) AS (LEFT(resource, 128)) VIRTUAL,
	ADD COLUMN IF NOT EXISTS actor_head VARBINARY(128) AS (LEFT(actor, 128)) VIRTUAL,
	ADD COLUMN IF NOT EXISTS connection_head VARBINARY(128) AS (LEFT(connection, 128)) VIRTUAL,
	ADD COLUMN IF NOT EXISTS operation_head VARBINARY(128) AS (LEFT(operation, 128)) VIRTUAL,
	ADD COLUMN IF NOT EXISTS outcome_head VARBINARY(128) AS (LEFT(outcome, 128)) VIRTUAL,
	ADD COLUMN IF NOT EXISTS type_head VARBINARY(128) AS (LEFT(type, 128)) VIRTUAL;
CREATE INDEX IF NOT EXISTS scim_audit_resource ON scim_audit (owner, resource_head, at);
CREATE INDEX IF NOT EXISTS scim_audit_actor ON scim_audit (owner, actor_head, at);
CREATE INDEX IF NOT EXISTS scim_audit_connection ON scim_audit (owner, connection_head, at);
CREATE INDEX IF NOT EXISTS scim_audit_operation ON scim_audit (owner, operation_head, at);
CREATE INDEX IF NOT EXISTS scim_audit_outcome ON scim_audit (owner, outcome_head, at);
CREATE INDEX IF NOT EXISTS scim_audit_type ON scim_audit (owner, type_head, at);
