package scimtest

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// proveRace: a user signs in by all accesses, repeatedly, while the provider ends
// the access. After the answer no credential is accepted, also when the user is
// back: a look at active in each request would hide a session that was left behind.
func (l *leaving) proveRace() error {
	for round := range some(15, 6) {
		w := mainWays[round%len(mainWays)]
		m, got := l.create(l.person("ada.weiss"))
		if got.status != http.StatusCreated {
			return got.unexpected("a new user was not created", usersOfItsOwn)
		}
		if err := l.signIn(m); err != nil {
			return err
		}
		if err := l.race(w, m); err != nil {
			return err
		}
		if err := l.out(w.name+" succeeded while the user signed in", m, lockLogin); err != nil {
			return err
		}
		if _, err := l.restoreAndProve(w, w.name+" succeeded while the user signed in", m, lockLogin); err != nil {
			return err
		}
	}
	return nil
}

// race ends the access of a member while it signs in, and collects the
// credentials.
func (l *leaving) race(w way, m *member) error {
	r := &signIns{member: m, left: make(chan struct{})}
	var running sync.WaitGroup
	for _, a := range l.Access {
		for range 3 {
			r.begun.Add(1)
			running.Add(1)
			go func() {
				defer running.Done()
				r.signIn(a)
			}()
		}
	}
	r.begun.Wait()
	err := l.leave(w, &member{Person: m.Person})
	close(r.left)
	running.Wait()
	m.held = append(m.held, r.got...)
	if err == nil {
		err = r.err
	}
	return err
}

// signIns is a member who signs in concurrently.
type signIns struct {
	member *member
	begun  sync.WaitGroup // the first sign-in of each goroutine
	left   chan struct{}  // closed after the answer to the provider

	mu  sync.Mutex
	got []held
	err error
}

// signIn signs in until it is refused, or until the provider has its answer. The
// pauses grow, so that the provider's write gets its turn.
func (r *signIns) signIn(a Access) {
	for n := range 50 {
		credential, err := a.SignIn(r.member.Person)
		if n == 0 {
			r.begun.Done()
		}
		r.note(a, credential, err)
		if credential == "" || err != nil {
			return
		}
		select {
		case <-r.left:
			return
		case <-time.After(time.Duration(n) * time.Millisecond / 4):
		}
	}
}

func (r *signIns) note(a Access, credential string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.err = fmt.Errorf("while the provider deactivated: %w", signInFailed(a, r.member.Person, err))
	}
	if credential != "" {
		r.got = append(r.got, held{a, credential})
	}
}
