//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running program.
type server struct {
	cmd  *exec.Cmd
	base string
}

// request is one request to the server.
type request struct{ method, path, body string }

// start runs the program on a database file and waits until it answers.
func start(program, file string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	s := &server{exec.Command(program, "-addr", addr, "-db", file, "-token", "t"), "http://" + addr + "/scim/v2"}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if _, _, err = s.send(request{"GET", "/ServiceProviderConfig", ""}); err == nil {
			return s, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("the server does not answer: %w", err)
}

// stop ends the server and waits for it.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// send returns the status and up to 1 MiB of the response, which is read to its
// end.
func (s *server) send(r request) (int, string, error) {
	req, err := http.NewRequest(r.method, s.base+r.path, strings.NewReader(r.body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, "", err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, string(text), err
}

// want sends a request that must have that status.
func (s *server) want(status int, r request) error {
	got, text, err := s.send(r)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s: %d %.200s", r.method, r.path, got, text)
	}
	return err
}

// create sends a POST and returns the id of the new resource.
func (s *server) create(path, body string) (string, error) {
	status, text, err := s.send(request{"POST", path + "?attributes=id", body})
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	if json.Unmarshal([]byte(text), &made) != nil || status != http.StatusCreated {
		return "", fmt.Errorf("POST %s: %d %.200s", path, status, text)
	}
	return made.ID, nil
}

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

// usage is what a server has used.
type usage struct {
	cpu            time.Duration
	resident, peak int64 // bytes
}

// usage reads the CPU and memory of the server, and begins a new peak.
func (s *server) usage() (u usage, err error) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return u, err
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return u, err
	}
	u.cpu = cpu(string(stat))
	u.resident, u.peak = kilobytes(string(status), "VmRSS:"), kilobytes(string(status), "VmHWM:")
	return u, os.WriteFile(proc+"clear_refs", []byte("5"), 0)
}

// cpu reads utime and stime, in hundredths of a second, after the name in
// parentheses (proc(5)).
func cpu(stat string) time.Duration {
	_, rest, _ := strings.Cut(stat, ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// kilobytes reads a line of /proc/PID/status and returns bytes.
func kilobytes(status, name string) int64 {
	_, rest, _ := strings.Cut(status, name)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[0], 10, 64)
	return n << 10
}
