package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// maxManifests bounds what belongs to one image. An image for two platforms with attestations and SBOMs has about a dozen manifests. A
// source that keeps announcing more is broken or hostile.
const maxManifests = 1000

// parallel is how many requests run at once against one registry.
const parallel = 6

// cosignSuffixes are the tags by which cosign finds what belongs to a manifest: sha256-HEX.SUFFIX.
var cosignSuffixes = []string{"sig", "att", "sbom"}

// graph is an image with everything that belongs to it.
type graph struct {
	root  string
	nodes map[string]*node
	// referrers are the digests that refer to a digest.
	referrers map[string][]string
	// tags maps cosign's tags to digests.
	tags map[string]string
}

// discover reads everything that belongs to a digest. It writes nothing.
func discover(ctx context.Context, source *repository, root string) (*graph, error) {
	g := &graph{root: root, nodes: map[string]*node{}, referrers: map[string][]string{}, tags: map[string]string{}}
	seen := map[string]bool{root: true}
	for wave := []string{root}; len(wave) > 0; {
		if len(seen) > maxManifests {
			return nil, refuse("%s: more than %d manifests belong to %s; that is not an image built here", source, maxManifests, root)
		}
		found, err := readWave(ctx, source, wave)
		if err != nil {
			return nil, err
		}
		var next []string
		for _, f := range found {
			next = append(next, g.add(f)...)
		}
		wave = nil
		for _, digest := range next {
			if !seen[digest] {
				seen[digest] = true
				wave = append(wave, digest)
			}
		}
	}
	return g, g.checkSizes()
}

// finding is one manifest with the manifests that point to it.
type finding struct {
	*node
	referrers []string
	tags      map[string]string
}

// add puts a finding into the graph and returns the digests to read next.
func (g *graph) add(f finding) []string {
	g.nodes[f.digest] = f.node
	if len(f.referrers) > 0 {
		g.referrers[f.digest] = f.referrers
	}
	maps.Copy(g.tags, f.tags)
	next := append(slices.Clone(f.children), f.referrers...)
	return append(next, slices.Sorted(maps.Values(f.tags))...)
}

func readWave(ctx context.Context, source *repository, wave []string) ([]finding, error) {
	found := make([]finding, len(wave))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, digest := range wave {
		group.Go(func() (err error) {
			found[i], err = read(ctx, source, digest)
			return err
		})
	}
	return found, group.Wait()
}

func read(ctx context.Context, source *repository, digest string) (finding, error) {
	m, err := source.manifest(ctx, digest)
	if err != nil {
		return finding{}, err
	}
	n, err := parse(m)
	if err != nil {
		return finding{}, fmt.Errorf("%s: manifest %s: %w", source, digest, err)
	}
	f := finding{node: n, tags: map[string]string{}}
	if f.referrers, err = referrersAt(ctx, source, digest); err != nil {
		return finding{}, err
	}
	for _, suffix := range cosignSuffixes {
		tag := fallbackTag(digest) + "." + suffix
		m, present, err := source.tag(ctx, tag)
		if err != nil {
			return finding{}, err
		}
		if present {
			f.tags[tag] = m.digest
		}
	}
	return f, nil
}

// fallbackTag returns the tag that lists a manifest's referrers on registries without a referrers API. cosign's tags begin with it, too.
func fallbackTag(digest string) string { return strings.Replace(digest, ":", "-", 1) }

// referrersAt lists a manifest's referrers from the API and from the fallback tag. A registry that got the API later may have some in
// each.
func referrersAt(ctx context.Context, source *repository, digest string) ([]string, error) {
	listed, _, err := source.referrers(ctx, digest)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, d := range listed {
		found[d.Digest.String()] = true
	}
	list, _, err := source.fallbackList(ctx, digest)
	if err != nil {
		return nil, err
	}
	if len(list.Manifests) > maxManifests {
		return nil, refuse("%s: more than %d manifests refer to %s; that is not an image built here", source, maxManifests, digest)
	}
	for _, d := range list.Manifests {
		// Registries do not take deleted referrers off this list, so an entry without a manifest is skipped.
		_, err := source.manifest(ctx, d.Digest.String())
		switch {
		case err == nil:
			found[d.Digest.String()] = true
		case !isNotFound(err):
			return nil, err
		}
	}
	all := slices.Sorted(maps.Keys(found))
	for _, referrer := range all {
		if !isDigest(referrer) {
			return nil, refuse("%s: %s is listed as a referrer of %s and is not a sha256 digest", source, referrer, digest)
		}
	}
	return all, nil
}

// fallbackList reads the tag that lists a manifest's referrers. Without that tag the list is empty.
func (r *repository) fallbackList(ctx context.Context, digest string) (list v1.IndexManifest, present bool, err error) {
	tag := fallbackTag(digest)
	m, present, err := r.tag(ctx, tag)
	if err != nil || !present {
		return v1.IndexManifest{}, false, err
	}
	if m.mediaType != types.OCIImageIndex || json.Unmarshal(m.raw, &list) != nil {
		return v1.IndexManifest{}, false, refuse("%s:%s should be an OCI index that lists the referrers of %s, and is not", r, tag, digest)
	}
	return list, true, nil
}

// checkSizes refuses manifests that disagree about the size of a blob, and referrers that refer to something else.
func (g *graph) checkSizes() error {
	sizes := map[string]int64{}
	for _, digest := range slices.Sorted(maps.Keys(g.nodes)) {
		for _, b := range g.nodes[digest].blobs {
			if size, known := sizes[b.digest]; known && size != b.size {
				return refuse("manifests give blob %s two sizes, %d and %d", b.digest, size, b.size)
			}
			sizes[b.digest] = b.size
		}
		for _, referrer := range g.referrers[digest] {
			if found := g.nodes[referrer].subject; found != digest {
				return refuse("%s is listed as a referrer of %s and refers to %q", referrer, digest, found)
			}
		}
	}
	return nil
}

// allBlobs returns the blobs of all manifests, each once, in the order of their digests.
func (g *graph) allBlobs() []blob {
	once := map[string]blob{}
	for _, n := range g.nodes {
		for _, b := range n.blobs {
			once[b.digest] = b
		}
	}
	var all []blob
	for _, digest := range slices.Sorted(maps.Keys(once)) {
		all = append(all, once[digest])
	}
	return all
}

// order returns the manifests in the order in which they are written: each after what it contains and after what it refers to. Such an
// order always exists, because a manifest that names a digest was made after it.
func (g *graph) order() []*node {
	var (
		ordered []*node
		done    = map[string]bool{}
		visit   func(string)
	)
	visit = func(digest string) {
		n := g.nodes[digest]
		if n == nil || done[digest] {
			return
		}
		done[digest] = true
		for _, child := range n.children {
			visit(child)
		}
		visit(n.subject)
		ordered = append(ordered, n)
	}
	visit(g.root)
	for _, digest := range slices.Sorted(maps.Keys(g.nodes)) {
		visit(digest)
	}
	return ordered
}

// content returns the root and what it contains, without the manifests that refer to it.
func (g *graph) content() []*node {
	var (
		found []*node
		done  = map[string]bool{}
		visit func(string)
	)
	visit = func(digest string) {
		if done[digest] {
			return
		}
		done[digest] = true
		found = append(found, g.nodes[digest])
		for _, child := range g.nodes[digest].children {
			visit(child)
		}
	}
	visit(g.root)
	return found
}

// concurrently runs a function for each item, a few at a time, and returns the first error.
func concurrently[T any](ctx context.Context, items []T, run func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, item := range items {
		group.Go(func() error { return run(ctx, item) })
	}
	return group.Wait()
}
