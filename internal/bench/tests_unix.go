//go:build unix

package bench

import (
	"os/exec"
	"syscall"
	"time"
)

const measuresTests = true

// waitForAll waits until a package's tests have ended, and for each process that they left behind and that ended before them. It returns
// the tests' exit code and the processor time of all of these.
func waitForAll(tests *exec.Cmd) (code int, took time.Duration) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 1, took
		}
		if pid != tests.Process.Pid {
			continue
		}
		if code = status.ExitStatus(); code < 0 { // a signal ended it
			code = 1
		}
		break
	}
	for pid := 1; pid > 0; { // what has ended since
		pid, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	}
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used) != nil {
		return code, 0
	}
	return code, time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
