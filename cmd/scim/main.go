// Scim is what an operator of a SCIM service provider needs on a terminal: tokens,
// the outbox, the state of connections, the brake, reconciliation and the audit
// trail.
//
//	scim token create -connection okta -expires 90d
//
// It works on the database of the application (-db or $SCIM_DATABASE, the tables of
// package sqlstore) or on a running console (-console or $SCIM_CONSOLE). "scim help"
// lists the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // the command failed, or found what it looks for (drift, dead entries)
	exitUsage  = 2 // the command line is wrong; nothing was done
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], environment{os.Stdin, os.Stdout, os.Stderr, os.Getenv}))
}

// environment is what a command has besides its arguments.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, env environment) int {
	err := root.run(ctx, nil, args, env)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(env.stderr, "scim: %s\nRun %q for help.\n", usage.text, usage.help)
		return exitUsage
	case errors.Is(err, errFound):
		return exitFailed
	}
	fmt.Fprintf(env.stderr, "scim: %s\n", err)
	return exitFailed
}

// errFound ends a command that has printed what it found, with exit code 1.
var errFound = errors.New("something was found")

// usageError is a mistake in the command line.
type usageError struct{ text, help string }

func (e *usageError) Error() string { return e.text }
