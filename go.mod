module github.com/seed5f3efb56/scim

go 1.24.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/scim2/filter-parser/v2 v2.3.1
	github.com/stretchr/testify v1.12.1
	golang.org/x/text v0.34.0
	golang.org/x/time v0.14.0
)

require (
	github.com/q-uint/parser v0.3.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
