-- The form of the body: what ResourceType.StoredFormat returned when it was written,
-- plus the version of the row. Any other number: the body is to be read with care. A
-- program that writes bodies itself sets it to 0, or leaves it while it counts up version.
ALTER TABLE scim_resource ADD COLUMN body_format bigint NOT NULL DEFAULT 0;
