package problems_test

import (
	"errors"
	"fmt"
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
	found.Optional("d", 0, 3, 1)
	found.Optional("d", 3, 3, 1)
	require.EqualError(t, found.Err(), "a is wrong\nb is wrong\nc is wrong")
	assert.ErrorIs(t, found.Err(), cause)
}

func TestOptionalNumbers(t *testing.T) {
	t.Parallel()
	for _, value := range []int{-1, 4} {
		var found problems.List
		found.Optional("args.Tasks", value, 3, 2)
		assert.EqualError(t, found.Err(), fmt.Sprintf("args.Tasks is %d: use 1-3, or leave it out for 2", value))
	}
}
