//go:build !unix

package detached

import "os/exec"

// Session does nothing, because this system has no sessions. Here ctrl-C reaches the command too.
func Session(*exec.Cmd) {}
