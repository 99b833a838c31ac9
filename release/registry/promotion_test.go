package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

func TestPromoteCopiesEverything(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string][2][]func(*server){
		"both with the API":         {nil, {immutable}},
		"source without the API":    {{apiOff}, {immutable}},
		"target without the API":    {nil, {apiOff}},
		"neither has the API":       {{apiOff}, {apiOff}},
		"target has tags that move": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ends[0], ends[1])
			root := w.image.everything()
			result, err := registry.Promote(t.Context(), w.promotion(root))
			require.NoError(t, err)
			w.complete(root)
			assert.Equal(t, w.to.host+"/"+toRepo+"@"+root.Digest.String(), result.Image)
			assert.False(t, result.AlreadyTagged)
			assert.Equal(t, 10, result.Manifests)
			assert.Equal(t, 3, result.Referrers)
			require.Len(t, result.Platforms, 2)
			for i, expected := range []registry.Platform{{Name: "linux/amd64", User: "1000:1000"}, {Name: "linux/arm64", User: "node"}} {
				result.Platforms[i].Digest = ""
				assert.Equal(t, expected, result.Platforms[i])
			}
			require.Len(t, result.Provenance, 1)
			assert.Equal(t, commit, result.Provenance[0].Commit)
			all := w.image.bytes()
			assert.Equal(t, registry.Transfer{Moved: all, ReadBack: all}, result.Transfer)
			assert.Empty(t, w.slept)

			w.to.forget()
			again, err := registry.Promote(t.Context(), w.promotion(root))
			require.NoError(t, err)
			w.complete(root)
			assert.Empty(t, w.to.writes(), "a second promotion writes nothing")
			assert.True(t, again.AlreadyTagged)
			assert.Equal(t, registry.Transfer{Present: all, ReadBack: manifestBytes(w.image)}, again.Transfer)
		})
	}
}

// manifestBytes returns the size of the expected manifests.
func manifestBytes(b *builder) (sum int64) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	for digest, size := range b.sizes {
		if _, ok := b.s.manifests[b.repo+"/"+digest]; ok {
			sum += size
		}
	}
	return sum
}

// TestPromoteGrowsTheListOfReferrers checks a target without the API. It keeps what others put on the list, and writes the list again
// if another promotion overwrote it.
func TestPromoteGrowsTheListOfReferrers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, []func(*server){apiOff})
	root := w.image.image("amd64", "1000", "app")
	ours := w.image.attest(root)
	theirs := newBuilder(t, w.to)
	theirs.repo = toRepo
	theirs.image("amd64", "1000", "app")
	foreign := theirs.refer(root, "application/spdx+json", "their sbom")
	list := w.image.manifest(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "artifactType": "application/x-reports",
		"annotations": map[string]string{"of": "tests"}, "subject": root, "manifests": []any{}})
	w.image.referrers[root.Digest.String()] = append(w.image.referrers[root.Digest.String()], list.Digest.String())
	at := toRepo + "/" + strings.Replace(root.Digest.String(), ":", "-", 1)
	before := w.to.manifests[at]
	w.to.fault = func(_ http.ResponseWriter, r *http.Request, count int) bool {
		if count == 2 && r.Method == http.MethodGet && r.URL.Path == "/v2/"+toRepo+"/manifests/"+path.Base(at) {
			w.to.mu.Lock()
			defer w.to.mu.Unlock()
			w.to.store(toRepo, path.Base(at), before, ociIndex)
		}
		return false
	}
	_, err := registry.Promote(t.Context(), w.promotion(root))
	require.NoError(t, err)
	var grown v1.IndexManifest
	require.NoError(t, json.Unmarshal(w.to.manifests[at], &grown))
	listed := map[string]string{}
	for _, d := range grown.Manifests {
		listed[d.Digest.String()] = fmt.Sprint(d.ArtifactType, d.Annotations)
	}
	assert.Equal(t, map[string]string{
		ours.Digest.String(): "application/vnd.dev.sigstore.bundle.v0.3+jsonmap[]", foreign.Digest.String(): "application/spdx+jsonmap[]",
		list.Digest.String(): "application/x-reportsmap[of:tests]",
	}, listed)
	assert.Equal(t, []time.Duration{time.Second}, w.slept)
}

// TestPromoteReadsAManifestOnce checks an image that several indexes contain.
func TestPromoteReadsAManifestOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	image := w.image.image("amd64", "1000", "app")
	root := w.image.index(w.image.index(image), image)
	w.image.attest(root)
	_, err := registry.Promote(t.Context(), w.promotion(root))
	require.NoError(t, err)
	w.complete(root)
	assert.Equal(t, 1, w.from.counts["GET "+fromRepo+"/manifests/"+image.Digest.String()])
}

// TestPromoteReadsAllPages checks a source that lists referrers on several pages.
func TestPromoteReadsAllPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.image("amd64", "1000", "app")
	pages := []v1.Descriptor{w.image.attest(root)}
	for i := range 4 {
		pages = append(pages, w.image.refer(root, "application/spdx+json", fmt.Sprint("sbom ", i)))
	}
	w.from.fault = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
		if !strings.HasSuffix(r.URL.Path, "/referrers/"+root.Digest.String()) {
			return false
		}
		var page int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		if page+1 < len(pages) {
			// RFC 8288 leaves the spelling to the server.
			rw.Header().Add("Link", `</docs>; rel="help", </other>; title="a, b; rel=next"; rel=prev`)
			rw.Header().Add("Link", fmt.Sprintf([]string{`<%s?page=%d>; rel="next"`, `<%s?page=%d>;title="x";REL=Next`,
				`<%s?page=%d> ; rel="last next"`,
				`, <%s?page=%d>; anchor; rel = next`}[page], r.URL.Path, page+1))
		}
		rw.Header().Set("Content-Type", ociIndex)
		_ = json.NewEncoder(rw).Encode(v1.IndexManifest{SchemaVersion: 2, MediaType: ociIndex, Manifests: pages[page : page+1]})
		return true
	}
	_, err := registry.Promote(t.Context(), w.promotion(root))
	require.NoError(t, err)
	w.complete(root)
}

// TestPromoteMounts checks that bytes are not sent to and fro between two repositories of one registry.
func TestPromoteMounts(t *testing.T) {
	t.Parallel()
	for name, with := range map[string][]func(*server){"registry mounts": {mounts}, "registry does not": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, with, nil)
			w.to = w.from
			root := w.image.everything()
			result, err := registry.Promote(t.Context(), w.promotion(root))
			require.NoError(t, err)
			w.complete(root)
			manifests := manifestBytes(w.image)
			expected := registry.Transfer{Moved: w.image.bytes(), ReadBack: w.image.bytes()}
			if len(with) > 0 {
				expected = registry.Transfer{Moved: manifests, Mounted: w.image.bytes() - manifests, ReadBack: manifests}
			}
			assert.Equal(t, expected, result.Transfer)
		})
	}
}

// TestPromoteInPlace checks that only the tag is new if the repositories are the same.
func TestPromoteInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	w.to = w.from
	root := w.image.everything()
	p := w.promotion(root)
	p.To = p.From
	result, err := registry.Promote(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, []string{"PUT " + fromRepo + "/manifests/" + tag}, w.from.writes())
	assert.Equal(t, registry.Transfer{Present: w.image.bytes(), ReadBack: manifestBytes(w.image)}, result.Transfer)
}

// TestPromoteConcurrently promotes the same image to the same tag many times at once. All succeed, and the target is consistent at
// every moment.
func TestPromoteConcurrently(t *testing.T) {
	t.Parallel()
	for name, with := range map[string][]func(*server){"API": {immutable}, "no API": {apiOff}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, with)
			root := w.image.everything()
			var group errgroup.Group
			for range 6 {
				group.Go(func() error {
					_, err := registry.Promote(t.Context(), w.promotion(root))
					return err
				})
			}
			require.NoError(t, group.Wait())
			w.complete(root)
		})
	}
}

// TestPromoteLosesARace promotes two images to one tag. One succeeds, and the other's error names both digests.
func TestPromoteLosesARace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, []func(*server){immutable})
	root := w.image.image("amd64", "1000", "ours")
	w.image.attest(root)
	theirs := newBuilder(t, w.to)
	theirs.repo = toRepo
	winner := theirs.image("amd64", "1000", "theirs")
	w.to.onTag = func(repo, reference string) {
		w.to.mu.Lock()
		defer w.to.mu.Unlock()
		w.to.store(repo, reference, w.to.manifests[toRepo+"/"+winner.Digest.String()], ociImage)
	}
	_, err := registry.Promote(t.Context(), w.promotion(root))
	var taken *registry.TagTakenError
	require.ErrorAs(t, err, &taken)
	assert.Equal(t, registry.TagTakenError{
		Repository: w.to.host + "/" + toRepo, Tag: tag, Existing: winner.Digest.String(), Wanted: root.Digest.String(),
	}, *taken)
	assert.Equal(t, winner.Digest.String(), w.to.state(toRepo)[tag])
	assert.Equal(t, 1, w.to.counts["PUT "+toRepo+"/manifests/"+tag], "the tag is written once")
}

func TestPromoteRehashesOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.everything()
	_, err := registry.Promote(t.Context(), w.promotion(root))
	require.NoError(t, err)
	all := w.promotion(root)
	all.RehashAll = true
	result, err := registry.Promote(t.Context(), all)
	require.NoError(t, err)
	assert.Equal(t, w.image.bytes(), result.Transfer.ReadBack)

	rotten := digestOf([]byte("base"))
	w.to.mu.Lock()
	w.to.blobs[toRepo+"/"+rotten] = []byte("BASE")
	w.to.mu.Unlock()
	_, err = registry.Promote(t.Context(), all)
	assert.ErrorContains(t, err, "read back blob "+rotten+": the bytes hash to "+digestOf([]byte("BASE"))+", not to "+rotten)
}
