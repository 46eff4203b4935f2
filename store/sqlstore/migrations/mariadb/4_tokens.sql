-- What a token's client is given: a policy, and URLs that it can reach.
ALTER TABLE scim_token ADD COLUMN IF NOT EXISTS policy LONGBLOB NOT NULL DEFAULT '';
ALTER TABLE scim_token ADD COLUMN IF NOT EXISTS base_url LONGBLOB NOT NULL DEFAULT '';
