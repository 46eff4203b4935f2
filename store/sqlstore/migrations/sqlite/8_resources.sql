-- Members that left a group in large numbers, by the first and last ord of their
-- rows in scim_member. Later writes remove those rows. grp may be the seq of a
-- group that was deleted.
CREATE TABLE scim_left (
	grp   INTEGER NOT NULL,
	last  INTEGER NOT NULL,
	first INTEGER NOT NULL,
	PRIMARY KEY (grp, last)
) STRICT, WITHOUT ROWID;
