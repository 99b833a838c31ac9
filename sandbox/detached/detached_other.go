//go:build !unix

package detached

import "os/exec"

// Session does nothing where sessions do not exist: there ctrl-C reaches the command too.
func Session(*exec.Cmd) {}
