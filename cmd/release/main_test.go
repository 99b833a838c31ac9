package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(countInterrupts); file != "" {
		if err := count(file); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	if os.Getenv("RELEASE_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestReaderGoesAway runs the command after its reader has closed the pipe, as in `release rollout web | head`. The command must not
// fail for that reason, because a rollout would then stop halfway.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	defer writer.Close()
	command := exec.Command(os.Args[0], "--help")
	command.Env = append(os.Environ(), "RELEASE_TEST_MAIN=1")
	command.Stdout = writer
	require.NoError(t, command.Run())
}

// countInterrupts is the variable that turns this test binary into the command that a guard runs. The binary writes the number of
// interrupts that it received to the file that the variable names.
const countInterrupts = "RELEASE_TEST_COUNT_INTERRUPTS"

func count(file string) error {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, os.Interrupt)
	if err := os.WriteFile(file+".begun", nil, 0o600); err != nil {
		return err
	}
	<-signals
	got := 1
	for quiet := time.After(time.Second); ; {
		select {
		case <-signals:
			got++
		case <-quiet:
			return os.WriteFile(file, fmt.Append(nil, got), 0o600)
		}
	}
}
