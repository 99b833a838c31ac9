package registry

import (
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// node is one manifest of the graph with the digests that it names.
type node struct {
	manifest
	index    *v1.IndexManifest // set for an index
	image    *v1.Manifest      // set for an image or an artifact
	children []string          // digests of manifests it contains
	blobs    []blob
	subject  string // digest of the manifest it refers to, or empty
}

// parse reads a manifest strictly, so that it cannot mean one thing here and another to the runtime.
func parse(m manifest) (*node, error) {
	var shape struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
		Layers        json.RawMessage `json:"layers"`
		Subject       *v1.Descriptor  `json:"subject"`
	}
	if err := json.Unmarshal(m.raw, &shape); err != nil {
		return nil, refuse("not a manifest: %s", jsonFault(err))
	}
	if err := plainManifest(m.raw); err != nil {
		return nil, err
	}
	if shape.MediaType != "" && shape.MediaType != m.mediaType {
		return nil, refuse("is served as %q and calls itself %q", m.mediaType, shape.MediaType)
	}
	if shape.Manifests != nil && (shape.Config != nil || shape.Layers != nil) {
		return nil, refuse("is both an index and an image")
	}
	n := &node{manifest: m}
	if shape.Subject != nil {
		n.subject = shape.Subject.Digest.String()
	}
	switch {
	case shape.SchemaVersion != 2:
		return nil, refuse("has schema version %d; only 2 is promoted", shape.SchemaVersion)
	case m.mediaType.IsIndex() && shape.Manifests == nil:
		return nil, refuse("is served as an index and lists no manifests")
	case m.mediaType.IsIndex():
		n.index = &v1.IndexManifest{}
		return n, n.readIndex()
	case m.mediaType.IsImage():
		n.image = &v1.Manifest{}
		return n, n.readImage()
	}
	return nil, refuse("has the media type %q; only OCI and Docker v2 images and indexes are promoted", m.mediaType)
}

func (n *node) readIndex() error {
	if err := json.Unmarshal(n.raw, n.index); err != nil {
		return refuse("not an index: %s", jsonFault(err))
	}
	for _, child := range n.index.Manifests {
		digest := child.Digest.String()
		if !isDigest(digest) {
			return refuse("names %q, which is not a sha256 digest", digest)
		}
		if !child.MediaType.IsIndex() && !child.MediaType.IsImage() {
			return refuse("contains %s of media type %q; only images and indexes are promoted", digest, child.MediaType)
		}
		n.children = append(n.children, digest)
	}
	return nil
}

func (n *node) readImage() error {
	if err := json.Unmarshal(n.raw, n.image); err != nil {
		return refuse("not an image: %s", jsonFault(err))
	}
	for _, d := range append([]v1.Descriptor{n.image.Config}, n.image.Layers...) {
		digest := d.Digest.String()
		switch {
		case !isDigest(digest):
			return refuse("names %q, which is not a sha256 digest", digest)
		case d.Size < 0:
			return refuse("gives blob %s the size %d", digest, d.Size)
		case !d.MediaType.IsDistributable():
			return refuse("has a layer that registries do not keep, %s (%s); rebuild on another base image", digest, d.MediaType)
		}
		n.blobs = append(n.blobs, blob{digest: digest, size: d.Size})
	}
	return nil
}

// jsonFault returns an error's type alone, so that no content gets into the message.
func jsonFault(err error) string { return fmt.Sprintf("%T", err) }
