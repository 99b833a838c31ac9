package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	project  = cloudtest.Project
	number   = cloudtest.Number
	billing  = cloudtest.Billing
	image    = cloudtest.Image
	services = cloudtest.Services
	jobs     = "/run/v2/projects/" + project + "/locations/us-central1/jobs"
)

// world is a cloud that tests send requests to.
type world struct {
	*cloudtest.World
	// made counts what [world.madeForReal] made.
	made int
}

func newWorld(t require.TestingT, dir string, options cloud.Options) *world {
	return &world{World: cloudtest.New(t, dir, options)}
}

func start(t *testing.T) *world { t.Helper(); return newWorld(t, t.TempDir(), cloud.Options{}) }

func emptyWorld(t require.TestingT, dir string, options cloud.Options) *world {
	return &world{World: cloudtest.Empty(t, dir, options)}
}
