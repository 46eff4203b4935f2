-- One row for each resource. seq is the order of creation and of lists. Text
-- is compared byte for byte, whatever the database's collation.
CREATE TABLE scim_resource (
	seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant        text COLLATE "C" NOT NULL,
	type          text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	version       bigint NOT NULL,
	created       text COLLATE "C" NOT NULL,
	last_modified text COLLATE "C" NOT NULL,
	display       text NOT NULL,
	body          text NOT NULL,
	UNIQUE (tenant, type, id)
);
CREATE INDEX scim_resource_order ON scim_resource (tenant, type, seq);
CREATE INDEX scim_resource_modified ON scim_resource (tenant, type, last_modified, seq);

-- Ids that were deleted: never given out again, and still a place in the order.
CREATE TABLE scim_deleted (
	tenant text COLLATE "C" NOT NULL,
	type   text COLLATE "C" NOT NULL,
	id     text COLLATE "C" NOT NULL,
	seq    bigint NOT NULL,
	PRIMARY KEY (tenant, type, id)
);

-- Keys by which resources are looked up and sorted. A single-valued path has
-- exactly one row for each resource, absent where it has no value.
CREATE TABLE scim_key (
	seq    bigint NOT NULL,
	path   text COLLATE "C" NOT NULL,
	ord    integer NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	type   text COLLATE "C" NOT NULL,
	absent smallint NOT NULL,
	head   text COLLATE "C" NOT NULL,
	tail   text COLLATE "C" NOT NULL,
	kind   text COLLATE "C",
	PRIMARY KEY (seq, path, ord)
);
CREATE INDEX scim_key_value ON scim_key (tenant, type, path, absent, head, seq);

-- Values that only one resource of a type and tenant may have.
CREATE TABLE scim_unique (
	tenant text COLLATE "C" NOT NULL,
	type   text COLLATE "C" NOT NULL,
	path   text COLLATE "C" NOT NULL,
	ukey   text COLLATE "C" NOT NULL,
	seq    bigint NOT NULL,
	PRIMARY KEY (tenant, type, path, ukey)
);
CREATE INDEX scim_unique_resource ON scim_unique (seq);

-- Members of groups; ord is the order of joining.
CREATE TABLE scim_member (
	grp     bigint NOT NULL,
	ord     bigint NOT NULL,
	folded  text COLLATE "C" NOT NULL,
	member  text COLLATE "C" NOT NULL,
	type    text NOT NULL,
	kind    text COLLATE "C",
	display text NOT NULL,
	PRIMARY KEY (grp, ord)
);
CREATE UNIQUE INDEX scim_member_of ON scim_member (folded, grp, member);

-- How the keys of a resource type were made; see DB.Migrate.
CREATE TABLE scim_type (
	type text COLLATE "C" PRIMARY KEY,
	rule text NOT NULL
);
