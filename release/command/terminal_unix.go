//go:build unix

package command

import (
	"context"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// typed says whether a person typed the signal that ended the context at the terminal. The terminal then sent it to every process in the
// foreground, including the command that this program started.
func typed(ctx context.Context) bool {
	if cause := context.Cause(ctx); cause == nil || !strings.HasPrefix(cause.Error(), os.Interrupt.String()) {
		return false
	}
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer terminal.Close()
	foreground, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}
