//go:build race

package main

// The HTTP kit makes an application, with a SQLite file, for each of its
// tenants: minutes with the race detector, which the same kit is under in
// sqlstore. The gate runs it without.
const raceDetector = true
