// Package sqldb runs statements and transactions on database/sql for the stores
// of this library, and classifies the errors of the drivers without importing
// one. The stores write the statements.
package sqldb
