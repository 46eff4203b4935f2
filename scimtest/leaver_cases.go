package scimtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// leaverCases are the cases of [Leaver.Run]. A new one is added here.
var leaverCases = slices.Concat(wayCases(), []leaverCase{
	{name: "a user without access", prove: (*leaving).proveWithoutAccess},
	{name: "the address of a leaver on another account", prove: (*leaving).proveAddress},
	{name: "a leaver whose name looks like that of another user", prove: (*leaving).proveLookalikes},
	{name: "sign-in while the provider deactivates", prove: (*leaving).proveRace},
	{name: "the end of access fails", needs: needsFail, prove: (*leaving).proveFailure},
	{name: "a killed process", needs: needsStart, prove: (*leaving).proveKill},
})

// wayCases returns a case for each way.
func wayCases() []leaverCase {
	var list []leaverCase
	for _, w := range ways {
		list = append(list, leaverCase{name: w.name, prove: func(l *leaving) error { return l.proveWay(w) }})
	}
	return list
}

// proveWay: a user signs in, leaves, comes back, signs in and leaves again. Another
// user stays.
func (l *leaving) proveWay(w way) error {
	m, err := l.hire("ada.weiss")
	if err != nil {
		return err
	}
	stays, err := l.hire("grace")
	if err != nil {
		return err
	}
	if err := l.leaveAndProve(w, "", m); err != nil {
		return err
	}
	back, err := l.comeBack(w, m)
	if err != nil {
		return err
	}
	if err := l.leaveAndProve(byDELETE, "a user came back and left again: ", back); err != nil {
		return err
	}
	return l.alive(stays)
}

// leaveAndProve ends the access of a member and demands that it is out.
func (l *leaving) leaveAndProve(w way, before string, m *member) error {
	if err := l.leave(w, m); err != nil {
		return err
	}
	return l.out(before+w.name+" succeeded", m, endAll)
}

// proveWithoutAccess: a user who never signed in leaves, and does so twice.
func (l *leaving) proveWithoutAccess() error {
	for _, w := range mainWays {
		m, got := l.create(l.person("ada.weiss"))
		if got.status != http.StatusCreated {
			return got.unexpected("a new user was not created", usersOfItsOwn)
		}
		if err := l.leave(w, m); err != nil {
			return err
		}
		if err := l.finish(w, m); err != nil {
			return err
		}
		if err := l.refused(w.name+" succeeded", m); err != nil {
			return err
		}
	}
	return nil
}

// proveAddress: another account gets the e-mail address of a leaver. A login that
// looks for the address lets the leaver into that account.
func (l *leaving) proveAddress() error {
	for _, w := range []way{byPATCH, byDELETE} {
		m, err := l.hire("ada.weiss")
		if err != nil {
			return err
		}
		if err := l.leave(w, m); err != nil {
			return err
		}
		heir := l.person("grace")
		heir.Email = m.Email
		if _, got := l.create(heir); got.status != http.StatusCreated {
			l.t.Logf("not proven: that the address of a leaver gives access to no other account: %s: %s", got, abbreviate(got.text))
			continue
		}
		if err := l.refused(w.name+" succeeded, another user got the e-mail address", m); err != nil {
			return err
		}
	}
	return nil
}

// lookalikes are names that differ, but not for every database and lower function.
var lookalikes = [][2]string{{"İda", "ida"}, {"adà", "ada"}}

// proveLookalikes: of two users whose names are different, but equal in lower case
// or for a collation, one leaves.
func (l *leaving) proveLookalikes() error {
	for _, names := range lookalikes {
		leaver, other := l.person(names[0]), l.person(names[1])
		other.UserName = strings.Replace(leaver.UserName, names[0], names[1], 1)
		m, got := l.create(leaver)
		if got.status != http.StatusCreated {
			l.t.Logf("not proven: that a leaver named %s is not taken for %s: %s: %s", names[0], names[1], got, abbreviate(got.text))
			continue
		}
		stays, got := l.create(other)
		if got.status != http.StatusCreated {
			l.t.Logf("the application takes %s and %s for the same name: %s", names[0], names[1], got)
			continue
		}
		if err := errors.Join(l.signIn(m), l.signIn(stays)); err != nil {
			return err
		}
		if err := l.leaveAndProve(byPATCH, "", m); err != nil {
			return err
		}
		if err := l.alive(stays); err != nil {
			return err
		}
	}
	return nil
}

// proveFailure: while the end of access fails, no answer is a success before the
// access ended; when it works again, the next write of the provider ends it.
func (l *leaving) proveFailure() error {
	effect := false
	for _, w := range mainWays {
		for _, next := range []string{"the same request again", "a reactivation"} {
			if next == "a reactivation" && w.deletes(l, &member{}) {
				continue
			}
			failed, err := l.proveFailureOf(w, next)
			if err != nil {
				return err
			}
			effect = effect || failed
		}
	}
	if !effect {
		return &fault{
			"after Leaver.Fail(true) every deactivation succeeded and ended the access",
			"let Fail break what ends the access (Hooks.EndSessions or Hooks.Revoke return an error), or set it to nil",
		}
	}
	return nil
}

// proveFailureOf reports whether the deactivation failed.
func (l *leaving) proveFailureOf(w way, next string) (failed bool, err error) {
	m, err := l.hire("ada.weiss")
	if err != nil {
		return false, err
	}
	failed, err = l.failing(w, m)
	if err != nil {
		return false, err
	}
	if next == "a reactivation" {
		return failed, l.reactivateAndProve(w.name+" failed while the end of access failed", m)
	}
	if err := l.finish(w, m); err != nil {
		return false, err
	}
	return failed, l.out(w.name+" failed while the end of access failed, and was sent again", m, keepIntent)
}

// failing sends the requests of a way twice while the end of access fails, and
// demands that a success means that the access ended.
func (l *leaving) failing(w way, m *member) (failed bool, err error) {
	l.Fail(true)
	defer l.Fail(false)
	for again := range 2 {
		for _, q := range w.requests(l, m.Person) {
			got := l.inProcess().send(q)
			if !got.success(again > 0) {
				failed = true
				continue
			}
			if err := l.ended(fmt.Sprintf("the end of access failed, %s", got), m, reportAll); err != nil {
				return false, err
			}
		}
	}
	return failed, nil
}

// finish sends the requests of a way again until they succeed.
func (l *leaving) finish(w way, m *member) error {
	for _, q := range w.requests(l, m.Person) {
		if got := retry(func() *answer { return l.inProcess().send(q) }); !got.success(true) {
			return got.unexpected("the deactivation of a user was sent again and fails", succeedWhenEnded)
		}
	}
	return nil
}

// retry sends a request until it succeeds, a few times, as a provider does.
func retry(send func() *answer) *answer {
	var got *answer
	for range 10 {
		if got = send(); got.success(true) {
			return got
		}
		time.Sleep(200 * time.Millisecond)
	}
	return got
}

// some returns n, or few with -short.
func some(n, few int) int {
	if testing.Short() {
		return few
	}
	return n
}
