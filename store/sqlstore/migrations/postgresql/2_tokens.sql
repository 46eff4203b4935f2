-- Bearer tokens, by the SHA-256 of their secret.
CREATE TABLE scim_token (
	id        text COLLATE "C" PRIMARY KEY,
	digest    text COLLATE "C" NOT NULL UNIQUE,
	owner     text COLLATE "C" NOT NULL,
	tenant    text COLLATE "C" NOT NULL,
	label     text NOT NULL,
	client    text NOT NULL,
	readonly  smallint NOT NULL,
	types     text NOT NULL,
	created   text COLLATE "C" NOT NULL,
	expires   text COLLATE "C" NOT NULL,
	last_used text COLLATE "C" NOT NULL,
	paused    smallint NOT NULL,
	revoked   smallint NOT NULL
);
CREATE INDEX scim_token_owner ON scim_token (owner, created, id);
