package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const broken = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

// TestCloudSurvivesARestart opens the same folder again and finds what was there, behaviours included.
func TestCloudSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	documents, err := store.Open(dir)
	require.NoError(t, err)
	first, err := cloud.New(documents, cloud.Options{})
	require.NoError(t, err)
	require.NoError(t, first.EnsureProject(cloud.Project{ID: project, Number: number, BillingAccount: billing}))
	require.NoError(t, first.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
	w := &cloudtest.World{T: t, Cloud: first}
	w.OK("POST", "/su/v1"+p+"/services/run.googleapis.com:enable", `{}`)
	made := w.OK("POST", services+"?serviceId=web", `{"template":{"containers":[{"image":"`+image+`"}]}}`)
	require.NoError(t, documents.Close())

	documents, err = store.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	w.Cloud, err = cloud.New(documents, cloud.Options{})
	require.NoError(t, err)
	assert.Equal(t, made, w.OK("GET", services+"/web", ""))
	assert.True(t, w.Cloud.Run.Behaviour(broken).NeverReady)
	require.Len(t, w.Cloud.Run.Services(), 1)
	assert.Equal(t, "https://web-123456789012.us-central1.run.app", w.Cloud.Run.Services()[0].URI)
}
