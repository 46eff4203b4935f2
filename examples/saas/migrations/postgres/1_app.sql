-- The application before SCIM.
CREATE TABLE organisations (
    id   BIGINT PRIMARY KEY,
    name TEXT NOT NULL
);
INSERT INTO organisations (id, name) VALUES (1, 'Acme'), (2, 'Globex');

CREATE TABLE accounts (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         TEXT NOT NULL,
    full_name     TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'invited')),
    org_id        BIGINT NOT NULL REFERENCES organisations (id),
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    password_hash TEXT NOT NULL
);
CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_updated_at BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE teams (
    id     UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    slug   TEXT NOT NULL,
    name   TEXT NOT NULL,
    org_id BIGINT NOT NULL REFERENCES organisations (id)
);

CREATE TABLE team_members (
    team_id    UUID NOT NULL REFERENCES teams (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    role       TEXT NOT NULL,
    PRIMARY KEY (team_id, account_id)
);

-- Roles are given by hand, and to the members of teams.
CREATE TABLE account_roles (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    role       TEXT NOT NULL,
    PRIMARY KEY (account_id, role)
);
CREATE TABLE team_roles (
    team_id UUID NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (team_id, role)
);
CREATE VIEW roles AS
    SELECT account_id, role FROM account_roles
    UNION SELECT m.account_id, r.role FROM team_members m JOIN team_roles r ON r.team_id = m.team_id;

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE api_keys (
    key_hash   TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id)
);
CREATE INDEX api_keys_account ON api_keys (account_id);

CREATE TABLE audit (
    org_id     BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    what       TEXT NOT NULL,
    at         TIMESTAMPTZ NOT NULL DEFAULT now()
);
