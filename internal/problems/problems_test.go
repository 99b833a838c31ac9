package problems_test

import (
	"errors"
	"strings"
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

func TestImage(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	require.NoError(t, problems.Image("args.Image", "host/web@"+digest))
	require.EqualError(t, problems.Image("args.Image", "web:1"),
		`args.Image "web:1" is not an image by digest: write NAME@sha256:<64 hex digits>, a tag may move`)
	require.NoError(t, problems.ImageUser("node@"+digest, "host/web@"+digest))
	for _, user := range []string{"@" + digest, "node", "node@sha256:00"} {
		require.EqualError(t, problems.ImageUser(user, "host/web@"+digest),
			`args.ImageUser "`+user+`" does not belong to args.Image: write USER@`+digest+`, or leave it out`)
	}
}
