// Package filter is the one door for filters (RFC 7644 §3.4.2.2) and PATCH
// paths (§3.5.2). The grammar is github.com/scim2/filter-parser/v2; this
// package never hands it raw input. Literals, schema URIs and value filters
// are lifted out first, the rest is bounded, parsed once per shape and
// cached, and the result is resolved and type-checked against a resource type.
// Everything that can fail fails in [Resolver.Filter] and [Resolver.Path];
// [Filter.Match] returns a bool and cannot fail.
//
// [Support] and [Split] tell which part of a filter a store can answer.
package filter
