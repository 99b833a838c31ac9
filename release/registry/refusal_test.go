package registry_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

// TestPromoteArguments checks that all wrong arguments are named at once, and that no registry is asked.
func TestPromoteArguments(t *testing.T) {
	t.Parallel()
	const hex = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	const (
		badDigest = "; give sha256: and 64 lower-case hexadecimal digits: a tag can move between the check and the copy"
		badTag    = "; give letters, digits, '_', '.' and '-', at most 128, and none of '.' and '-' first"
		badRepo   = "; give HOST/REPOSITORY without tag or digest"
	)
	good := registry.Promotion{
		From: "a.example/dev/web", To: "a.example/prod/web", Digest: "sha256:" + hex, Tag: "v1",
		Verify: verify, Transport: offline{t},
	}
	tests := map[string]struct {
		change   func(*registry.Promotion)
		problems []string
	}{
		"tag instead of digest": {func(p *registry.Promotion) { p.Digest = "latest" }, []string{`digest is "latest"` + badDigest}},
		"short": {func(p *registry.Promotion) { p.Digest = "sha256:" + hex[1:] },
			[]string{`digest is "sha256:` + hex[1:] + `"` + badDigest}},
		"long": {func(p *registry.Promotion) { p.Digest += "a" }, []string{`digest is "sha256:` + hex + `a"` + badDigest}},
		"digest in upper case": {func(p *registry.Promotion) { p.Digest = "sha256:" + strings.ToUpper(hex) },
			[]string{`digest is "sha256:` + strings.ToUpper(hex) + `"` + badDigest}},
		"other algorithm": {func(p *registry.Promotion) { p.Digest = "sha512:" + hex + hex },
			[]string{`digest is "sha512:` + hex + hex + `"` + badDigest}},
		"image with digest": {func(p *registry.Promotion) { p.Digest = "web@sha256:" + hex },
			[]string{`digest is "web@sha256:` + hex + `"` + badDigest}},
		"a line break": {func(p *registry.Promotion) { p.Digest += "\n" }, []string{`digest is "sha256:` + hex + `\n"` + badDigest}},
		"tag of a signature": {func(p *registry.Promotion) { p.Tag = "sha256-" + hex + ".sig" },
			[]string{`tag is "sha256-` + hex + `.sig"; tags of this form belong to signatures and lists of referrers`}},
		"tag with a slash": {func(p *registry.Promotion) { p.Tag = "v1/2" }, []string{`tag is "v1/2"` + badTag}},
		"repository with tag": {func(p *registry.Promotion) { p.From = "a.example/web:v1" },
			[]string{`from is "a.example/web:v1"` + badRepo}},
		"repository without a host": {func(p *registry.Promotion) { p.To = "web" }, []string{`to is "web"` + badRepo}},
		"repository by digest": {func(p *registry.Promotion) { p.To += "@sha256:" + hex },
			[]string{`to is "a.example/prod/web@sha256:` + hex + `"` + badRepo}},
		"nothing": {func(p *registry.Promotion) { *p = registry.Promotion{Transport: offline{t}} }, []string{
			`digest is ""` + badDigest, `tag is ""` + badTag, `from is ""` + badRepo, `to is ""` + badRepo,
			"nothing verifies the provenance; give a policy's Verify",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := good
			tt.change(&p)
			_, err := registry.Promote(t.Context(), p)
			assert.EqualError(t, err, "promote: "+strings.Join(tt.problems, "\n"))
		})
	}
}

// offline is a transport that fails the test for any request.
type offline struct{ t *testing.T }

func (o offline) RoundTrip(r *http.Request) (*http.Response, error) {
	o.t.Errorf("%s %s was sent", r.Method, r.URL.Path)
	return nil, http.ErrNotSupported
}

// TestPromoteRefusesImages checks that nothing is written to the target if anything is wrong with the image.
func TestPromoteRefusesImages(t *testing.T) {
	t.Parallel()
	const proven = "provenance is not proven: "
	tests := map[string]struct {
		// image makes the image, and fault is in the error; {root} stands for its digest.
		image func(*world) v1.Descriptor
		fault string
	}{
		"no provenance": {func(w *world) v1.Descriptor { return w.image.image("amd64", "1000", "app") },
			proven + "{root} has none in 0"},
		"provenance of one platform only": {func(w *world) v1.Descriptor {
			amd := w.image.image("amd64", "1000", "app")
			w.image.attest(amd)
			return w.image.index(amd)
		}, proven + "{root} has none in 0"},
		"another image's provenance": {func(w *world) v1.Descriptor {
			root := w.image.image("amd64", "1000", "app")
			w.image.refer(root, bundleType, digestOf([]byte("other")))
			return root
		}, proven + "{root} has none in 1"},
		"provenance in another form": {func(w *world) v1.Descriptor {
			root := w.image.image("amd64", "1000", "app")
			w.image.refer(root, "application/vnd.in-toto+json", root.Digest.String())
			return root
		}, proven + "{root} has none in 0"},
		"not there": {func(w *world) v1.Descriptor { return w.image.descriptor([]byte("x"), ociImage) },
			"read manifest {root}: 404 Not Found (NAME_UNKNOWN); check the repository's name, and that the digest was pushed to it"},
		"index without its content": {func(w *world) v1.Descriptor {
			child := w.image.image("amd64", "1000", "app")
			w.from.fault = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
				gone := strings.HasSuffix(r.URL.Path, child.Digest.String())
				if gone {
					rw.WriteHeader(http.StatusNotFound)
				}
				return gone
			}
			return w.image.index(child)
		}, "404 Not Found; check the repository's name, and that the digest was pushed to it"},
		"index and image in one": {func(w *world) v1.Descriptor {
			return w.image.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{}, "layers": []any{}})
		}, "manifest {root}: is both an index and an image"},
		"two media types": {func(w *world) v1.Descriptor {
			root := w.image.image("amd64", "1000", "app")
			w.from.store(fromRepo, root.Digest.String(), w.from.manifests[fromRepo+"/"+root.Digest.String()], ociIndex)
			return root
		}, `manifest {root}: is served as "` + ociIndex + `" and calls itself "` + ociImage + `"`},
		"schema 1": {func(w *world) v1.Descriptor {
			return w.image.manifest(map[string]any{"schemaVersion": 1, "mediaType": ociImage})
		}, "manifest {root}: has schema version 1; only 2 is promoted"},
		"unknown kind": {func(w *world) v1.Descriptor {
			return w.image.manifest(map[string]any{"schemaVersion": 2, "mediaType": "application/x"})
		}, `manifest {root}: has the media type "application/x"; only OCI and Docker v2 images and indexes are promoted`},
		"layer with a URL elsewhere": {func(w *world) v1.Descriptor {
			return w.image.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociImage, "config": w.image.config("amd64", "1000"),
				"layers": []any{w.image.blob("windows", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")}})
		}, "has a layer that registries do not keep"},
		"index of other things": {func(w *world) v1.Descriptor {
			return w.image.index(w.image.blob("layer", ociLayer))
		}, "of media type \"" + ociLayer + "\"; only images and indexes are promoted"},
		"index without an image that runs": {func(w *world) v1.Descriptor {
			root := w.image.index()
			w.image.attest(root)
			return root
		}, "{root} contains no image that can run; promote an image or an index of images"},
		"a blob of two sizes": {func(w *world) v1.Descriptor {
			layer := w.image.blob("layer", ociLayer)
			wrong := layer
			wrong.Size++
			return w.image.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociImage, "config": w.image.config("amd64", "1000"),
				"layers": []any{layer, wrong}})
		}, "two sizes, "},
		"list of referrers that is not an index": {func(w *world) v1.Descriptor {
			root := w.image.image("amd64", "1000", "app")
			w.from.store(fromRepo, strings.Replace(root.Digest.String(), ":", "-", 1), w.from.manifests[fromRepo+"/"+root.Digest.String()], ociImage)
			return root
		}, "should be an OCI index that lists the referrers of {root}, and is not"},
		"list of referrers with one of another image": {func(w *world) v1.Descriptor {
			root, other := w.image.image("amd64", "1000", "app"), w.image.image("arm64", "1000", "app")
			w.image.list(root, w.image.refer(other, "application/spdx+json", "sbom"))
			return root
		}, "is listed as a referrer of {root} and refers to "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil)
			root := tt.image(w)
			_, err := registry.Promote(t.Context(), w.promotion(root))
			require.Error(t, err)
			assert.Contains(t, err.Error(), strings.ReplaceAll(tt.fault, "{root}", root.Digest.String()))
			if strings.HasPrefix(tt.fault, proven) {
				require.ErrorIs(t, err, errUnproven)
			}
			assert.Empty(t, w.to.writes())
			assert.Empty(t, w.slept, "no failure is retried")
		})
	}
}

func TestPromoteNeverMovesATag(t *testing.T) {
	t.Parallel()
	for name, which := range map[string]func(root v1.Descriptor) string{
		"the tag": func(v1.Descriptor) string { return tag },
		"cosign's": func(root v1.Descriptor) string {
			return strings.Replace(root.Digest.String(), ":", "-", 1) + ".sig"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil)
			root := w.image.everything()
			theirs := newBuilder(t, w.to)
			theirs.repo = toRepo
			existing := theirs.image("amd64", "1000", "theirs")
			reference := which(root)
			w.to.store(toRepo, reference, w.to.manifests[toRepo+"/"+existing.Digest.String()], ociImage)
			before := w.to.state(toRepo)
			_, err := registry.Promote(t.Context(), w.promotion(root))
			var taken *registry.TagTakenError
			require.ErrorAs(t, err, &taken)
			assert.Equal(t, reference, taken.Tag)
			assert.Equal(t, existing.Digest.String(), taken.Existing)
			assert.Contains(t, err.Error(), " names "+existing.Digest.String()+", not "+taken.Wanted+": tags never move; promote under another tag")
			assert.Empty(t, w.to.writes())
			assert.Equal(t, before, w.to.state(toRepo))
		})
	}
}

func TestPromoteAndRoot(t *testing.T) {
	t.Parallel()
	for user, root := range map[string]bool{
		"": true, "0": true, "root": true, "0:0": true, "root:root": true, "0:1000": true, "root:node": true, "00": true,
		"+0": true, "-0": true, " 0": true, ":1000": true,
		"1000": false, "1000:0": false, "node": false, "nobody:root": false, "65532:65532": false, "rooted": false, "10": false,
	} {
		t.Run("user "+user, func(t *testing.T) {
			t.Parallel()
			p := newWorld(t, nil, nil).promotionFor(user)
			p.To, p.Tag = "", ""
			result, err := registry.Verify(t.Context(), p)
			require.Len(t, result.Platforms, 2)
			assert.Equal(t, user, result.Platforms[1].User)
			assert.Equal(t, root, result.Platforms[1].Root)
			if !root {
				require.NoError(t, err)
				return
			}
			var refused *registry.RootUserError
			require.ErrorAs(t, err, &refused)
			quoted, _ := json.Marshal(user)
			assert.EqualError(t, refused, p.Digest+" runs as root: linux/arm64 has user "+string(quoted)+
				"; set USER to a numeric id above 0 in the Dockerfile, or give the reason in the policy file's allowRootBecause")
		})
	}
	w := newWorld(t, nil, nil)
	p := w.promotionFor("0")
	_, err := registry.Promote(t.Context(), p)
	var refused *registry.RootUserError
	require.ErrorAs(t, err, &refused)
	assert.Empty(t, w.to.writes())
	p.AllowRootBecause = "it is a test"
	result, err := registry.Promote(t.Context(), p)
	require.NoError(t, err)
	assert.True(t, result.Platforms[1].Root, "the result records what was found")
}

// promotionFor returns the promotion of an image whose second platform runs as the user.
func (w *world) promotionFor(user string) registry.Promotion {
	image := w.image.index(w.image.image("amd64", "1000", "app"), w.image.image("arm64", user, "app"))
	w.image.attest(image)
	return w.promotion(image)
}

// TestRootCheckIgnoresLabels checks that a label cannot hide an image from the check for root, and that the builder's attestations
// do not count as images.
func TestRootCheckIgnoresLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	hidden := w.image.image("amd64", "", "app")
	hidden.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	hidden.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	root := w.image.index(hidden)
	w.image.attest(root)
	_, err := registry.Promote(t.Context(), w.promotion(root))
	var refused *registry.RootUserError
	require.ErrorAs(t, err, &refused)
}
