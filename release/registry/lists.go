package registry

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// list makes sure that the target lists a manifest's referrers. A registry with the referrers API does so itself. On
// any other, the tag sha256-HEX is the list; it is the one tag that may move, because it only ever grows.
func (c *copying) list(ctx context.Context, subject string) error {
	wanted := c.graph.referrers[subject]
	return c.target.attempt(ctx, "list referrers of "+subject, 0, func(ctx context.Context) error {
		listed, supported, err := c.target.tryReferrers(ctx, subject)
		if err != nil {
			return err
		}
		if !supported {
			return c.growList(ctx, subject)
		}
		if missing := without(wanted, listed); len(missing) > 0 {
			return &unlistedError{missing: missing}
		}
		return nil
	})
}

// unlistedError says that a registry does not list a referrer yet. It may need a moment.
type unlistedError struct{ missing []string }

func (e *unlistedError) Error() string {
	return "the registry has the manifests and does not list " + strings.Join(e.missing, ", ")
}

func (e *unlistedError) canRetry() bool { return true }

// growList adds the missing referrers to the tag that lists them, and reads it again, because another promotion may
// write the same list.
func (c *copying) growList(ctx context.Context, subject string) error {
	tag := fallbackTag(subject)
	wanted := c.graph.referrers[subject]
	list := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	there, err := c.target.tryManifest(ctx, tag)
	switch {
	case err == nil:
		if there.mediaType != types.OCIImageIndex || json.Unmarshal(there.raw, &list) != nil {
			return refuse("%s:%s should be an OCI index that lists the referrers of %s, and is not", c.target, tag, subject)
		}
	case !isNotFound(err):
		return err
	}
	missing := without(wanted, list.Manifests)
	if len(missing) == 0 {
		return nil
	}
	for _, referrer := range missing {
		list.Manifests = append(list.Manifests, c.graph.nodes[referrer].descriptor())
	}
	slices.SortFunc(list.Manifests, func(a, b v1.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := c.target.putManifest(ctx, tag, manifest{digest: hashOf(raw), mediaType: types.OCIImageIndex, raw: raw}); err != nil {
		return err
	}
	now, err := c.target.tryManifest(ctx, tag)
	if err != nil {
		return err
	}
	list = v1.IndexManifest{}
	if err := json.Unmarshal(now.raw, &list); err != nil {
		return refuse("%s:%s is not a list any more, because somebody wrote it meanwhile: promote again", c.target, tag)
	}
	if missing := without(wanted, list.Manifests); len(missing) > 0 {
		return &unlistedError{missing: missing}
	}
	return nil
}

// without returns the wanted digests that are not listed.
func without(wanted []string, listed []v1.Descriptor) (missing []string) {
	for _, digest := range wanted {
		if !slices.ContainsFunc(listed, func(d v1.Descriptor) bool { return d.Digest.String() == digest }) {
			missing = append(missing, digest)
		}
	}
	return missing
}

// descriptor returns a referrer's entry on a list.
func (n *node) descriptor() v1.Descriptor {
	hash, _ := v1.NewHash(n.digest) // There is no error: n.digest was computed by this package.
	d := v1.Descriptor{MediaType: n.mediaType, Digest: hash, Size: n.size()}
	switch {
	case n.image != nil:
		d.ArtifactType, d.Annotations = n.image.ArtifactType, n.image.Annotations
		if d.ArtifactType == "" {
			d.ArtifactType = string(n.image.Config.MediaType)
		}
	case n.index != nil:
		d.ArtifactType, d.Annotations = n.index.ArtifactType, n.index.Annotations
	}
	return d
}
