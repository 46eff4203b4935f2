//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

// server is a running program.
type server struct{ *process.Server }

// request is one request to the server.
type request struct{ method, path, body string }

// start runs the program on a database file and waits until it answers.
func start(program, file string) (*server, error) {
	s, err := process.Start(program, file)
	return &server{s}, err
}

func (s *server) send(r request) (int, string, error) { return s.Send(r.method, r.path, r.body) }

func (s *server) want(status int, r request) error { return s.Want(status, r.method, r.path, r.body) }

func (s *server) create(path, body string) (string, error) { return s.Create(path, body) }

// answer is the status of a response with the scimType of an error.
func answer(status int, text string) string {
	var e struct{ ScimType string }
	if status >= 400 && json.Unmarshal([]byte(text), &e) == nil && e.ScimType != "" {
		return fmt.Sprint(status, " ", e.ScimType)
	}
	return fmt.Sprint(status)
}

// warm sends small requests of each kind, so that what a server does once is not
// measured.
func (s *server) warm() error {
	id, err := s.create("/Users", userBody(-1))
	if err != nil {
		return err
	}
	for _, r := range []request{
		{"GET", "/Users?count=1", ""},
		{"PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"title","value":"x"}`)},
	} {
		if err := s.want(http.StatusOK, r); err != nil {
			return err
		}
	}
	return s.want(http.StatusCreated, request{"POST", "/Groups", groupBody("warm", `{"value":"x"}`)})
}

// longestPost sends small POSTs, one after another, until ctx ends, and returns
// how long the slowest took.
func (s *server) longestPost(ctx context.Context) (longest time.Duration) {
	for i := 0; ctx.Err() == nil; i++ {
		began := time.Now()
		_, _, _ = s.send(request{"POST", "/Users", userBody(1_000_000 + i)})
		longest = max(longest, time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	return longest
}
