package main

var root = &command{
	name: "scim",
	long: "Scim is what an operator of a SCIM service provider needs on a terminal.",
	commands: []*command{
		{name: "token", short: "tokens of connections", commands: []*command{tokenCreate, tokenRotate, tokenList, tokenRevoke}},
		{name: "outbox", short: "events that could not be delivered", commands: []*command{outboxDead, outboxReplay}},
		statusCommand,
		{name: "brake", short: "the brake on mass changes", commands: []*command{brakeRelease}},
		reconcileCommand,
		{name: "audit", short: "the audit trail", commands: []*command{auditExport}},
	},
}
