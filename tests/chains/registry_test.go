package chains_test

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
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

	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

// store is an environment's registry, in memory.
type store struct {
	t *testing.T
	// repository is that of the image web, HOST/PATH.
	repository string
	// full makes it refuse whatever is written.
	full atomic.Bool
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{t: t}
	inner := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.full.Load() && r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.repository = strings.TrimPrefix(server.URL, "http://") + "/procureflow/web"
	return s
}

// host is what the environment's variable GCP_REGISTRY says.
func (s *store) host() string { return strings.TrimSuffix(s.repository, "/web") }

func (s *store) reference(digest string) name.Digest {
	s.t.Helper()
	reference, err := name.NewDigest(s.repository + "@" + digest)
	if err != nil {
		s.t.Fatal(err)
	}
	return reference
}

func (s *store) push(image v1.Image) string {
	s.t.Helper()
	digest, err := image.Digest()
	if err == nil {
		err = remote.Write(s.reference(digest.String()), image)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return digest.String()
}

// image makes an image that does not run as root.
func newImage(t *testing.T) v1.Image {
	t.Helper()
	image, err := random.Image(512, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.User = "linux", "amd64", "node"
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// attest attaches build provenance from ref to an image, as actions/attest does, with all else as release/settings wants it.
func (s *store) attest(signer *provenancetest.Signer, image v1.Image, ref string) {
	s.t.Helper()
	subject, err := partial.Descriptor(image)
	if err != nil {
		s.t.Fatal(err)
	}
	bundle, err := signer.Attest(provenancetest.GitHub(subject.Digest.String(), provenancetest.Build{
		Repository: "guiofsaints/procureflow", RepositoryID: "100000001", Workflow: ".github/workflows/ci.yml", Ref: ref,
		Commit: "0123456789abcdef0123456789abcdef01234567",
	}))
	if err != nil {
		s.t.Fatal(err)
	}
	attestation := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), provenancetest.BundleMediaType)
	if attestation, err = mutate.AppendLayers(attestation, static.NewLayer(bundle, provenancetest.BundleMediaType)); err != nil {
		s.t.Fatal(err)
	}
	s.push(mutate.Subject(attestation, *subject).(v1.Image))
}

// holds is what a registry has: its tags with their digests, and how many manifests refer to the digest.
func (s *store) holds(digest string) (tags map[string]string, referrers int) {
	s.t.Helper()
	tags = map[string]string{}
	repository, err := name.NewRepository(s.repository)
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := remote.List(repository)
	if err != nil && !strings.Contains(err.Error(), "NAME_UNKNOWN") {
		s.t.Fatal(err)
	}
	for _, tag := range list {
		found, err := remote.Head(repository.Tag(tag))
		if err != nil {
			s.t.Fatal(err)
		}
		tags[tag] = found.Digest.String()
	}
	index, err := remote.Referrers(s.reference(digest))
	if err != nil {
		s.t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		s.t.Fatal(err)
	}
	return tags, len(manifest.Manifests)
}

// names are the tags in order.
func names(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
