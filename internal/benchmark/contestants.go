//go:build linux

package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed library
var librarySource embed.FS

// build compiles the service provider of package library into the tree of a version of
// this library, and returns the program. The files are laid over the tree, which is not
// changed: over its module of examples, which requires all that they import.
func build(tree, name, dir string) (string, error) {
	tree, err := filepath.Abs(tree)
	if err != nil {
		return "", err
	}
	settings := "settings.go"
	if _, err := os.Stat(filepath.Join(tree, "brake")); errors.Is(err, os.ErrNotExist) {
		settings = "settings_before.go.txt"
	}
	replace := map[string]string{}
	for to, from := range map[string]string{"main.go": "main.go", "settings.go": settings} {
		text, err := librarySource.ReadFile("library/" + from)
		if err != nil {
			return "", err
		}
		file := filepath.Join(dir, name+"-"+to)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(tree, "examples", "benchmark-library", to)] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, name+"-overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-overlay", file, "-o", program, "./examples/benchmark-library")
	cmd.Dir = tree
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the library of %s: %w\n%s", tree, err, text)
	}
	return program, nil
}

// checkout returns the tree of a commit, or the directory itself if it is one.
func checkout(version, dir string) (string, error) {
	if info, err := os.Stat(version); err == nil && info.IsDir() {
		return version, nil
	}
	tree := filepath.Join(dir, "against")
	if err := os.Mkdir(tree, 0o700); err != nil {
		return "", err
	}
	archive := exec.Command("git", "archive", "--format=tar", "-o", tree+".tar", version)
	if text, err := archive.CombinedOutput(); err != nil {
		return "", fmt.Errorf("-against %s is neither a directory nor a commit: %w\n%s", version, err, text)
	}
	if text, err := exec.Command("tar", "-xf", tree+".tar", "-C", tree).CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpack %s: %w\n%s", version, err, text)
	}
	return tree, nil
}

// The names of contestants. before is another version of the library.
const (
	limitName   = "limit"
	libraryName = "library"
	beforeName  = "before"
	rivalName   = "elimity"
)

// commitOf returns the commit of a working tree, with a + if it has changes, and "" for a
// tree that git does not know.
func commitOf(tree string) string {
	commit, err := exec.Command("git", "-C", tree, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return ""
	}
	changes, err := exec.Command("git", "-C", tree, "status", "--porcelain").Output()
	if err != nil || len(changes) > 0 {
		return strings.TrimSpace(string(commit)) + "+"
	}
	return strings.TrimSpace(string(commit))
}

// contestant is a program to be measured.
type contestant struct {
	name    string
	program string
	args    []string // before those of every server
}

// contestants builds the programs, the limit first.
func (o options) contestants(dir string) ([]contestant, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	settings := []string{fmt.Sprintf("-brake=%t", o.brake)}
	program, err := build(o.library, libraryName, dir)
	if err != nil {
		return nil, err
	}
	out := []contestant{{limitName, self, []string{"serve", limitName}}, {libraryName, program, settings}}
	if o.against != "" {
		tree, err := checkout(o.against, dir)
		if err != nil {
			return nil, err
		}
		if program, err = build(tree, beforeName, dir); err != nil {
			return nil, err
		}
		out = append(out, contestant{beforeName, program, settings})
	}
	if o.rival {
		out = append(out, contestant{rivalName, self, []string{"serve", rivalName}})
	}
	return out, nil
}

// startAll starts a server of each contestant that has the store, and waits for them.
func (o options) startAll(contestants []contestant, p place) ([]*side, error) {
	var sides []*side
	for _, c := range contestants {
		if c.name == rivalName && p.store != inMemory {
			continue
		}
		s, err := c.start(p)
		if err != nil {
			stopAll(sides)
			return nil, err
		}
		sides = append(sides, s)
	}
	for _, s := range sides {
		if err := s.wait(o.connections); err != nil {
			stopAll(sides)
			return nil, err
		}
	}
	return sides, nil
}

func stopAll(sides []*side) {
	for _, s := range sides {
		s.stop()
	}
}
