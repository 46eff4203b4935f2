//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is where and when a report was made.
type machine struct {
	CPU      string
	Cores    int
	Memory   string
	Go, Date string
	Load     string // of the last minute, at the end
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Date: time.Now().UTC().Format("2006-01-02")}
	m.CPU = valueIn("/proc/cpuinfo", "model name")
	var kB int
	if _, err := fmt.Sscan(valueIn("/proc/meminfo", "MemTotal"), &kB); err == nil {
		m.Memory = fmt.Sprintf("%d GiB", (kB+1<<19)>>20)
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	return m
}

// valueIn returns what follows the key and a colon in a file of /proc.
func valueIn(file, key string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
