package health

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/connection"
)

// notices returns what an operator should do, the worst first.
func (m *Monitor) notices(s *Status, now time.Time) []Notice {
	var out []Notice
	add := func(l Level, reason, advice string) { out = append(out, Notice{l, reason, advice}) }
	if e := s.LastError; e != nil && e.Time.After(s.LastSuccess) && !s.explained(e.Cause) {
		add(e.level(), e.Reason, e.Advice)
	}
	for _, b := range s.Brake {
		if !b.Stopped.IsZero() && (s.LastError == nil || s.LastError.Cause != CauseBrake || !s.LastError.Time.After(s.LastSuccess)) {
			w := causeWords[CauseBrake]
			add(LevelFailing, fmt.Sprintf("The brake stopped the connection: %d %s of type %s, and %d are allowed until %s.", b.Count, b.Kind, b.Type, b.Limit, date(b.Until)), w[1])
		}
	}
	if o := s.Outbox; o != nil {
		if o.Revocations > 0 {
			add(LevelFailing, "The access of people who left is not ended everywhere: "+inWords(o.Revocations, "revocation is pending", "revocations are pending")+".", causeWords[CauseRevocation][1])
		}
		if o.Dead > 0 {
			add(LevelWarning, inWords(o.Dead, "event was given up, since its hook", "events were given up, since their hook")+" failed too often.",
				"Look at the reason of each dead entry of the outbox, correct the hook, and replay them.")
		}
	}
	switch s.State {
	case connection.Paused:
		add(LevelWarning, causeWords[CausePaused][0], causeWords[CausePaused][1])
	case connection.Off:
		add(LevelWarning, "The connection is switched off: its requests are answered 401.", causeWords[CauseOff][1])
	default:
		out = append(out, m.ofCredentials(s, now)...)
	}
	if n := len(s.Hours); n > 0 && s.LastSuccess.After(s.lastErrorTime()) {
		h := s.Hours[n-1].Counts
		if h.Requests >= 20 && h.Errors*10 >= h.Requests {
			add(LevelWarning, fmt.Sprintf("%d of %d requests of this hour were refused or failed.", h.Errors, h.Requests), "Look at the last error; its advice names the usual cause.")
		}
	}
	slices.SortStableFunc(out, func(a, b Notice) int { return rank(b.Level) - rank(a.Level) })
	return out
}

// level tells an error of everything that the provider sends from one that may be of a
// single person or group.
func (p *Problem) level() Level {
	everything := p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden || p.Status >= 500 || p.Route == "?"
	if everything && p.Cause != CausePaused && p.Status != http.StatusNotImplemented {
		return LevelFailing
	}
	return LevelWarning
}

// explained reports whether the state of the connection is the reason of an error, of
// which it has its own notice, or no longer is.
func (s *Status) explained(c Cause) bool {
	return s.State != "" && (c == CausePaused || c == CauseOff)
}

func (s *Status) lastErrorTime() time.Time {
	if s.LastError == nil {
		return time.Time{}
	}
	return s.LastError.Time
}

// ofCredentials warns of the end of the last credential that still works.
func (m *Monitor) ofCredentials(s *Status, now time.Time) []Notice {
	const advice = "Make a new credential for the connection and enter it at the provider, then revoke the old one."
	var last time.Time
	usable, paused := 0, 0
	for _, c := range s.Credentials {
		switch {
		case c.Expired:
		case c.Paused:
			paused++
		default:
			usable++
			if c.Expires.IsZero() {
				return nil
			}
			if c.Expires.After(last) {
				last = c.Expires
			}
		}
	}
	switch {
	case len(s.Credentials) == 0:
		return nil
	case usable == 0 && paused > 0:
		return []Notice{{LevelWarning, causeWords[CausePaused][0], causeWords[CausePaused][1]}}
	case usable == 0:
		return []Notice{{LevelFailing, "Every credential of the connection has expired.", advice}}
	case last.Sub(now) <= m.cfg.ExpiresSoon:
		return []Notice{{LevelWarning, fmt.Sprintf("The last credential of the connection expires at %s.", date(last)), advice}}
	}
	return nil
}

func rank(l Level) int {
	return slices.Index([]Level{LevelWaiting, LevelOK, LevelWarning, LevelFailing}, l)
}

// levelOf sums up a status.
func levelOf(s *Status) Level {
	switch {
	case len(s.Warnings) > 0:
		return s.Warnings[0].Level
	case s.LastRequest.IsZero():
		return LevelWaiting
	}
	return LevelOK
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// inWords is a number with the words for one or for several.
func inWords(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
