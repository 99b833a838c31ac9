package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

func TestVerifyReadsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.everything()
	asked := w.promotion(root)
	asked.To, asked.Tag = "", ""
	result, err := registry.Verify(t.Context(), asked)
	require.NoError(t, err)
	assert.Equal(t, w.from.host+"/"+fromRepo+"@"+root.Digest.String(), result.Image)
	assert.Len(t, result.Provenance, 1)
	assert.Len(t, result.Platforms, 2)
	assert.Empty(t, w.from.writes())
	assert.Empty(t, w.to.writes())

	bare := w.image.index(w.image.image("amd64", "1000", "app"))
	asked.Digest = bare.Digest.String()
	_, err = registry.Verify(t.Context(), asked)
	require.ErrorIs(t, err, errUnproven)

	rooted := w.image.index(w.image.image("amd64", "0", "app"))
	w.image.attest(rooted)
	asked.Digest = rooted.Digest.String()
	_, err = registry.Verify(t.Context(), asked)
	var asRoot *registry.RootUserError
	require.ErrorAs(t, err, &asRoot)

	asked.Digest = "latest"
	_, err = registry.Verify(t.Context(), asked)
	require.ErrorContains(t, err, "a tag can move between the check and the copy")
}
