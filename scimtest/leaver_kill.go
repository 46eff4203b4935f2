package scimtest

import (
	"fmt"
	"time"
)

// proveKill: a process is killed at several moments of a deactivation. The
// provider, which got no answer, sends the request again to the application, or
// another one; then the user is out.
func (l *leaving) proveKill() error {
	took, err := l.killAt(byPATCH, 0, l.finish)
	if err != nil {
		return err
	}
	moments := some(8, 2)
	for i := range moments {
		after := took * time.Duration(i) / time.Duration(moments)
		if _, err := l.killAt(mainWays[i%len(mainWays)], max(after, 1), l.finish); err != nil {
			return err
		}
	}
	_, err = l.killAt(byPATCH, max(took/2, 1), func(_ way, m *member) error {
		if err := l.reactivateAndProve("a process was killed while it deactivated a user", m); err != nil {
			return err
		}
		return l.leave(byPATCH, m)
	})
	return err
}

// killAt lets another process end the access of a member and kills it after the
// time given, or after its answer if that is 0. next is what the provider does
// without an answer. It returns how long the process took to answer or to end.
func (l *leaving) killAt(w way, after time.Duration, next func(way, *member) error) (time.Duration, error) {
	m, err := l.hire("ada.weiss")
	if err != nil {
		return 0, err
	}
	base, kill := l.Start(l.t)
	answers := make(chan *answer, 1)
	begun := time.Now()
	go func() { answers <- l.overNetwork(base).send(w.requests(l, m.Person)[0]) }()
	var got *answer
	if after > 0 {
		time.Sleep(after)
		kill()
		got = <-answers
	} else {
		got = <-answers
		kill()
	}
	took := time.Since(begun)
	if got.success(false) {
		return took, l.out(fmt.Sprintf("another process: %s", got), m, endAll)
	}
	if err := next(w, m); err != nil {
		return took, err
	}
	return took, l.out(fmt.Sprintf("a process was killed during the request (%s), then the provider went on", w.name), m, keepIntent)
}
