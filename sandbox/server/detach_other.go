//go:build !unix

package server

import "os/exec"

// detach does nothing where sessions do not exist: there the cloud ends with the terminal.
func detach(*exec.Cmd) {}
