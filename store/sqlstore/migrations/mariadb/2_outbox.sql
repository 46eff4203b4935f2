-- Lines of pending work: one row for each queue and resource that has any. due
-- is that of the first entry in the line.
CREATE TABLE IF NOT EXISTS scim_line (
	line  VARBINARY(64) NOT NULL PRIMARY KEY,
	queue VARBINARY(16) NOT NULL,
	due   VARBINARY(30) NOT NULL,
	KEY scim_line_due (queue, due)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- The outbox: pending and dead work, in the order of seq within each line.
CREATE TABLE IF NOT EXISTS scim_outbox (
	seq      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	id       VARBINARY(255) NOT NULL,
	line     VARBINARY(64) NOT NULL,
	dead     SMALLINT NOT NULL,
	queue    VARBINARY(16) NOT NULL,
	tenant   LONGBLOB NOT NULL,
	type     LONGBLOB NOT NULL,
	resource LONGBLOB NOT NULL,
	created  VARBINARY(30) NOT NULL,
	due      VARBINARY(30) NOT NULL,
	attempts INT NOT NULL,
	reason   LONGBLOB NOT NULL,
	payload  LONGBLOB NOT NULL,
	UNIQUE KEY scim_outbox_id (id),
	KEY scim_outbox_line (line, dead, seq),
	KEY scim_outbox_dead (dead, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
