package chains_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
	"github.com/guiofsaints/procureflow-platform/release/registry/registrytest"
)

// store is an environment's registry, in memory.
type store struct {
	*registrytest.Registry
	t *testing.T
	// repository is the repository of the image web, HOST/PATH, which is built from the application's repository on GitHub.
	repository string
	of         application
}

func newStore(t *testing.T, of application) *store {
	t.Helper()
	served := registrytest.Serve(t)
	return &store{Registry: served, t: t, repository: served.Host + "/" + of.name + "/web", of: of}
}

// image returns the registry's repository of another image.
func (s *store) image(name string) *store {
	other := *s
	other.repository = s.host() + "/" + name
	return &other
}

// host returns what precedes the image's name.
func (s *store) host() string { return s.repository[:strings.LastIndex(s.repository, "/")] }

func (s *store) push(image v1.Image) string {
	s.t.Helper()
	return registrytest.Push(s.t, s.repository, image)
}

// newImage makes an image that does not run as root.
func newImage(t *testing.T) v1.Image {
	t.Helper()
	return registrytest.Image(t, "amd64", "node")
}

// attest attaches build provenance from ref to an image. The rest of the provenance is as release/settings requires.
func (s *store) attest(signer *provenancetest.Signer, image v1.Image, ref string) {
	s.t.Helper()
	registrytest.Attest(s.t, s.repository, image, signer, s.build(ref))
}

// build returns a build as the settings require, with any ref: the application's workflow calls the platform's, which signs.
func (s *store) build(ref string) provenancetest.Build {
	return provenancetest.Build{
		Repository: s.of.slug(), RepositoryID: s.of.id, Workflow: ".github/workflows/platform-ci.yml", Ref: ref,
		Commit:  "0123456789abcdef0123456789abcdef01234567",
		Builder: platformRepository + "/.github/workflows/build.yml@" + platformCommit,
	}
}

// holds returns what a registry has: its tags with their digests, and how many manifests refer to the digest.
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
	index, err := remote.Referrers(repository.Digest(digest))
	if err != nil {
		s.t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		s.t.Fatal(err)
	}
	return tags, len(manifest.Manifests)
}

// names returns the tags in order.
func names(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
