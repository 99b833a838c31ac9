package registry_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

const (
	fromRepo = "procureflow-dev/images/web"
	toRepo   = "procureflow-prod/images/web"
	tag      = "v1.2.3"
)

// bundleType is the media type of Sigstore's bundles.
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// commit is the commit from which the tests' images were built.
const commit = "0123456789abcdef0123456789abcdef01234567"

var errUnproven = errors.New("provenance is not proven")

// verify stands in for provenance.Policy.Verify: a bundle of these tests is the digest that it is about. Package provenance has tests of
// Sigstore's own bundles, and package images of both together.
func verify(digest string, bundles []registry.Bundle) ([]registry.Evidence, error) {
	for _, bundle := range bundles {
		if string(bundle.JSON) == digest {
			return []registry.Evidence{{Bundle: bundle.Name, Commit: commit}}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s has none in %d", errUnproven, digest, len(bundles))
}

func digestOf(raw []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(raw)) }

// builder puts images into a repository, and remembers what belongs to them, which a promotion has to copy.
type builder struct {
	t    testing.TB
	s    *server
	repo string
	// expected is what the target's state has to be, and sizes the bytes of each entry.
	expected map[string]string
	sizes    map[string]int64
	// referrers maps a digest to the digests that refer to it.
	referrers map[string][]string
}

func newBuilder(t testing.TB, s *server) *builder {
	return &builder{t: t, s: s, repo: fromRepo, expected: map[string]string{}, sizes: map[string]int64{}, referrers: map[string][]string{}}
}

func (b *builder) descriptor(raw []byte, mediaType string) v1.Descriptor {
	hash, err := v1.NewHash(digestOf(raw))
	require.NoError(b.t, err)
	return v1.Descriptor{MediaType: types.MediaType(mediaType), Size: int64(len(raw)), Digest: hash}
}

func (b *builder) blob(content, mediaType string) v1.Descriptor {
	d := b.descriptor([]byte(content), mediaType)
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.s.blobs[b.repo+"/"+d.Digest.String()] = []byte(content)
	b.expected[d.Digest.String()], b.sizes[d.Digest.String()] = d.Digest.String(), d.Size
	return d
}

// manifest stores a manifest under its digest and, if given, a tag.
func (b *builder) manifest(content map[string]any, tags ...string) v1.Descriptor {
	raw, err := json.Marshal(content)
	require.NoError(b.t, err)
	d := b.descriptor(raw, content["mediaType"].(string))
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	for _, reference := range append([]string{d.Digest.String()}, tags...) {
		b.s.store(b.repo, reference, raw, string(d.MediaType))
		b.expected[reference] = d.Digest.String()
	}
	b.sizes[d.Digest.String()] = d.Size
	return d
}

const (
	ociImage = "application/vnd.oci.image.manifest.v1+json"
	ociIndex = "application/vnd.oci.image.index.v1+json"
	ociLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
	ociConf  = "application/vnd.oci.image.config.v1+json"
)

func (b *builder) config(arch, user string) v1.Descriptor {
	raw, err := json.Marshal(map[string]any{"os": "linux", "architecture": arch, "config": map[string]any{"User": user}})
	require.NoError(b.t, err)
	return b.blob(string(raw), ociConf)
}

func (b *builder) image(arch, user string, layers ...string) v1.Descriptor {
	list := []v1.Descriptor{}
	for _, layer := range layers {
		list = append(list, b.blob(layer, ociLayer))
	}
	d := b.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociImage, "config": b.config(arch, user), "layers": list})
	d.Platform = &v1.Platform{OS: "linux", Architecture: arch}
	return d
}

func (b *builder) index(children ...v1.Descriptor) v1.Descriptor {
	return b.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": children})
}

// refer attaches an artifact to a manifest, and adds it to the list under a tag if the registry has no referrers API.
func (b *builder) refer(subject v1.Descriptor, mediaType, content string) v1.Descriptor {
	subject.Platform = nil
	d := b.manifest(map[string]any{
		"schemaVersion": 2, "mediaType": ociImage, "artifactType": mediaType, "subject": subject,
		"config": b.blob("{}", "application/vnd.oci.empty.v1+json"), "layers": []any{b.blob(content, mediaType)},
	})
	d.ArtifactType = mediaType
	b.referrers[subject.Digest.String()] = append(b.referrers[subject.Digest.String()], d.Digest.String())
	if b.s.apiOff {
		b.list(subject, d)
	}
	return d
}

// list adds a referrer to the tag that lists a manifest's referrers. The list belongs to the source, so the target need not have it.
func (b *builder) list(subject, referrer v1.Descriptor) {
	reference := strings.Replace(subject.Digest.String(), ":", "-", 1)
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	list := v1.IndexManifest{SchemaVersion: 2, MediaType: ociIndex}
	if raw, ok := b.s.manifests[b.repo+"/"+reference]; ok {
		require.NoError(b.t, json.Unmarshal(raw, &list))
	}
	list.Manifests = append(list.Manifests, referrer)
	raw, err := json.Marshal(list)
	require.NoError(b.t, err)
	b.s.store(b.repo, reference, raw, ociIndex)
}

// cosign stores content under the tag where cosign looks for it.
func (b *builder) cosign(subject v1.Descriptor, suffix, content string) v1.Descriptor {
	return b.manifest(map[string]any{
		"schemaVersion": 2, "mediaType": ociImage, "config": b.blob("{}", ociConf),
		"layers": []any{b.blob(content, "application/vnd.dev.cosign.simplesigning.v1+json")},
	}, strings.Replace(subject.Digest.String(), ":", "-", 1)+"."+suffix)
}

// attest attaches build provenance.
func (b *builder) attest(subject v1.Descriptor) v1.Descriptor {
	return b.refer(subject, bundleType, subject.Digest.String())
}

// everything makes an image with all that can belong to one: two platforms, the builder's own attestation in the index, provenance,
// an SBOM of a platform, a signature of the SBOM, and what cosign keeps under tags.
func (b *builder) everything() v1.Descriptor {
	amd, arm := b.image("amd64", "1000:1000", "base", "app for amd64"), b.image("arm64", "node", "base", "app for arm64")
	inToto := b.manifest(map[string]any{
		"schemaVersion": 2, "mediaType": ociImage, "config": b.config("unknown", ""),
		"layers": []any{b.blob("in-toto", "application/vnd.in-toto+json")},
	})
	inToto.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	root := b.index(amd, arm, inToto)
	b.attest(root)
	sbom := b.refer(amd, "application/spdx+json", "sbom of amd64")
	b.refer(sbom, "application/pgp-signature", "signature of the sbom")
	b.cosign(root, "sig", "signature of the index")
	b.cosign(arm, "att", "attestation of arm64")
	b.cosign(amd, "sbom", "sbom by cosign")
	return root
}

// bytes returns the size of everything expected, each blob once.
func (b *builder) bytes() (sum int64) {
	for _, size := range b.sizes {
		sum += size
	}
	return sum
}

// world is a source, a target, and a promotion between them.
type world struct {
	t        testing.TB
	from, to *server
	image    *builder

	mu    sync.Mutex
	slept []time.Duration
}

func newWorld(t testing.TB, from, to []func(*server)) *world {
	w := &world{t: t, from: newServer(t, from...), to: newServer(t, to...)}
	w.image = newBuilder(t, w.from)
	return w
}

// promotion returns what the command line would ask for, with a clock that only counts.
func (w *world) promotion(root v1.Descriptor) registry.Promotion {
	return registry.Promotion{
		From: w.from.host + "/" + fromRepo, To: w.to.host + "/" + toRepo, Digest: root.Digest.String(), Tag: tag,
		Verify: verify, Keychain: anonymous{},
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.slept = append(w.slept, d)
			return ctx.Err()
		},
	}
}

// complete checks that the target has exactly what belongs to the image, and that it was never inconsistent on the way.
func (w *world) complete(root v1.Descriptor) {
	w.t.Helper()
	expected := maps.Clone(w.image.expected)
	expected[tag] = root.Digest.String()
	found := w.to.state(toRepo)
	for name := range found {
		if strings.HasPrefix(name, "sha256-") && expected[name] == "" {
			require.True(w.t, w.to.apiOff, "a list of referrers under a tag although the registry has the API: %s", name)
			delete(found, found[name])
			delete(found, name)
		}
	}
	require.Equal(w.t, expected, found)
	require.Empty(w.t, w.to.broken)
	if w.to.apiOff && w.to != w.from {
		w.listed()
	}
}

// listed checks that a target without the API lists every referrer under a tag.
func (w *world) listed() {
	w.t.Helper()
	for subject, referrers := range w.image.referrers {
		var list v1.IndexManifest
		require.NoError(w.t, json.Unmarshal(w.to.manifests[toRepo+"/"+strings.Replace(subject, ":", "-", 1)], &list))
		var found []string
		for _, d := range list.Manifests {
			found = append(found, d.Digest.String())
		}
		require.Subset(w.t, found, referrers)
	}
}

// tagsOf returns the tags in a repository's state, without those of the form sha256-….
func tagsOf(state map[string]string) (tags []string) {
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if !strings.HasPrefix(name, "sha256") {
			tags = append(tags, name)
		}
	}
	return tags
}

// anonymous is a keychain without credentials.
type anonymous struct{}

func (anonymous) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

func apiOff(s *server)    { s.apiOff = true }
func immutable(s *server) { s.immutable = true }
func mounts(s *server)    { s.mounts = true }
