-- The clients of the token endpoint: one connection of one organisation each.
CREATE TABLE oauth_clients (
    id         TEXT PRIMARY KEY,
    org_id     BIGINT NOT NULL REFERENCES organisations (id),
    connection TEXT NOT NULL, -- the owner of what the client provisions
    jwks       TEXT NOT NULL DEFAULT '', -- the public keys of private_key_jwt
    revoked    BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE oauth_secrets (
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES oauth_clients (id),
    sha256     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_secrets_client ON oauth_secrets (client_id);

-- The JWTs of other issuers that a client may send: to the token endpoint, or (bearer)
-- to the SCIM endpoints.
CREATE TABLE oauth_trusts (
    client_id TEXT NOT NULL REFERENCES oauth_clients (id),
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    audience  TEXT NOT NULL,
    tenant_id TEXT NOT NULL, -- of Entra ID
    jwks_url  TEXT NOT NULL,
    jwks      TEXT NOT NULL,
    bearer    BOOLEAN NOT NULL
);
CREATE INDEX oauth_trusts_subject ON oauth_trusts (issuer, subject);
CREATE INDEX oauth_trusts_client ON oauth_trusts (client_id);
