ALTER TABLE users ADD COLUMN email_key TEXT;
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN updated_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN deleted_at TIMESTAMPTZ;
UPDATE users SET updated_at = created_at;

-- An address is unique without regard to case, and free once its user is deleted.
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email_key ON users (email_key);
CREATE INDEX users_external_id ON users (external_id);

-- For filters on emails; kept by the library.
CREATE TABLE user_emails (
    user_id   BIGINT NOT NULL REFERENCES users (id),
    value     TEXT,
    value_key TEXT,
    type      TEXT,
    type_key  TEXT
);
CREATE INDEX user_emails_user ON user_emails (user_id);
CREATE INDEX user_emails_value ON user_emails (value_key);

ALTER TABLE teams ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN external_id TEXT;
ALTER TABLE teams ADD COLUMN scim_rest TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE teams ADD COLUMN created_at TIMESTAMPTZ;
ALTER TABLE teams ADD COLUMN updated_at TIMESTAMPTZ;
UPDATE teams SET created_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP;
CREATE INDEX teams_name_key ON teams (name_key);
CREATE INDEX teams_external_id ON teams (external_id);
CREATE INDEX team_members_user ON team_members (user_id);
