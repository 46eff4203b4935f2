ALTER TABLE accounts
    ADD COLUMN email_key TEXT,
    ADD COLUMN external_id TEXT,
    ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '',
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN modified_at TIMESTAMPTZ NOT NULL DEFAULT now(), -- a trigger keeps updated_at
    ADD COLUMN deleted_at TIMESTAMPTZ,
    ADD COLUMN provisioned_by TEXT, -- NULL: an account of the application
    ADD COLUMN released_to TEXT;    -- the connection that may adopt the account
DROP INDEX accounts_email;
CREATE UNIQUE INDEX accounts_email ON accounts (org_id, email_key);
CREATE INDEX accounts_external_id ON accounts (org_id, external_id);

ALTER TABLE teams
    ADD COLUMN name_key TEXT NOT NULL DEFAULT '',
    ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '',
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    ADD COLUMN updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    ADD COLUMN provisioned_by TEXT;
CREATE INDEX teams_name_key ON teams (org_id, name_key);

ALTER TABLE team_members ALTER COLUMN role SET DEFAULT 'member';
CREATE INDEX team_members_account ON team_members (account_id);
