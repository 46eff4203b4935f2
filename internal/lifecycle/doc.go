// Package lifecycle is the write path of a service provider: which steps are
// taken, in which order, when a resource is created, changed, deactivated,
// deleted or restored. It knows nothing of HTTP: requests are decoded before it,
// and its errors have no status.
//
// [Writer.Create], [Writer.Update], [Writer.Deactivate], [Writer.Delete],
// [Writer.Restore] and [Writer.Revive] each run one unit of work; [Writer.Run] is
// the background worker. Every unit takes the steps of leave.go, which is to be
// read from top to bottom.
package lifecycle
