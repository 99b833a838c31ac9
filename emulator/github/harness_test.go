package github_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// world is a cloud that tests send requests to.
type world struct{ *cloudtest.World }

func newWorld(t require.TestingT, dir string, options cloud.Options) *world {
	return &world{cloudtest.New(t, dir, options)}
}

func start(t *testing.T) *world { t.Helper(); return newWorld(t, t.TempDir(), cloud.Options{}) }
