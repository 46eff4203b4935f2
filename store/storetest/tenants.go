package storetest

import (
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const tenantContract = "Every call is about the tenant in its context alone: the id of another tenant's resource is ErrNotFound, and its userName may be used again."

// as returns the kit with a context of a tenant.
func (k *kit) as(tenant string) *kit {
	c := *k
	if k.Tenant != nil {
		tenant = k.Tenant(2 + slices.Index(append(neighbours, "globex"), tenant))
	}
	c.ctx = store.WithTenant(k.ctx, tenant)
	return &c
}

// neighbours are tenants that some database or other takes for one.
var neighbours = []string{"", "acme", "ACME", "acme ", "acmé", "ａｃｍｅ", "%"}

var tenants = []test{
	{
		name:     "tenants/reads",
		contract: tenantContract, // S-12
		needs:    needTenants,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.newUser("a")
			theirs.gone(k.Users, u.ID)
			k.gone(k.Users, u.ID)
			p := theirs.list(k.Users, store.Query{Count: 10, Total: true})
			k.Empty(p.Resources, "a foreign list")
			k.totals(0, p.Total, "a foreign total")
			k.Equal(1, ours.total(k.Users), "our own total")
			if e, ok := k.Users.(store.Exister); ok {
				got, err := e.Exists(theirs.ctx, []string{u.ID}, store.GetOptions{})
				k.NoError(err, "Exists")
				k.Empty(got, "Exists")
			}
		},
	},
	{
		name:     "tenants/filters and order",
		contract: tenantContract,
		needs:    needTenants,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			f := k.equals(k.Users, "userName", "a", "b")
			a, b := ours.newUser("a"), theirs.newUser("b")
			for _, side := range []struct {
				*kit
				own *schema.Resource
			}{{ours, a}, {theirs, b}} {
				p := side.list(k.Users, store.Query{Filter: f, Count: 10, Total: true})
				k.Equal([]string{side.own.ID}, ids(p.Resources), "filtered")
				k.totals(1, p.Total, "filtered total")
				if by := schema.UserType.MustResolve("userName"); can(store.Describe(k.Users).Sort, by) {
					p := side.list(k.Users, store.Query{SortBy: by, Count: 10, Total: true})
					k.Equal([]string{side.own.ID}, ids(p.Resources), "sorted")
					k.totals(1, p.Total, "sorted total")
				}
			}
		},
	},
	{
		name:     "tenants/writes",
		contract: tenantContract,
		needs:    needTenants,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.newUser("a")
			for _, version := range []string{"", u.Version} {
				c := theirs.rename(u, "b")
				c.IfVersion = version
				_, err := k.Users.Update(theirs.ctx, c)
				k.ErrorIs(err, store.ErrNotFound, "Update of a foreign resource")
				k.ErrorIs(k.Users.Delete(theirs.ctx, Deletion(u, version)), store.ErrNotFound, "Delete of a foreign resource")
			}
			k.same(u, ours.get(k.Users, u.ID), "our own")
		},
	},
	{
		name:     "tenants/names",
		contract: tenantContract,
		needs:    needTenants,
		run: func(k *kit) {
			mine := map[string]*schema.Resource{}
			for _, tenant := range neighbours {
				mine[tenant] = k.as(tenant).newUser("a")
			}
			for _, tenant := range neighbours {
				p := k.as(tenant).list(k.Users, store.Query{Count: 10, Total: true})
				k.Equal([]string{mine[tenant].ID}, ids(p.Resources), "list of tenant %q", tenant)
				k.totals(1, p.Total, "total of tenant %q", tenant)
				t := k.as(tenant)
				t.taken(t.createErr(k.Users, t.user("A")), "userName")
			}
		},
	},
	{
		name:     "tenants/groups",
		contract: tenantContract,
		needs:    needTenants | needGroups,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.newUser("a")
			g := ours.newGroup("g", u.ID)
			own := theirs.newGroup("g")
			theirs.gone(k.Groups, g.ID)
			n := 0
			for _, err := range k.Groups.Members(theirs.ctx, g.ID) {
				k.ErrorIs(err, store.ErrNotFound, "Members of a foreign group")
				n++
			}
			k.Equal(1, n, "Members of a foreign group yields one error")
			c := theirs.touch(g)
			c.Members = &schema.MemberDelta{Remove: []string{u.ID}}
			_, _, err := k.Groups.PutMembers(theirs.ctx, c)
			k.ErrorIs(err, store.ErrNotFound, "PutMembers of a foreign group")
			of, err := k.Groups.GroupsOf(theirs.ctx, []string{u.ID})
			k.NoError(err, "GroupsOf")
			k.Empty(of[u.ID], "foreign groups")
			removed, err := k.Groups.RemoveFromAll(theirs.ctx, departure(u.ID, k.now()))
			k.NoError(err, "RemoveFromAll")
			k.Empty(removed, "RemoveFromAll touches foreign groups")
			k.Equal(1, theirs.total(k.Groups), "groups")
			k.same(own, theirs.get(k.Groups, own.ID), "their own group")
			k.same(g, ours.get(k.Groups, g.ID), "our own group")
			ours.members(g, u.ID)
			ours.groupsOf(u.ID, g)
		},
	},
	{
		name:     "tenants/filters by member",
		contract: tenantContract,
		needs:    needTenants | needGroups,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.newUser("a")
			g := ours.newGroup("g", u.ID)
			f := k.membersEqual(u.ID)
			k.Equal([]string{g.ID}, ids(ours.list(k.Groups, store.Query{Filter: f, Count: 9}).Resources), "our own")
			p := theirs.list(k.Groups, store.Query{Filter: f, Count: 9, Total: true})
			k.Empty(p.Resources, "foreign groups")
			k.totals(0, p.Total, "total of foreign groups")
		},
	},
	{
		name:     "tenants/in a transaction",
		contract: tenantContract,
		needs:    needTenants | needTx,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.newUser("a")
			k.NoError(k.Tx.InTx(theirs.ctx, func(ctx context.Context) error {
				_, err := k.Users.Get(ctx, u.ID, store.GetOptions{ForUpdate: true})
				k.ErrorIs(err, store.ErrNotFound, "Get of a foreign resource")
				k.createIn(ctx, k.Users, k.user("a"))
				k.totals(1, k.listIn(ctx, k.Users, store.Query{Total: true}).Total, "total")
				return nil
			}), "InTx")
			k.Equal(1, ours.total(k.Users), "our own total")
			k.Equal(1, theirs.total(k.Users), "their total")
		},
	},
}
