package cli

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEnd checks the exit code of each kind of error, however often it is wrapped.
func TestEnd(t *testing.T) {
	t.Parallel()
	exists := errors.New("the file exists")
	for _, test := range []struct {
		err  error
		code int
		said string
	}{
		{nil, ExitDone, ""},
		{UsageError("write a name"), ExitUsage, "newrule: write a name\n"},
		{fmt.Errorf("the call: %w", UsageError("write a name")), ExitUsage, "newrule: the call: write a name\n"},
		{RefusedError{exists}, ExitRefuse, "newrule: the file exists\n"},
		{fmt.Errorf("x: %w", RefusedError{exists}), ExitRefuse, "newrule: x: the file exists\n"},
		{exists, ExitFailed, "newrule: the file exists\n"},
	} {
		var said bytes.Buffer
		assert.Equal(t, test.code, Streams{Err: &said}.End("newrule", test.err), test.said)
		assert.Equal(t, test.said, said.String())
	}
	assert.ErrorIs(t, RefusedError{exists}, exists)
}

// TestAsked checks which calls ask for help. A name that begins like the help flag is still a name.
func TestAsked(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"-h", "-help", "--help", "help"} {
		assert.True(t, Asked([]string{form}), form)
		assert.False(t, Asked([]string{form, "more"}), form)
	}
	for _, args := range [][]string{nil, {""}, {"--h"}, {"helper"}} {
		assert.False(t, Asked(args), args)
	}
}
