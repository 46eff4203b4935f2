// Package drivertest runs the conformance kits with drivers and settings that
// the tests of the stores do not use: ncruces/go-sqlite3, or with the build tag
// mattn mattn/go-sqlite3 (both are registered as "sqlite3"), pgx as a pooler
// needs it, lib/pq, and MariaDB with other parameters in its DSN. It has no
// code but its tests.
package drivertest
