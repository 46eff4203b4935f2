-- Bearer tokens, by the SHA-256 of their secret.
CREATE TABLE scim_token (
	id        TEXT PRIMARY KEY,
	digest    TEXT NOT NULL UNIQUE,
	owner     TEXT NOT NULL,
	tenant    TEXT NOT NULL,
	label     TEXT NOT NULL,
	client    TEXT NOT NULL,
	readonly  INTEGER NOT NULL,
	types     TEXT NOT NULL,
	created   TEXT NOT NULL,
	expires   TEXT NOT NULL,
	last_used TEXT NOT NULL,
	paused    INTEGER NOT NULL,
	revoked   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_token_owner ON scim_token (owner, created, id);
