-- The requests of connections: one row for each hour, and one of all time.
CREATE TABLE IF NOT EXISTS scim_health (
	owner         VARBINARY(128) NOT NULL,
	name          VARBINARY(128) NOT NULL,
	hour          VARBINARY(30) NOT NULL,
	connection    LONGBLOB NOT NULL,
	requests      BIGINT NOT NULL,
	errors        BIGINT NOT NULL,
	server_errors BIGINT NOT NULL,
	rate_limited  BIGINT NOT NULL,
	stopped       BIGINT NOT NULL,
	last_request  VARBINARY(30) NOT NULL,
	last_success  VARBINARY(30) NOT NULL,
	last_error    VARBINARY(30) NOT NULL,
	error         LONGBLOB NOT NULL,
	PRIMARY KEY (owner, name, hour),
	KEY scim_health_hour (hour, last_request)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
