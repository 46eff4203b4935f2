module github.com/seed5f3efb56/scim/secevent

go 1.25.0

require (
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/seed5f3efb56/scim v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-chi/chi/v5 v5.5.0 // indirect
	github.com/q-uint/parser v0.3.1 // indirect
	github.com/scim2/filter-parser/v2 v2.3.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.34.0 // indirect
	golang.org/x/time v0.14.0 // indirect
)

replace github.com/seed5f3efb56/scim => ..
