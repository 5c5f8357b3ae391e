package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stopTimeout is how long a process may take to end by itself.
const stopTimeout = 10 * time.Second

// A process is a running program whose output goes to a file.
type process struct {
	name, logPath string
	cmd           *exec.Cmd
	log           *os.File
	exited        chan struct{} // closed when it has ended
	err           error         // how it ended; read after exited
}

// start runs a program with its output added to dir/name.log.
func start(dir, name, path string, args ...string) (*process, error) {
	logPath := filepath.Join(dir, name+".log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	p := &process{name: name, logPath: logPath, cmd: cmd, log: log, exited: make(chan struct{})}
	go func() { // ends with the process, which stop sees to
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// alive returns nil while the process runs, and after that its last words.
func (p *process) alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s ended by itself (%v): %s", p.name, p.err, lastLines(p.logPath, 5))
	default:
		return nil
	}
}

// stop asks the process to end, and ends it when it does not.
func (p *process) stop() error {
	if err := p.alive(); err != nil {
		return errors.Join(err, p.log.Close())
	}
	err := p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		err = errors.Join(err, fmt.Errorf("%s did not end within %v of an interrupt", p.name, stopTimeout), p.cmd.Process.Kill())
		<-p.exited
	}
	return errors.Join(err, p.log.Close())
}

// kill ends the process as the death of its node would: without a word.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.exited
	return errors.Join(err, p.log.Close())
}

func lastLines(path string, n int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
