package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cost is what one run of a program cost.
type cost struct {
	wall                 time.Duration
	clientCPU, serverCPU time.Duration
	peakBytes            int64 // of the client: the most memory that was resident
}

func (c cost) cpu() time.Duration { return c.clientCPU + c.serverCPU }

// run runs a program to its end.
func run(ctx context.Context, s *server, name string, arguments ...string) (cost, []byte, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	before := cpuOf(s.command.Process.Pid)
	began := time.Now()
	if err := command.Start(); err != nil {
		return cost{}, nil, err
	}
	watched := make(chan int64, 1)
	stop := make(chan struct{})
	go func() { watched <- watchPeak(command.Process.Pid, stop) }()
	err := command.Wait()
	c := cost{wall: time.Since(began), serverCPU: cpuOf(s.command.Process.Pid) - before}
	close(stop)
	c.peakBytes = <-watched
	if err != nil {
		return c, nil, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, firstLines(problems.String()))
	}
	c.clientCPU = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return c, out.Bytes(), nil
}

func firstLines(text string) string {
	if len(text) > 500 {
		text = text[:500] + "…"
	}
	return strings.TrimSpace(text)
}

// watchPeak polls the high-water mark of a process until it is told to stop. What wait4 tells would not
// do: there, a child starts out with what its parent held.
func watchPeak(pid int, stop <-chan struct{}) int64 {
	var peak int64
	for {
		peak = max(peak, status(pid, "VmHWM"))
		select {
		case <-stop:
			return peak
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// status reads a size from /proc/<pid>/status; 0 when there is none.
func status(pid int, name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// cpuOf returns the CPU time of a running process: what its threads have had, by the nanosecond, or where
// the kernel does not tell, by its ticks. Threads of Go programs hardly ever end.
func cpuOf(pid int) time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum time.Duration
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if fields := strings.Fields(string(text)); err == nil && len(fields) > 0 {
			n, _ := strconv.ParseInt(fields[0], 10, 64)
			sum += time.Duration(n)
		}
	}
	if sum > 0 {
		return sum
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	const ticksPerSecond = 100
	fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond
}
