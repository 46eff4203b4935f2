-- One row for each resource. seq is the order of creation and of lists.
CREATE TABLE scim_resource (
	seq           INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant        TEXT NOT NULL,
	type          TEXT NOT NULL,
	id            TEXT NOT NULL,
	version       INTEGER NOT NULL,
	created       TEXT NOT NULL,
	last_modified TEXT NOT NULL,
	display       TEXT NOT NULL,
	body          TEXT NOT NULL,
	UNIQUE (tenant, type, id)
) STRICT;
CREATE INDEX scim_resource_order ON scim_resource (tenant, type, seq);
CREATE INDEX scim_resource_modified ON scim_resource (tenant, type, last_modified, seq);

-- Ids that were deleted: never given out again, and still a place in the order.
CREATE TABLE scim_deleted (
	tenant TEXT NOT NULL,
	type   TEXT NOT NULL,
	id     TEXT NOT NULL,
	seq    INTEGER NOT NULL,
	PRIMARY KEY (tenant, type, id)
) STRICT, WITHOUT ROWID;

-- Keys by which resources are looked up and sorted. A single-valued path has
-- exactly one row for each resource, absent where it has no value.
CREATE TABLE scim_key (
	seq    INTEGER NOT NULL,
	path   TEXT NOT NULL,
	ord    INTEGER NOT NULL,
	tenant TEXT NOT NULL,
	type   TEXT NOT NULL,
	absent INTEGER NOT NULL,
	head   TEXT NOT NULL,
	tail   TEXT NOT NULL,
	kind   TEXT,
	PRIMARY KEY (seq, path, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_key_value ON scim_key (tenant, type, path, absent, head, tail, seq);

-- Values that only one resource of a type and tenant may have.
CREATE TABLE scim_unique (
	tenant TEXT NOT NULL,
	type   TEXT NOT NULL,
	path   TEXT NOT NULL,
	ukey   TEXT NOT NULL,
	seq    INTEGER NOT NULL,
	PRIMARY KEY (tenant, type, path, ukey)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_unique_resource ON scim_unique (seq);

-- Members of groups; ord is the order of joining.
CREATE TABLE scim_member (
	grp     INTEGER NOT NULL,
	ord     INTEGER NOT NULL,
	folded  TEXT NOT NULL,
	member  TEXT NOT NULL,
	type    TEXT NOT NULL,
	kind    TEXT,
	display TEXT NOT NULL,
	PRIMARY KEY (grp, ord)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX scim_member_of ON scim_member (folded, grp, member);

-- How the keys of a resource type were made; see DB.Migrate.
CREATE TABLE scim_type (
	type TEXT PRIMARY KEY,
	rule TEXT NOT NULL
) STRICT;
