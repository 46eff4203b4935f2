package secevent

import (
	"encoding/json"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/etag"
)

// The event URIs of RFC 9967 §7.4, without those of feeds.
const (
	createNotice = "urn:ietf:params:scim:event:prov:create:notice"
	createFull   = "urn:ietf:params:scim:event:prov:create:full"
	patchNotice  = "urn:ietf:params:scim:event:prov:patch:notice"
	patchFull    = "urn:ietf:params:scim:event:prov:patch:full"
	putNotice    = "urn:ietf:params:scim:event:prov:put:notice"
	putFull      = "urn:ietf:params:scim:event:prov:put:full"
	deleted      = "urn:ietf:params:scim:event:prov:delete"
	activate     = "urn:ietf:params:scim:event:prov:activate"
	deactivate   = "urn:ietf:params:scim:event:prov:deactivate"
	asyncresp    = "urn:ietf:params:scim:event:misc:asyncresp"
)

// payload is what the token says about a create, patch or put event: exactly one
// of data and attributes (RFC 9967 §2.4).
type payload struct {
	Version    string          `json:"version,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Attributes []string        `json:"attributes,omitempty"`
}

var empty = struct{}{}

// events returns the claim events: the events of one change, by URI. It is empty
// if the change has none.
func (i *Issuer) events(e *event.Event) (map[string]any, error) {
	if e.Kind == event.AsyncResponse {
		return map[string]any{asyncresp: e.Response}, nil
	}
	if slices.Contains(e.Kinds, event.Deleted) {
		return map[string]any{deleted: empty}, nil // and nothing else: RFC 9967 §2.4.4
	}
	out := map[string]any{}
	if uri, p, err := i.change(e); err != nil {
		return nil, err
	} else if uri != "" {
		out[uri] = p
	}
	switch {
	case e.Before == nil || e.Part > 0:
	case slices.Contains(e.Kinds, event.Deactivated):
		out[deactivate] = empty
	case slices.Contains(e.Kinds, event.Reactivated):
		out[activate] = empty
	}
	return out, nil
}

// change returns the create, patch or put event of a change, "" if there is none.
func (i *Issuer) change(e *event.Event) (string, payload, error) {
	p := payload{Version: etag.Tag(e.After.Version)}
	full, notice, data := patchFull, patchNotice, i.patch
	switch {
	case e.Before == nil && e.Part == 0:
		full, notice, data = createFull, createNotice, i.created
		p.Attributes = append(p.Attributes, "id")
	case isPut(e):
		full, notice, data = putFull, putNotice, i.replaced
	}
	p.Attributes = append(p.Attributes, e.Attributes...)
	names := !i.cfg.Full || len(e.Omitted) > 0
	switch {
	case len(p.Attributes) == 0, names && e.Part > 0: // the notice of part 0 holds for all
		return "", p, nil
	case names:
		return notice, p, nil
	}
	text, err := data(e)
	if err != nil || text == nil {
		return notice, p, err
	}
	p.Data, p.Attributes = text, nil
	return full, p, nil
}

// isPut reports whether the change replaced the resource. With members it is a
// PATCH with the same effect.
func isPut(e *event.Event) bool {
	switch e.Cause {
	case event.ByPut, event.ByRestore, event.ByAdopt:
		return e.After.Type.Members() == nil
	}
	return false
}
