//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the most that a process, or one that it waited for, had in memory at once, in bytes.
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
