//go:build race

package sqlstore_test

// The kit over HTTP with every request at another process takes many minutes
// with the race detector, which the same kit in one process is under. The gate
// runs it without.
const raceDetector = true
