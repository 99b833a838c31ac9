//go:build unix

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory returns the largest amount of memory, in bytes, that a process or one that it waited for has had.
func peakMemory(state *os.ProcessState) int64 {
	used, is := state.SysUsage().(*syscall.Rusage)
	if !is {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(used.Maxrss)
	}
	return int64(used.Maxrss) << 10 // in kilobytes
}
