package scimtest

import (
	"fmt"
	"net/http"
	"strings"
)

// way is a way of the identity provider to end the access of a user.
type way struct {
	name    string
	renames bool // the user gets another userName
	// requests returns what the provider sends about a user who has the values
	// of p afterwards.
	requests func(l *leaving, p Person) []request
}

// patch returns the way that sends one PATCH with the operation.
func patch(name, operation string) way {
	return way{name: name, requests: func(_ *leaving, p Person) []request {
		return []request{{http.MethodPatch, "/Users/" + p.ID, PatchOp(operation)}}
	}}
}

// put returns the way that sends one PUT with that value of active.
func put(name, active string) way {
	return way{name: name, requests: func(l *leaving, p Person) []request {
		return []request{{http.MethodPut, "/Users/" + p.ID, l.json(p, active)}}
	}}
}

var (
	byPATCH  = patch("PATCH of active to false", `{"op":"replace","path":"active","value":false}`)
	byPUT    = put("PUT with active false", `false`)
	byDELETE = way{name: "DELETE", requests: func(_ *leaving, p Person) []request {
		return []request{{http.MethodDelete, "/Users/" + p.ID, ""}}
	}}
	mainWays = []way{byPATCH, byPUT, byDELETE}
)

// ways are all ways.
var ways = append(mainWays[:3:3],
	patch(`PATCH of active to "False", as Entra ID sends it`, `{"op":"Replace","path":"active","value":"False"}`),
	patch("PATCH without a path", `{"op":"replace","value":{"active":false}}`),
	patch(`PATCH without a path to "false"`, `{"op":"replace","value":{"active":"false"}}`),
	patch("PATCH that adds active false", `{"op":"add","path":"active","value":false}`),
	patch("PATCH with the URN of the schema", `{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:active","value":false}`),
	put(`PUT with active "False"`, `"False"`),
	way{name: "PATCH that renames and deactivates", renames: true, requests: func(_ *leaving, p Person) []request {
		return []request{{http.MethodPatch, "/Users/" + p.ID, PatchOp(`{"op":"replace","value":{"userName":` + quote(p.UserName) + `,"active":false}}`)}}
	}},
	way{name: "PATCH of two operations that renames and deactivates", renames: true, requests: func(_ *leaving, p Person) []request {
		return []request{{http.MethodPatch, "/Users/" + p.ID, PatchOp(`{"op":"replace","path":"userName","value":`+quote(p.UserName)+`}`, `{"op":"replace","path":"active","value":false}`)}}
	}},
	way{name: "PUT that renames and deactivates", renames: true, requests: byPUT.requests},
	way{name: "deactivation, later DELETE", requests: func(l *leaving, p Person) []request {
		return append(byPATCH.requests(l, p), byDELETE.requests(l, p)...)
	}},
)

// leave ends the access of a member, which must succeed.
func (l *leaving) leave(w way, m *member) error {
	l.rename(w, m)
	for _, q := range w.requests(l, m.Person) {
		if got := l.inProcess().send(q); !got.success(false) {
			return got.unexpected("a user could not be deactivated", "no hook, constraint or trigger may keep a leaver in; let Hooks.Revoke and Hooks.EndSessions succeed if nothing is left to end")
		}
	}
	return nil
}

// rename gives a member the name that it has after the way.
func (l *leaving) rename(w way, m *member) {
	if !w.renames {
		return
	}
	m.former = append(m.former, m.Person)
	m.UserName = strings.Replace(m.UserName, ".", ".left.", 1)
}

// comeBack makes a member who left a user again, under the last name, and demands
// that it may sign in but that no credential from before is accepted.
func (l *leaving) comeBack(w way, m *member) (*member, error) {
	back, err := l.restoreAndProve(w, w.name, m, endForGood)
	if err != nil {
		return nil, err
	}
	return back, l.signIn(back)
}

// restoreAndProve makes a member a user again and demands that no credential from
// before is accepted. left says how it left, remedy what to do otherwise.
func (l *leaving) restoreAndProve(w way, left string, m *member, remedy string) (*member, error) {
	back, again, err := l.restore(w, m)
	if err != nil {
		return nil, err
	}
	return back, l.ended(fmt.Sprintf("%s, then %s", left, again), m, remedy)
}

// restore makes a member a user again and returns it without credentials, and how.
func (l *leaving) restore(w way, m *member) (*member, *answer, error) {
	if byPOST := w.deletes(l, m); byPOST {
		back, got := l.create(m.Person)
		if got.status == http.StatusCreated {
			return back, got, nil
		}
		if got.status != http.StatusConflict { // DeactivateOnDelete
			return nil, nil, got.unexpected("a user who was deleted was not created again", "keep userName, externalId and addresses unique among the accounts that are not deleted")
		}
	}
	got := l.reactivate(m)
	if !got.success(false) {
		return nil, nil, got.unexpected("an inactive user was not reactivated", "only a hook of the application may refuse this; it has no reason to for a user of the kit")
	}
	return &member{Person: m.Person, former: m.former}, got, nil
}

func (l *leaving) reactivate(m *member) *answer {
	return l.inProcess().send(request{http.MethodPatch, "/Users/" + m.ID, PatchOp(`{"op":"replace","path":"active","value":true}`)})
}

// reactivateAndProve reactivates a member whose deactivation was interrupted, and
// demands that no credential from before is accepted, unless the deactivation had
// no effect.
func (l *leaving) reactivateAndProve(interrupted string, m *member) error {
	now := l.inProcess().send(request{method: http.MethodGet, path: "/Users/" + m.ID})
	if got := retry(func() *answer { return l.reactivate(m) }); !got.success(true) {
		return got.unexpected(interrupted+", and a reactivation fails", succeedWhenEnded)
	}
	if now.active {
		return nil
	}
	return l.ended(interrupted+", then a reactivation succeeded", m, keepIntent)
}

// deletes reports whether the way ends with a DELETE.
func (w way) deletes(l *leaving, m *member) bool {
	list := w.requests(l, m.Person)
	return list[len(list)-1].method == http.MethodDelete
}
