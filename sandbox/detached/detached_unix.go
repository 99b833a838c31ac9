//go:build unix

// Package detached starts commands that the terminal's signals do not reach: the cloud, which outlives the command that
// started it, and the Pulumi CLI, which is interrupted once and by its parent, not also by the terminal. (A second
// interrupt makes the CLI abandon the operation it is in.)
package detached

import (
	"os/exec"
	"syscall"
)

// Session gives the command a session of its own. Call it before Start.
func Session(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
