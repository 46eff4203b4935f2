-- Bearer tokens, by the SHA-256 of their secret.
CREATE TABLE IF NOT EXISTS scim_token (
	id        VARBINARY(255) NOT NULL PRIMARY KEY,
	digest    VARBINARY(64) NOT NULL,
	owner     VARBINARY(128) NOT NULL,
	tenant    LONGBLOB NOT NULL,
	label     LONGBLOB NOT NULL,
	client    LONGBLOB NOT NULL,
	readonly  SMALLINT NOT NULL,
	types     LONGBLOB NOT NULL,
	created   VARBINARY(30) NOT NULL,
	expires   VARBINARY(30) NOT NULL,
	last_used VARBINARY(30) NOT NULL,
	paused    SMALLINT NOT NULL,
	revoked   SMALLINT NOT NULL,
	UNIQUE KEY scim_token_digest (digest),
	KEY scim_token_owner (owner, created, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
