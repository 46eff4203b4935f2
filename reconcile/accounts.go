package reconcile

import (
	"context"
	"fmt"

	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Lister is the one method of a store.Store that this package calls, so that it
// cannot write.
type Lister interface {
	List(ctx context.Context, q *store.Query) (store.Page, error)
}

// pageBytes is the weight of one page of accounts.
const pageBytes = 8 << 20

// read reads all accounts.
func (d *dryRun) read(ctx context.Context, users Lister, o Options) error {
	for page, err := range paging.NewWalker(users, store.Query{Bytes: pageBytes}, -1).Pages(ctx) {
		if err != nil {
			return fmt.Errorf("reconcile: the accounts: %w", err)
		}
		for _, r := range page.Resources {
			d.add(r, o)
		}
	}
	return nil
}

// add remembers an account by its keys.
func (d *dryRun) add(r *schema.Resource, o Options) {
	a := account{Account: Account{ID: r.ID, ExternalID: r.Get(schema.ExternalIDAttribute).Text()}}
	root := r.Type.Root()
	if name := root.Sub("userName"); name != nil {
		a.UserName = r.Get(name).Text()
		d.exact = !name.FoldsCase()
	}
	if active := root.Sub("active"); active != nil {
		v := r.Get(active)
		a.Inactive = v.Assigned() && !v.Bool()
	}
	a.adoptable = o.Adoptable == nil || o.Adoptable(r)
	place := len(d.accounts)
	d.accounts = append(d.accounts, a)
	if a.UserName != "" {
		d.names[d.nameKey(a.UserName)] = place
	}
	if a.ExternalID != "" {
		if _, taken := d.externals[a.ExternalID]; taken {
			place = several
		}
		d.externals[a.ExternalID] = place
	}
	d.addMails(r, len(d.accounts)-1)
}

// addMails remembers the e-mail addresses of an account. The userName is one of
// them in many applications.
func (d *dryRun) addMails(r *schema.Resource, place int) {
	d.mails[schema.FoldKey(d.accounts[place].UserName)] = place
	p, ok := r.Type.Resolve("emails.value")
	if !ok {
		return
	}
	for v := range p.Values(r) {
		d.mails[schema.FoldKey(v.Text())] = place
	}
}
