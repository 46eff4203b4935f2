//go:build linux

// Package process has what the programs of the benchmark share: they start a service
// provider as a process of its own, send it requests, and read what it used of the
// CPU and memory.
package process

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Build builds the quickstart into a directory, and returns the file.
func Build(dir string) (string, error) {
	program := filepath.Join(dir, "quickstart")
	if text, err := exec.Command("go", "build", "-o", program, "./examples/quickstart").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the quickstart: %w\n%s", err, text)
	}
	return program, nil
}

// Databases returns those that a command line names, without any memory and sqlite.
func Databases(args []string) []string {
	if len(args) == 0 {
		return []string{"memory", "sqlite"}
	}
	return args
}

// Server is a running program.
type Server struct {
	cmd *exec.Cmd
	// Base is the URL of the service, without a slash at the end.
	Base string
}

// Start runs the program on a database (its flag -db) with further arguments,
// and waits until it answers.
func Start(program, db string, args ...string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	s := &Server{exec.Command(program, append([]string{"-addr", addr, "-db", db, "-token", "t", "-rate", "inf", "-brake=false", "-audit", "0", "-console", "off"}, args...)...), "http://" + addr + "/scim/v2"}
	s.cmd.Stderr = complaints{}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		if _, _, err = s.Send("GET", "/ServiceProviderConfig", ""); err == nil {
			return s, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Stop()
	return nil, fmt.Errorf("the server does not answer: %w", err)
}

// complaints prints what a server writes but the line that it listens.
type complaints struct{}

func (complaints) Write(text []byte) (int, error) {
	if !strings.Contains(string(text), "listening on") {
		os.Stderr.Write(text)
	}
	return len(text), nil
}

// Stop ends the server and waits for it.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// client keeps a connection for each of some concurrent senders.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// Do sends a request. The caller closes the body of the response.
func (s *Server) Do(method, path, body string) (*http.Response, error) {
	req, err := http.NewRequest(method, s.Base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/scim+json")
	return client.Do(req)
}

// Send returns the status and up to 1 MiB of the response, which is read to its
// end.
func (s *Server) Send(method, path, body string) (int, string, error) {
	resp, err := s.Do(method, path, body)
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

// Want sends a request that must have that status.
func (s *Server) Want(status int, method, path, body string) error {
	got, text, err := s.Send(method, path, body)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s: %d %.200s", method, path, got, text)
	}
	return err
}

// Create sends a POST and returns the id of the new resource.
func (s *Server) Create(path, body string) (string, error) {
	status, text, err := s.Send("POST", path+"?attributes=id", body)
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	if json.Unmarshal([]byte(text), &made) != nil || status != http.StatusCreated {
		return "", fmt.Errorf("POST %s: %d %.200s", path, status, text)
	}
	return made.ID, nil
}

// Usage is what a server has used.
type Usage struct {
	CPU            time.Duration
	Resident, Peak int64 // bytes
}

// Usage reads the CPU and memory of the server, and begins a new peak.
func (s *Server) Usage() (u Usage, err error) {
	if u.CPU, err = CPU(s.cmd.Process.Pid); err != nil {
		return u, err
	}
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return u, err
	}
	u.Resident, u.Peak = kilobytes(string(status), "VmRSS:"), kilobytes(string(status), "VmHWM:")
	return u, os.WriteFile(proc+"clear_refs", []byte("5"), 0)
}

// CPU adds up what the threads of a process have used, in user and system mode; those
// of a Go program do not end.
func CPU(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	total := time.Duration(0)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		var onCPU int64 // nanoseconds, the first of three numbers
		if _, err := fmt.Sscan(string(text), &onCPU); err != nil {
			return 0, err
		}
		total += time.Duration(onCPU)
	}
	return total, nil
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
