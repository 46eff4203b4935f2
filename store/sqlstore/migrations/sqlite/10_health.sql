-- The requests of connections: one row for each hour, and one of all time.
CREATE TABLE scim_health (
	owner         TEXT NOT NULL,
	name          TEXT NOT NULL,
	hour          TEXT NOT NULL,
	connection    TEXT NOT NULL,
	requests      INTEGER NOT NULL,
	errors        INTEGER NOT NULL,
	server_errors INTEGER NOT NULL,
	rate_limited  INTEGER NOT NULL,
	stopped       INTEGER NOT NULL,
	last_request  TEXT NOT NULL,
	last_success  TEXT NOT NULL,
	last_error    TEXT NOT NULL,
	error         TEXT NOT NULL,
	PRIMARY KEY (owner, name, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_health_hour ON scim_health (hour, last_request);
