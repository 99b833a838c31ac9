//go:build unix

// Package detached starts commands that the terminal's signals do not reach. The cloud has to outlive the command that
// started it. The Pulumi CLI has to be interrupted once, by its parent; a second interrupt, from the terminal, would
// make it abandon its operation.
package detached

import (
	"os/exec"
	"syscall"
)

// Session gives the command its own session. Call it before Start.
func Session(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
