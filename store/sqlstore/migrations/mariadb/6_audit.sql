-- The audit trail, in the order of seq. It is read and pruned by the application.
CREATE TABLE IF NOT EXISTS scim_audit (
	seq       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
	id        VARBINARY(255) NOT NULL,
	owner     VARBINARY(128) NOT NULL,
	tenant    LONGBLOB NOT NULL,
	actor     LONGBLOB NOT NULL,
	at        VARBINARY(30) NOT NULL,
	operation LONGBLOB NOT NULL,
	type      LONGBLOB NOT NULL,
	resource  LONGBLOB NOT NULL,
	outcome   LONGBLOB NOT NULL,
	payload   LONGBLOB NOT NULL,
	UNIQUE KEY scim_audit_id (id),
	KEY scim_audit_at (owner, at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
