package store

// Located is an optional interface of a [Store], a [Transactor] and an [Outbox]
// that knows on which database it works. Package scim refuses to combine those
// that are on different ones, since a transaction of one would not hold for the
// other.
type Located interface {
	// Database returns what identifies the database, for example a *sql.DB. It is
	// compared by ==: values that are equal take part in the same transactions.
	Database() any
}
