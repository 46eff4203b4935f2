-- Lines of pending work: one row for each queue and resource that has any. due
-- is that of the first entry in the line.
CREATE TABLE scim_line (
	line  TEXT PRIMARY KEY,
	queue TEXT NOT NULL,
	due   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_line_due ON scim_line (queue, due);

-- The outbox: pending and dead work, in the order of seq within each line.
CREATE TABLE scim_outbox (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	id       TEXT NOT NULL UNIQUE,
	line     TEXT NOT NULL,
	dead     INTEGER NOT NULL,
	queue    TEXT NOT NULL,
	tenant   TEXT NOT NULL,
	type     TEXT NOT NULL,
	resource TEXT NOT NULL,
	created  TEXT NOT NULL,
	due      TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	reason   TEXT NOT NULL,
	payload  TEXT NOT NULL
) STRICT;
CREATE INDEX scim_outbox_line ON scim_outbox (line, dead, seq);
CREATE INDEX scim_outbox_dead ON scim_outbox (seq) WHERE dead = 1;
