// Package registrytest serves registries in memory for tests, and fills them with images and their attestations.
package registrytest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

// Registry is a registry in memory, on loopback.
type Registry struct {
	// Host is its address, HOST:PORT.
	Host string
	// Full makes it refuse every write.
	Full atomic.Bool
}

// Serve serves a registry until the test ends.
func Serve(t *testing.T) *Registry {
	t.Helper()
	r := &Registry{}
	inner := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r.Full.Load() && request.Method != http.MethodGet && request.Method != http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	r.Host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// Image makes a Linux image for an architecture that runs as user.
func Image(t *testing.T, architecture, user string) v1.Image {
	t.Helper()
	image, err := random.Image(512, 2)
	require.NoError(t, err)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.User = "linux", architecture, user
	image, err = mutate.ConfigFile(image, config)
	require.NoError(t, err)
	return image
}

// Index makes an index of images.
func Index(images ...v1.Image) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image})
	}
	return index
}

// Artifact is an image or an index.
type Artifact interface {
	remote.Taggable
	partial.Describable
}

// Push writes an image or an index with its content to a repository, HOST/PATH, and returns its digest.
func Push(t *testing.T, repository string, artifact Artifact) string {
	t.Helper()
	digest, err := artifact.Digest()
	require.NoError(t, err)
	to, err := name.NewDigest(repository + "@" + digest.String())
	require.NoError(t, err)
	switch artifact := artifact.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(to, artifact)
	case v1.Image:
		err = remote.Write(to, artifact)
	default:
		t.Fatalf("%T is neither an image nor an index", artifact)
	}
	require.NoError(t, err)
	return digest.String()
}

// Attest attaches build provenance to a pushed artifact, as actions/attest does.
func Attest(t *testing.T, repository string, artifact Artifact, signer *provenancetest.Signer, build provenancetest.Build) {
	t.Helper()
	digest, err := artifact.Digest()
	require.NoError(t, err)
	bundle, err := signer.Attest(provenancetest.GitHub(digest.String(), build))
	require.NoError(t, err)
	Refer(t, repository, artifact, bundle)
}

// Refer attaches a bundle to a pushed artifact, whatever the bundle is about.
func Refer(t *testing.T, repository string, artifact Artifact, bundle []byte) {
	t.Helper()
	subject, err := partial.Descriptor(artifact)
	require.NoError(t, err)
	referrer := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), provenancetest.BundleMediaType)
	referrer, err = mutate.AppendLayers(referrer, static.NewLayer(bundle, provenancetest.BundleMediaType))
	require.NoError(t, err)
	Push(t, repository, mutate.Subject(referrer, *subject).(v1.Image))
}
