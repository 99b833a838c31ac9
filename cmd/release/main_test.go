package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
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
