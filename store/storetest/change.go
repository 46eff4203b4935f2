package storetest

import (
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Creation returns the change that creates r. With members it is one for
// store.MemberStore.PutMembers.
func Creation(r *schema.Resource, members ...schema.Member) *store.Change {
	c := &store.Change{ID: r.ID, After: r, At: r.LastModified, Cause: event.ByPost}
	if len(members) > 0 {
		c.Members = &schema.MemberDelta{Add: members}
	}
	return c
}

// Deletion returns the change that deletes r, a second after it was modified
// last, if it has the version ifVersion, or whatever its version is if that is
// "".
func Deletion(r *schema.Resource, ifVersion string) *store.Change {
	return &store.Change{ID: r.ID, Before: r, IfVersion: ifVersion, At: r.LastModified.Add(time.Second), Cause: event.ByDelete}
}
