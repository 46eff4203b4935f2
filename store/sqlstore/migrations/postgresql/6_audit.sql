-- The audit trail, in the order of seq. It is read and pruned by the application.
CREATE TABLE scim_audit (
	seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id        text COLLATE "C" NOT NULL UNIQUE,
	owner     text COLLATE "C" NOT NULL,
	tenant    text COLLATE "C" NOT NULL,
	actor     text COLLATE "C" NOT NULL,
	at        text COLLATE "C" NOT NULL,
	operation text COLLATE "C" NOT NULL,
	type      text COLLATE "C" NOT NULL,
	resource  text COLLATE "C" NOT NULL,
	outcome   text COLLATE "C" NOT NULL,
	payload   text NOT NULL
);
CREATE INDEX scim_audit_at ON scim_audit (owner, at);
