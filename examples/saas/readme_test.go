package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test binary is also the program of the README.
const envProgram = "SAAS_TEST_PROGRAM"

// The commands of the README print what it says, in which … is any text.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		require.NotEqual(t, "1", os.Getenv("SCIM_TEST_REQUIRE_ALL"), "curl is missing, and SCIM_TEST_REQUIRE_ALL=1")
		t.Skip("curl is missing")
	}
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	commands := consoleOf(t, strings.ReplaceAll(string(text), "127.0.0.1:8082", freeAddress(t)))
	dir := t.TempDir()
	program := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", envProgram, os.Args[0])
	require.NoError(t, os.WriteFile(filepath.Join(dir, "saas"), []byte(program), 0o700))

	script := "trap 'kill $(jobs -p)' EXIT\n"
	for n, c := range commands {
		script += c.command + fmt.Sprintf("\necho '== %d'\n", n)
	}
	cmd := exec.Command("bash")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	out, err := cmd.Output()
	log, _ := os.ReadFile(filepath.Join(dir, "saas.log"))
	require.NoError(t, err, "%s\n%s", out, log)
	for n, c := range commands {
		printed, rest, ok := strings.Cut(string(out), fmt.Sprintf("== %d\n", n))
		require.True(t, ok, "after %s: %s", c.command, out)
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(c.want)), "…", ".*")
		require.Regexp(t, "^"+pattern+"$", strings.TrimSpace(printed), "%s\n%s", c.command, log)
		out = []byte(rest)
	}
}

type command struct{ command, want string }

// consoleOf returns the commands of the blocks of a README, less those of Go.
func consoleOf(t *testing.T, text string) (commands []command) {
	for _, block := range strings.Split(text, "```console\n")[1:] {
		block, _, ok := strings.Cut(block, "```")
		require.True(t, ok)
		for _, one := range strings.Split("\n"+block, "\n$ ")[1:] {
			for strings.Contains(one, "\\\n") {
				one = strings.ReplaceAll(one, "\\\n", " ")
			}
			line, want, _ := strings.Cut(one, "\n")
			if !strings.HasPrefix(line, "go ") {
				commands = append(commands, command{line, want})
			}
		}
	}
	require.Greater(t, len(commands), 10)
	return commands
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
