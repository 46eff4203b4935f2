// Package sqldb runs statements and transactions on database/sql for the stores
// of this library, and knows what the errors of the drivers mean, none of which
// it imports. What the statements say is the stores'.
package sqldb
