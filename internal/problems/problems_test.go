package problems_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

func TestListSaysEverythingInOrder(t *testing.T) {
	t.Parallel()
	var found problems.List
	require.NoError(t, found.Err())
	found.If(false, "%s is right", "a")
	found.Take(nil)
	require.NoError(t, found.Err())
	cause := errors.New("c is wrong")
	found.Add("%s is wrong", "a")
	found.If(true, "%s is wrong", "b")
	found.Take(cause)
	require.EqualError(t, found.Err(), "a is wrong\nb is wrong\nc is wrong")
	assert.ErrorIs(t, found.Err(), cause)
}
