-- The connection that a token belongs to, which owns what it provisions.
ALTER TABLE scim_token ADD COLUMN connection text NOT NULL DEFAULT '';
