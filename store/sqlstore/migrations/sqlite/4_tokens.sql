-- What a token's client is given: a policy, and URLs that it can reach.
ALTER TABLE scim_token ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE scim_token ADD COLUMN base_url TEXT NOT NULL DEFAULT '';
