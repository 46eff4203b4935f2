// Package reconcile compares the users and groups of an identity provider with those
// of the application, and writes nothing itself. [DryRun] says before the first sync
// which users of the provider will match an account, which will be created, which will
// be refused, and which accounts no user of the provider claims.
//
//	report, err := reconcile.DryRun(ctx, reconcile.CSV(export, reconcile.Columns{UserName: "login"}), users, reconcile.Options{})
//	if err != nil {
//		return err
//	}
//	return report.WriteText(os.Stdout)
//
// [Compare] says at any later time what differs. [Comparison.Plan] makes a list of
// SCIM requests that repair it, which is shown first; [Plan.Apply] sends them.
//
// The provider's side is a sequence of records: [CSV] and [JSONLines] read an
// export, [List] the pages of a SCIM listing (package remote: of another server), and
// a function of the application anything else. The application's side is any
// store.Store.
//
// Both sides are compared in memory, by the keys of their users: about 100 MB for
// 100,000 users on each side, and at most about 160 MB with attributes and groups.
package reconcile
