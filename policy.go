package scim

// TwinPolicy says what a POST does when its unique value (userName) belongs to
// an inactive resource, or belonged to a deleted one: somebody who left and
// comes back.
type TwinPolicy uint8

const (
	// RefuseTwin answers 409 uniqueness: the client finds the twin and
	// reactivates it.
	RefuseTwin TwinPolicy = iota
	// RestoreInactive replaces the inactive twin by what the client sent, as
	// PUT would, and answers 201 with the twin's id. It is active unless the
	// client says otherwise. Config.Authorize is asked whether the client may
	// replace the twin; if not, it is a conflict as any other.
	RestoreInactive
	// RestoreDeleted is RestoreInactive, and a resource that was deleted comes
	// back under its old id if its unique value is free and the store still has
	// it; of several, the one deleted last. It answers 201. New wants Config.Tx,
	// a store.Reviver that declares Capabilities.Revives, and a type without
	// members.
	//
	// The id and meta.created stay, the version moves on. All else is what the
	// client sent, as PUT would make it: externalId, extensions, roles and
	// entitlements are not taken over, readOnly and omitted immutable values
	// are. It is active unless the client says otherwise. Memberships ended with
	// the deletion and stay ended, and with them what they granted (package
	// roles). The library has no password to bring back; what becomes of the application's
	// own columns is the store's affair (see sqlquery.Options.New).
	//
	// Events are EventRestored, EventReactivated unless it comes back inactive,
	// and EventUpdated if anything else differs, all with CauseRestore; Before
	// is what was deleted, as inactive. The audit record has the old id.
	//
	// Revocations still pending from before come first. If Config.Authorize does
	// not let the client replace the old resource, or an immutable value the
	// client sent is another, the client gets a new resource with a new id.
	RestoreDeleted
)

// DeletePolicy says what DELETE does to a resource. Whether what a store
// deletes is gone or kept as a tombstone is the store's affair.
type DeletePolicy uint8

const (
	// DeleteResource deletes it: 404 afterwards, its unique values are free.
	DeleteResource DeletePolicy = iota
	// DeactivateOnDelete sets active to false and answers 204. The resource
	// stays visible and keeps its unique values, against RFC 7644 §3.6.
	DeactivateOnDelete
)

// Policy is what becomes of a resource when somebody comes back or leaves.
type Policy struct {
	// OnTwin says what a POST does whose unique value belongs to a resource
	// that is inactive, or belonged to one that was deleted. A live twin is
	// always 409 uniqueness.
	OnTwin TwinPolicy
	// OnDelete says what DELETE does.
	OnDelete DeletePolicy
}
