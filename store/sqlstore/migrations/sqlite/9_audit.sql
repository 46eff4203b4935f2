-- The connection of a record, and what DB.Records reads by. An index has the first
-- 128 characters of a text.
ALTER TABLE scim_audit ADD COLUMN connection TEXT NOT NULL DEFAULT '';
CREATE INDEX scim_audit_resource ON scim_audit (owner, substr(resource, 1, 128), at);
CREATE INDEX scim_audit_actor ON scim_audit (owner, substr(actor, 1, 128), at);
CREATE INDEX scim_audit_connection ON scim_audit (owner, substr(connection, 1, 128), at);
CREATE INDEX scim_audit_operation ON scim_audit (owner, substr(operation, 1, 128), at);
CREATE INDEX scim_audit_outcome ON scim_audit (owner, substr(outcome, 1, 128), at);
CREATE INDEX scim_audit_type ON scim_audit (owner, substr(type, 1, 128), at);
