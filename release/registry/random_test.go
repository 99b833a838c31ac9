package registry_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

// random makes an image of random shape: nested indexes that share images and layers, referrers of anything and of referrers, and
// cosign's tags on anything.
func (b *builder) random(r *rand.Rand) v1.Descriptor {
	var layers []string
	for i := range 1 + r.IntN(6) {
		layers = append(layers, strings.Repeat(fmt.Sprint("layer", i), 1+r.IntN(2000)))
	}
	var content []v1.Descriptor
	for i := range 1 + r.IntN(4) {
		var mine []string
		for range 1 + r.IntN(4) {
			mine = append(mine, layers[r.IntN(len(layers))])
		}
		content = append(content, b.image(fmt.Sprint("arch", i), fmt.Sprint(1+r.IntN(3)), mine...))
	}
	for range r.IntN(3) {
		content = append(content, b.index(content[r.IntN(len(content))], content[r.IntN(len(content))]))
	}
	root := b.index(content...)
	everything := append(content, root, b.attest(root))
	for i := range r.IntN(8) {
		subject := everything[r.IntN(len(everything))]
		everything = append(everything, b.refer(subject, "application/spdx+json", fmt.Sprint("referrer", i)))
	}
	for i := range r.IntN(4) {
		subject := everything[r.IntN(len(everything))]
		b.cosign(subject, []string{"sig", "att", "sbom"}[i%3], fmt.Sprint("cosign", i))
	}
	return root
}

// TestPromoteAnything promotes random images to targets that have random parts of them. Afterwards the target has all of the image,
// no more was moved than was missing, and a second promotion writes nothing. A failing seed is a test's name: -run
// TestPromoteAnything/seed_17. `check --full` tries ten times as many seeds.
func TestPromoteAnything(t *testing.T) {
	t.Parallel()
	seeds := 40
	switch {
	case os.Getenv("CHECK_FULL") != "":
		seeds = 400
	case testing.Short():
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			var from, to []func(*server)
			if r.IntN(3) == 0 {
				from = append(from, apiOff)
			}
			if r.IntN(3) == 0 {
				to = append(to, apiOff)
			} else {
				to = append(to, immutable)
			}
			w := newWorld(t, from, to)
			root := w.image.random(r)
			w.some(r)
			missing := w.missing()
			result, err := registry.Promote(t.Context(), w.promotion(root))
			require.NoError(t, err)
			w.complete(root)
			require.Equal(t, missing, result.Transfer.Moved)
			require.Equal(t, w.image.bytes()-missing, result.Transfer.Present)

			w.to.forget()
			again, err := registry.Promote(t.Context(), w.promotion(root))
			require.NoError(t, err)
			require.Empty(t, w.to.writes())
			require.Equal(t, w.image.bytes(), again.Transfer.Present)
		})
	}
}

// some puts some of the image's blobs at the target, as an earlier image with the same base would.
func (w *world) some(r *rand.Rand) {
	share := r.IntN(3)
	w.from.mu.Lock()
	defer w.from.mu.Unlock()
	for digest := range w.image.expected {
		if content, ok := w.from.blobs[fromRepo+"/"+digest]; ok && int(digest[len(digest)-1])%3 < share {
			w.to.blobs[toRepo+"/"+digest] = content
		}
	}
}

// BenchmarkPromote reports how many bytes are moved for each missing byte, for a target that has the image's base layers and for an
// empty one. 1 is the best possible value.
func BenchmarkPromote(b *testing.B) {
	const base, app = 8 << 20, 1 << 20
	for _, bench := range []struct {
		name     string
		withBase bool
		again    bool
	}{{"nothing there", false, false}, {"base layers there", true, false}, {"all there", true, true}} {
		b.Run(bench.name, func(b *testing.B) {
			var moved, missing, readBack int64
			for range b.N {
				b.StopTimer()
				w := newWorld(b, nil, []func(*server){immutable})
				layer := strings.Repeat("b", base)
				root := w.image.index(w.image.image("amd64", "1000", layer, strings.Repeat("x", app)),
					w.image.image("arm64", "1000", layer, strings.Repeat("y", app)))
				w.image.attest(root)
				if bench.withBase {
					digest := digestOf([]byte(layer))
					w.to.blobs[toRepo+"/"+digest] = w.from.blobs[fromRepo+"/"+digest]
				}
				if bench.again {
					_, err := registry.Promote(b.Context(), w.promotion(root))
					require.NoError(b, err)
				}
				lacking := w.missing()
				b.StartTimer()
				result, err := registry.Promote(b.Context(), w.promotion(root))
				require.NoError(b, err)
				moved, missing, readBack = moved+result.Transfer.Moved, missing+lacking, readBack+result.Transfer.ReadBack
			}
			b.ReportMetric(float64(moved)/float64(b.N), "moved-B/op")
			b.ReportMetric(float64(missing)/float64(b.N), "missing-B/op")
			b.ReportMetric(float64(readBack)/float64(b.N), "readback-B/op")
		})
	}
}
