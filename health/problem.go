package health

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/internal/redact"
	"github.com/seed5f3efb56/scim/schema"
)

// Cause is why a request was refused or failed, where the status alone does not tell.
type Cause string

const (
	CauseBrake       Cause = "brake"       // 503: a bound of scim.Config.Brake
	CauseRate        Cause = "rate"        // 429: scim.Limits.Rate or TenantRate
	CausePaused      Cause = "paused"      // 503: the credential or connection is paused
	CauseOff         Cause = "off"         // 401: the connection is switched off, or does not exist
	CauseRevocation  Cause = "revocation"  // 503: access is not revoked yet
	CauseUnavailable Cause = "unavailable" // 503: the database or another part of the service
	CauseInternal    Cause = "internal"    // 500
	CauseRequest     Cause = "request"     // any other: what the provider sent
)

// Problem is a request that was refused or failed, for an operator.
type Problem struct {
	Time      time.Time          `json:"time"`
	Cause     Cause              `json:"cause"`
	Status    int                `json:"status"`
	ScimType  schema.ErrorType   `json:"scimType,omitempty"`
	Method    string             `json:"method"`
	Route     string             `json:"route"` // as in scim.Exchange
	Operation scim.OperationKind `json:"operation,omitempty"`
	Type      string             `json:"type,omitempty"`
	Reference string             `json:"reference"` // in the log and the audit records
	// Detail is that of the response, with texts of the client masked.
	Detail string `json:"detail,omitempty"`
	// Reason says what happened, Advice what to do, both in a sentence or two.
	Reason string `json:"reason"`
	Advice string `json:"advice"`
}

// mostMethod is the longest Problem.Method, which is any text that a client sent.
const mostMethod = 16

// problemOf describes a request that failed.
func problemOf(x *scim.Exchange, at time.Time) *Problem {
	return &Problem{
		Time: at, Cause: causeOf(x), Status: x.Status, ScimType: x.ScimType, Method: redact.Shorten(x.Method, mostMethod), Route: x.Route, Operation: x.Operation, Type: x.Type,
		Reference: x.Reference, Detail: redact.Detail(x.Detail),
	}
}

func causeOf(x *scim.Exchange) Cause {
	var stopped *brake.Stop
	switch {
	case errors.As(x.Err, &stopped):
		return CauseBrake
	case x.Status == http.StatusTooManyRequests:
		return CauseRate
	case x.Status == http.StatusUnauthorized && x.Authenticated:
		return CauseOff
	case x.Status == http.StatusServiceUnavailable && strings.Contains(x.Detail, "paused"):
		return CausePaused
	case x.Status == http.StatusServiceUnavailable && x.Err != nil && strings.Contains(x.Err.Error(), "access is not revoked yet"):
		return CauseRevocation
	case x.Status == http.StatusServiceUnavailable:
		return CauseUnavailable
	case x.Status == http.StatusInternalServerError:
		return CauseInternal
	}
	return CauseRequest
}

// encode returns the problem as figures.Figures.Error.
func (p *Problem) encode() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		return nil // texts and numbers are always encoded
	}
	return text
}

// decode returns the problem of figures.Figures.Error with its words, nil if there is
// none.
func decode(text []byte) *Problem {
	p := new(Problem)
	if len(text) == 0 || json.Unmarshal(text, p) != nil {
		return nil
	}
	p.Reason, p.Advice = p.words()
	return p
}

// words returns what happened and what to do.
func (p *Problem) words() (reason, advice string) {
	byStatus := func() (string, string) {
		if w, ok := statusWords[p.Status]; ok {
			return w[0], w[1]
		}
		return "The request was answered " + strconv.Itoa(p.Status) + ".", "Look for the reference in the log of this service."
	}
	switch {
	case p.Cause == CauseRequest && p.ScimType != "":
		if w, ok := typeWords[p.ScimType]; ok {
			return w[0], w[1]
		}
	case p.Cause == CauseRequest && p.Status == http.StatusNotFound && p.Route == "?":
		return "The provider asked for a path that does not exist.",
			"Compare the base URL at the provider with that of this service: a part of the path is missing or too much."
	case p.Cause != CauseRequest:
		w := causeWords[p.Cause]
		if p.Cause == CauseBrake && p.Detail != "" {
			return "The brake stopped the connection, since it changes unusually many people or groups (" + p.Detail + ").", w[1]
		}
		return w[0], w[1]
	}
	return byStatus()
}

var causeWords = map[Cause][2]string{
	CauseBrake: {"The brake stopped the connection, since it changes unusually many people or groups.",
		"Ask the provider's administrator whether that many are to leave. If so, release the brake; if not, correct the assignment there first. The provider sends the changes again by itself."},
	CauseRate: {"The provider sends requests faster than the limit of the connection or tenant.",
		"Nothing, if it is seldom: providers wait and try again. If it lasts, raise Limits.Rate or TenantRate."},
	CausePaused: {"The connection is paused, so its requests are answered 503.",
		"Resume the connection when the reason for the pause is gone. The provider sends the changes again by itself."},
	CauseOff: {"The connection of the credential is switched off, or does not exist in this service.",
		"Nothing, if the provider no longer provisions people here. Otherwise resume the connection, or create one with the name that the credential has."},
	CauseRevocation: {"The access of a person who left could not be ended everywhere, so the provider was told to try again.",
		"Look in the log for the failure of the hook that revokes sessions. The work stays pending and is tried again."},
	CauseUnavailable: {"A part of this service was unavailable for a moment, usually the database.",
		"Nothing, if requests succeed again: providers try again. If it lasts, look for the reference in the log."},
	CauseInternal: {"This service failed; it is no mistake of the provider.",
		"Look for the reference in the log: the text of the error is there. If the error comes from a hook of the application, correct it; the provider sends the change again."},
}

var typeWords = map[schema.ErrorType][2]string{
	schema.ErrorInvalidFilter: {"The provider asked with a filter that cannot be read.",
		"Look at the attribute by which the provider matches people (often userName or externalId): the detail says what was not understood."},
	schema.ErrorTooMany: {"The provider's question would take too much work to answer.",
		"Let the provider match people by userName or externalId, which are indexed, or raise Limits.Scan or Limits.Work."},
	schema.ErrorUniqueness: {"A name that must be unique, usually userName, belongs to another account already.",
		"Find that account. If it is the same person, let the provider match by the attribute that both have, or hand the account over to this connection; if not, give one of them another name."},
	schema.ErrorMutability: {"The provider tried to change an attribute that cannot be changed.",
		"Remove the attribute that the detail names from the attribute mapping at the provider, or set it only when the account is created."},
	schema.ErrorInvalidSyntax: {"The request was not well formed, or has an attribute that this service does not know.",
		"If the detail names an attribute, remove it from the attribute mapping at the provider, or add it to the schema of the application."},
	schema.ErrorInvalidPath: {"The provider tried to change an attribute that this service does not know.",
		"Remove the attribute that the detail names from the attribute mapping at the provider, or add it to the schema of the application."},
	schema.ErrorNoTarget: {"The provider tried to change an element of a list that is not there.",
		"Let the provider synchronise the person anew (in Entra ID: restart provisioning); then it sends the whole list."},
	schema.ErrorInvalidValue: {"A value of a person or group is not of the kind that its attribute has.",
		"Correct the attribute that the detail names, for this person at the provider or in the attribute mapping."},
	schema.ErrorInvalidVers: {"The provider used a version of the protocol that does not exist here.",
		"Set the provider to SCIM 2.0, and let the base URL end as this service shows it."},
	schema.ErrorSensitive: {"The provider put a value into a URL that must not stand there.",
		"Let the provider match people by another attribute, or send the filter to .search."},
	schema.ErrorExpiredCursor: {"A page of a list was asked for too late.",
		"Nothing, if it is seldom: the provider begins its list again. If it lasts, raise Limits.CursorTimeout."},
	schema.ErrorInvalidCursor: {"A page of a list was asked for that this service did not offer.",
		"If several processes serve requests, give all of them the same Config.CursorKey."},
}

var statusWords = map[int][2]string{
	http.StatusUnauthorized: {"The credentials were not accepted: they are wrong, expired or revoked, or none were sent.",
		"Make a new credential for the connection and enter it at the provider. A credential is shown once, and is entered without spaces and without the word Bearer."},
	http.StatusForbidden: {"The credential is valid, but does not permit this operation.",
		"If the provider is to do it, give the credential the right: it may be read-only, or be limited to some resource types, or the application refused. If not, switch the operation off at the provider."},
	http.StatusNotFound: {"The resource does not exist, or not for this connection: it was deleted here, or another connection owns it.",
		"Usually nothing: the provider creates it again. If it goes on, start the synchronisation at the provider anew."},
	http.StatusMethodNotAllowed: {"The provider used a method that this path does not have.",
		"Compare the base URL at the provider with that of this service."},
	http.StatusConflict: {"The change contradicts what is stored.",
		"The detail says what. Look at the resource, and correct it here or at the provider."},
	http.StatusPreconditionFailed: {"The resource was changed by somebody else between the reading and the writing of the provider.",
		"Nothing, if it is seldom: the provider reads it again. If it lasts, look which two programs change the same resource."},
	http.StatusRequestEntityTooLarge: {"The request was larger than the limits of this service.",
		"Let the provider change large groups in parts (PATCH), or raise Limits.Body and Limits.Members."},
	http.StatusUnsupportedMediaType: {"The body was sent as something else than JSON in UTF-8.",
		"Set the content type at the provider to application/scim+json."},
	http.StatusNotImplemented: {"The provider used an operation that this service does not have.",
		"Switch the operation off at the provider, for example the deletion of groups."},
	http.StatusBadRequest: {"The request cannot be carried out as it was sent.",
		"The detail says why. Correct the attribute mapping at the provider."},
}
