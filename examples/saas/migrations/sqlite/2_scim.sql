ALTER TABLE accounts ADD COLUMN email_key TEXT;
ALTER TABLE accounts ADD COLUMN external_id TEXT;
ALTER TABLE accounts ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN modified_at TIMESTAMP; -- a trigger keeps updated_at
ALTER TABLE accounts ADD COLUMN deleted_at TIMESTAMP;
ALTER TABLE accounts ADD COLUMN provisioned_by TEXT; -- NULL: an account of the application
ALTER TABLE accounts ADD COLUMN released_to TEXT; -- the connection that may adopt the account
DROP INDEX accounts_email;
CREATE UNIQUE INDEX accounts_email ON accounts (org_id, email_key);
CREATE INDEX accounts_external_id ON accounts (org_id, external_id);

ALTER TABLE teams ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE teams ADD COLUMN created_at TIMESTAMP;
ALTER TABLE teams ADD COLUMN updated_at TIMESTAMP;
ALTER TABLE teams ADD COLUMN provisioned_by TEXT;
CREATE INDEX teams_name_key ON teams (org_id, name_key);

-- SQLite has no ALTER COLUMN role SET DEFAULT 'member'.
ALTER TABLE team_members ADD COLUMN new_role TEXT NOT NULL DEFAULT 'member';
UPDATE team_members SET new_role = role;
ALTER TABLE team_members DROP COLUMN role;
ALTER TABLE team_members RENAME COLUMN new_role TO role;
CREATE INDEX team_members_account ON team_members (account_id);
