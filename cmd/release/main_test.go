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

// TestReaderGoesAway runs the command with nobody left to read what it prints, as in `release rollout web | head`: a rollout must not
// die of it with half of the requests at its candidate.
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

// countInterrupts makes this test binary the command that a guard runs: it writes to a file how many interrupts it got.
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
