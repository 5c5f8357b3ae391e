package lab

import (
	"os/exec"
	"syscall"
)

// detach keeps the terminal's interrupt from the process, so that the lab can end everything in
// order, and makes the kernel end it when the test binary dies without a word, as it does when its
// time is over.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
