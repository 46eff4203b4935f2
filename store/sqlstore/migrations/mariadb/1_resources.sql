-- One row for each resource. seq is the order of creation and of lists. Text
-- is kept as its UTF-8 bytes: compared byte for byte, and independent of the
-- character set of the connection. DDL commits by itself here, so that every
-- statement can be run again.
CREATE TABLE IF NOT EXISTS scim_resource (
	seq           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	tenant        VARBINARY(128) NOT NULL,
	type          VARBINARY(128) NOT NULL,
	id            VARBINARY(255) NOT NULL,
	version       BIGINT NOT NULL,
	created       VARBINARY(30) NOT NULL,
	last_modified VARBINARY(30) NOT NULL,
	display       LONGBLOB NOT NULL,
	body          LONGBLOB NOT NULL,
	UNIQUE KEY scim_resource_id (tenant, type, id),
	KEY scim_resource_order (tenant, type, seq),
	KEY scim_resource_modified (tenant, type, last_modified, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Ids that were deleted: never given out again, and still a place in the order.
CREATE TABLE IF NOT EXISTS scim_deleted (
	tenant VARBINARY(128) NOT NULL,
	type   VARBINARY(128) NOT NULL,
	id     VARBINARY(255) NOT NULL,
	seq    BIGINT NOT NULL,
	PRIMARY KEY (tenant, type, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Keys by which resources are looked up and sorted. A single-valued path has
-- exactly one row for each resource, absent where it has no value.
CREATE TABLE IF NOT EXISTS scim_key (
	seq    BIGINT NOT NULL,
	path   VARBINARY(128) NOT NULL,
	ord    INT NOT NULL,
	tenant VARBINARY(128) NOT NULL,
	type   VARBINARY(128) NOT NULL,
	absent SMALLINT NOT NULL,
	head   VARBINARY(512) NOT NULL,
	tail   LONGBLOB NOT NULL,
	kind   LONGBLOB,
	PRIMARY KEY (seq, path, ord),
	KEY scim_key_value (tenant, type, path, absent, head, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Values that only one resource of a type and tenant may have.
CREATE TABLE IF NOT EXISTS scim_unique (
	tenant VARBINARY(128) NOT NULL,
	type   VARBINARY(128) NOT NULL,
	path   VARBINARY(128) NOT NULL,
	ukey   VARBINARY(128) NOT NULL,
	seq    BIGINT NOT NULL,
	PRIMARY KEY (tenant, type, path, ukey),
	KEY scim_unique_resource (seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- Members of groups; ord is the order of joining.
CREATE TABLE IF NOT EXISTS scim_member (
	grp     BIGINT NOT NULL,
	ord     BIGINT NOT NULL,
	folded  VARBINARY(128) NOT NULL,
	member  VARBINARY(255) NOT NULL,
	type    LONGBLOB NOT NULL,
	kind    VARBINARY(128),
	display LONGBLOB NOT NULL,
	PRIMARY KEY (grp, ord),
	UNIQUE KEY scim_member_of (folded, grp, member)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

-- How the keys of a resource type were made; see DB.Migrate.
CREATE TABLE IF NOT EXISTS scim_type (
	type VARBINARY(128) NOT NULL PRIMARY KEY,
	rule LONGBLOB NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
