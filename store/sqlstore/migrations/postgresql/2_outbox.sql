-- Lines of pending work: one row for each queue and resource that has any. due
-- is that of the first entry in the line.
CREATE TABLE scim_line (
	line  text COLLATE "C" PRIMARY KEY,
	queue text COLLATE "C" NOT NULL,
	due   text COLLATE "C" NOT NULL
);
CREATE INDEX scim_line_due ON scim_line (queue, due);

-- The outbox: pending and dead work, in the order of seq within each line.
CREATE TABLE scim_outbox (
	seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id       text COLLATE "C" NOT NULL UNIQUE,
	line     text COLLATE "C" NOT NULL,
	dead     smallint NOT NULL,
	queue    text COLLATE "C" NOT NULL,
	tenant   text COLLATE "C" NOT NULL,
	type     text COLLATE "C" NOT NULL,
	resource text COLLATE "C" NOT NULL,
	created  text COLLATE "C" NOT NULL,
	due      text COLLATE "C" NOT NULL,
	attempts integer NOT NULL,
	reason   text NOT NULL,
	payload  text NOT NULL
);
CREATE INDEX scim_outbox_line ON scim_outbox (line, dead, seq);
CREATE INDEX scim_outbox_dead ON scim_outbox (seq) WHERE dead = 1;
