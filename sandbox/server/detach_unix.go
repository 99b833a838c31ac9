//go:build unix

package server

import (
	"os/exec"
	"syscall"
)

// detach gives the child a session of its own: neither ctrl-C in the terminal nor its closing ends the cloud.
func detach(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
