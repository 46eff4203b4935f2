-- The audit trail, in the order of seq. It is read and pruned by the application.
CREATE TABLE scim_audit (
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	id        TEXT NOT NULL UNIQUE,
	owner     TEXT NOT NULL,
	tenant    TEXT NOT NULL,
	actor     TEXT NOT NULL,
	at        TEXT NOT NULL,
	operation TEXT NOT NULL,
	type      TEXT NOT NULL,
	resource  TEXT NOT NULL,
	outcome   TEXT NOT NULL,
	payload   TEXT NOT NULL
) STRICT;
CREATE INDEX scim_audit_at ON scim_audit (owner, at);
