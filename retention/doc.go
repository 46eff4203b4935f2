// Package retention deletes users who have been deactivated for longer than a time.
//
//	keeper, err := retention.New(retention.Config{
//		Handler:  handler, // *scim.Handler
//		After:    90 * 24 * time.Hour,
//		HandOver: giveAwayProjects,
//	})
//
//	report, err := keeper.DryRun(ctx, "acme") // who would be deleted, and when
//	report, err = keeper.Sweep(ctx, "acme")   // once a day
//
// A user is deleted as by a DELETE of a client: the hooks may veto it, memberships and
// access end, events and an audit record are written, the brake counts it. Before
// that [Config.HandOver] gives what the user had to somebody else; while it fails the user
// stays.
//
// # Since when
//
// SCIM does not say since when a user is inactive. A sweep notes when it first sees a
// user inactive (store.Counters), and takes the later one of that and of
// meta.lastModified, which every change moves, a deactivation too. So users who were
// inactive before the first sweep are kept for the whole time once more, a user who was
// reactivated begins anew, and one who is changed while inactive is kept longer. Two sweeps
// that are further apart than [Config.Gap] begin anew as well: the user may have been
// active in between. All doubts keep data. [Config.Since] is for an application that knows
// the time.
package retention
