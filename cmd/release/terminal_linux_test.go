package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal. What is written to keyboard arrives at tty as if a person had typed it.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tty.Close() })
	return keyboard, tty
}

// TestGuardedCommandIsInterruptedOnce sends each signal to a guard at a terminal. Ctrl-C reaches every process at the terminal, so
// the guard must not pass it on: a second interrupt makes Pulumi abandon its step. The guard does pass on a signal that only it
// receives, such as one from a workflow's runner.
func TestGuardedCommandIsInterruptedOnce(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w,
			`{"name":"projects/p/locations/us-central1/services/web","etag":"1","latestReadyRevision":"web-a","latestCreatedRevision":"web-a",
			"traffic":[{"revision":"web-a","percent":100}],"trafficStatuses":[{"revision":"web-a","percent":100}]}`)
	}))
	t.Cleanup(api.Close)
	// Under nohup, the started processes would inherit that hangups are ignored.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	for name, interrupt := range map[string]func(keyboard *os.File, guard *os.Process) error{
		"ctrl-C":            func(keyboard *os.File, _ *os.Process) error { _, err := keyboard.Write([]byte{3}); return err },
		"a lost connection": func(_ *os.File, guard *os.Process) error { return guard.Signal(syscall.SIGHUP) },
		"a termination":     func(_ *os.File, guard *os.Process) error { return guard.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keyboard, tty := terminal(t)
			file := filepath.Join(t.TempDir(), "interrupts")
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			guard := exec.CommandContext(ctx, os.Args[0], "guard", "web", "--project", "p", "--endpoint", api.URL+"/run/", "--audit",
				file+".jsonl", "--",
				"env", countInterrupts+"="+file, os.Args[0])
			guard.Env = append(os.Environ(), "RELEASE_TEST_MAIN=1")
			guard.Stdin = tty
			guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			require.NoError(t, guard.Start())
			begun := func() bool { _, err := os.Stat(file + ".begun"); return err == nil }
			if !assert.Eventually(t, begun, time.Minute, 10*time.Millisecond) {
				_ = guard.Process.Kill()
			} else {
				require.NoError(t, interrupt(keyboard, guard.Process))
			}
			_ = guard.Wait()
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, "1", string(got))
		})
	}
}
