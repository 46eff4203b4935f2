package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is a command, or a group of commands.
type command struct {
	name     string
	args     string // of the synopsis, for example "ID..."
	short    string // one line
	long     string // with examples
	commands []*command
	// flags declares the flags and returns the function to call with the arguments.
	flags func(f *flag.FlagSet, env environment) action
}

// action carries out a command with its arguments.
type action func(ctx context.Context, args []string) error

// run finds the command that args name, and carries it out.
func (c *command) run(ctx context.Context, path, args []string, env environment) error {
	path = append(path, c.name)
	if c.flags != nil {
		return c.runAction(ctx, path, args, env)
	}
	if len(args) > 1 && isHelp(args[0]) {
		args = append(args[1:], "-h") // help NAME... is NAME... -h
	}
	if len(args) == 0 || isHelp(args[0]) {
		c.usage(env.stdout, path)
		return nil
	}
	for _, sub := range c.commands {
		if sub.name == args[0] {
			return sub.run(ctx, path, args[1:], env)
		}
	}
	return &usageError{fmt.Sprintf("unknown command %q", args[0]), strings.Join(path, " ") + " help"}
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

func (c *command) runAction(ctx context.Context, path, args []string, env environment) error {
	f := flag.NewFlagSet(strings.Join(path, " "), flag.ContinueOnError)
	f.SetOutput(io.Discard)
	do := c.flags(f, env)
	rest, err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		c.help(env.stdout, f)
		return nil
	}
	help := f.Name() + " -h"
	if err != nil {
		return &usageError{err.Error(), help}
	}
	err = do(ctx, rest)
	var usage *usageError
	if errors.As(err, &usage) {
		usage.help = help
	}
	return err
}

// parse reads flags before, between and after the arguments. "--" ends the flags.
func parse(f *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		before := len(args)
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		ended := before > f.NArg() && args[before-f.NArg()-1] == "--"
		args = f.Args()
		if len(args) == 0 || ended {
			return append(rest, args...), nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// usage prints the commands of a group.
func (c *command) usage(w io.Writer, path []string) {
	if c.long != "" {
		fmt.Fprintf(w, "%s\n\n", c.long)
	}
	fmt.Fprintf(w, "Usage: %s COMMAND\n\nCommands:\n", strings.Join(path, " "))
	for _, line := range c.lines("") {
		fmt.Fprintf(w, "  %-18s %s\n", line[0], line[1])
	}
	fmt.Fprintf(w, "\n\"%s COMMAND -h\" describes a command and its flags.\n", strings.Join(path, " "))
}

// lines returns the name and the short text of each command of a group.
func (c *command) lines(prefix string) [][2]string {
	var out [][2]string
	for _, sub := range c.commands {
		if sub.flags == nil {
			out = append(out, sub.lines(prefix+sub.name+" ")...)
			continue
		}
		out = append(out, [2]string{prefix + sub.name, sub.short})
	}
	return out
}

// help prints a command and its flags.
func (c *command) help(w io.Writer, f *flag.FlagSet) {
	fmt.Fprintf(w, "%s\n\nUsage: %s\n", c.long, strings.TrimSpace(f.Name()+" [FLAG]... "+c.args))
	fmt.Fprintln(w, "\nFlags:")
	f.SetOutput(w)
	f.PrintDefaults()
}

// usagef returns a mistake in the command line.
func usagef(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...)}
}
