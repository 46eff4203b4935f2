package console

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/requestlog"
)

// The operations of audit records about the request log.
const (
	OperationStartLog audit.Operation = "startRequestLog"
	OperationStopLog  audit.Operation = "stopRequestLog"
)

func (c *Console) setRequests() {
	if c.cfg.Connections == nil || c.cfg.Requests == nil {
		return
	}
	c.page("/connections/{name}/requests", (*request).requests)
	c.action("/connections/{name}/requests", (*request).setRequestLog)
}

// requestsView is the page of the last requests of a connection.
type requestsView struct {
	Name      string
	Until     *moment // nil: they are not kept now
	Rows      []requestRow
	CanChange bool
}

// requestRow is one request, masked.
type requestRow struct {
	requestlog.Entry
	At       *moment
	Question string // the parameters
	Text     string // the masked body
	Good     bool
}

func (q *request) requests() error {
	c, err := q.found()
	if err != nil {
		return err
	}
	v := &requestsView{Name: c.Name, Until: q.moment(q.c.cfg.Requests.Until(q.id.Tenant, c.Name)), CanChange: !q.id.ReadOnly}
	for _, e := range q.c.cfg.Requests.Entries(q.id.Tenant, c.Name) {
		v.Rows = append(v.Rows, requestRow{Entry: e, At: q.moment(e.Time), Question: question(e.Query), Text: indented(e.Body), Good: e.Status < 400})
	}
	slices.Reverse(v.Rows)
	return q.show("requests", "Requests", v)
}

// question returns the parameters of a request in a fixed order.
func question(parameters map[string]string) string {
	if len(parameters) == 0 {
		return ""
	}
	text, _ := json.Marshal(parameters) // strings alone: no error
	return string(text)
}

// indented returns JSON for people, without characters that do not print.
func indented(body json.RawMessage) string {
	var out bytes.Buffer
	if len(body) == 0 || json.Indent(&out, body, "", "  ") != nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && hidden(r) {
			return utf8.RuneError
		}
		return r
	}, out.String())
}

// mostHours is the longest time that requests are kept for, in hours.
const mostHours = 24

// setRequestLog keeps the requests of a connection for some hours, with 0 no more.
func (q *request) setRequestLog() error {
	c, err := q.found()
	if err != nil {
		return err
	}
	hours, err := strconv.Atoi(q.r.PostForm.Get("hours"))
	if err != nil || hours < 0 || hours > mostHours {
		return badRequest("Say for how many hours: from 1 to 24, or 0 to stop.")
	}
	rec := audit.Record{Operation: OperationStartLog, Connection: c.Name, Detail: strconv.Itoa(hours) + " h"}
	if hours == 0 {
		rec = audit.Record{Operation: OperationStopLog, Connection: c.Name}
	}
	if err := q.note(rec); err != nil {
		return err
	}
	if hours == 0 {
		q.c.cfg.Requests.Stop(q.id.Tenant, c.Name)
	} else {
		q.c.cfg.Requests.Start(q.id.Tenant, c.Name, q.now.Add(time.Duration(hours)*time.Hour))
	}
	return q.redirect(q.path("connections", c.Name, "requests"))
}
