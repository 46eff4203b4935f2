-- The requests of connections: one row for each hour, and one of all time.
CREATE TABLE scim_health (
	owner         text COLLATE "C" NOT NULL,
	name          text COLLATE "C" NOT NULL,
	hour          text COLLATE "C" NOT NULL,
	connection    text NOT NULL,
	requests      bigint NOT NULL,
	errors        bigint NOT NULL,
	server_errors bigint NOT NULL,
	rate_limited  bigint NOT NULL,
	stopped       bigint NOT NULL,
	last_request  text COLLATE "C" NOT NULL,
	last_success  text COLLATE "C" NOT NULL,
	last_error    text COLLATE "C" NOT NULL,
	error         text NOT NULL,
	PRIMARY KEY (owner, name, hour)
);
CREATE INDEX scim_health_hour ON scim_health (hour, last_request);
