module github.com/seed5f3efb56/scim/examples

go 1.25.0

require (
	github.com/seed5f3efb56/scim v0.0.0
	github.com/seed5f3efb56/scim/store/sqlstore v0.0.0
)

replace (
	github.com/seed5f3efb56/scim => ../
	github.com/seed5f3efb56/scim/store/sqlstore => ../store/sqlstore
)
