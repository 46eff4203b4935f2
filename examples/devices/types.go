package main

import (
	_ "embed"
	"encoding/json"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// types.json has the documents of /ResourceTypes and /Schemas: devices as RFC 9944
// describes them (after draft-ietf-scim-device-model-17), with one of its extensions
// and one of this company's own. The uniqueness of a MAC address is "manufacturer"
// there, a word that RFC 7643 does not have; "server" makes the server refuse a
// second device with the address.
//
//go:embed types.json
var documents []byte

// deviceType reads the resource type of devices.
func deviceType() (*schema.ResourceType, error) {
	var d struct{ ResourceTypes, Schemas json.RawMessage }
	if err := json.Unmarshal(documents, &d); err != nil {
		return nil, err
	}
	types, err := schema.ParseTypes(d.ResourceTypes, d.Schemas)
	if err != nil {
		return nil, err
	}
	return types[0], nil
}

const agentURI = "urn:example:params:scim:schemas:2.0:Agent"

// agent is a program that acts for a user, an AI agent for example. It is a row of
// the table agents, and the definition of this company's resource type Agent; no RFC
// has one.
type agent struct {
	ID        int64      `scim:"id,prefix=a"`
	Tenant    string     `scim:",tenant"`
	Name      string     `scim:"displayName" schema:"required" doc:"The name that people see"`
	NameKey   string     `scim:"displayName,key"`
	ClientID  string     `scim:"clientId" schema:"required,immutable,unique,caseExact" doc:"The OAuth client of the agent"`
	Enabled   *bool      `scim:"active" doc:"Whether the agent may act"`
	Protocol  *string    `scim:"protocol" schema:"canonical=mcp|a2a" doc:"How the agent is called"`
	OwnerID   *string    `scim:"owner.value" schema:"caseExact" doc:"The id of the user who is responsible"`
	OwnerRef  *string    `scim:"owner.$ref" schema:"reference=User" doc:"The URI of that user"`
	Budget    *int64     `scim:"budget" schema:"returned=request" doc:"The most calls in a day"`
	Expires   *time.Time `scim:"expires" doc:"The end of its permission"`
	Scopes    []string   `schema:"name=scopes,caseExact" doc:"What it may do"`
	Rest      string     `scim:",rest"`
	Version   int64      `scim:"meta.version"`
	CreatedAt time.Time  `scim:"meta.created"`
	ChangedAt time.Time  `scim:"meta.lastModified"`
}

// agentType returns the resource type that the struct agent describes.
func agentType() (*schema.ResourceType, error) {
	s, err := schema.FromStruct[agent](agentURI, "Agent", "A program that acts for a user")
	if err != nil {
		return nil, err
	}
	return schema.NewResourceType(schema.ResourceType{Name: "Agent", Endpoint: "/Agents", Description: s.Description, Schema: s})
}
