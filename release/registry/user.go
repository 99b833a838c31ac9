package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Platform is one image of the promoted digest that can run, and the user it runs as.
type Platform struct {
	// Name is OS/ARCH or OS/ARCH/VARIANT, as the image's configuration says.
	Name string `json:"name"`
	// Digest is the digest of the platform's manifest.
	Digest string `json:"digest"`
	// User is the user in the image's configuration, unchanged; empty means that none is set, which is root.
	User string `json:"user"`
	// Root says whether that user is root: empty, root, or the user id 0, with any group. Another user name counts as not root; only the
	// image's passwd file could tell its id.
	Root bool `json:"root"`
}

// ImageUser returns USER@DIGEST. USER lists the platforms' users, each once, sorted, separated by commas. An image that names no user
// counts as root.
func (r Result) ImageUser() string {
	var users []string
	for _, platform := range r.Platforms {
		users = append(users, cmp.Or(platform.User, "root"))
	}
	slices.Sort(users)
	return strings.Join(slices.Compact(users), ",") + "@" + r.Digest
}

// platforms reads the user of every image of the graph that can run. An image can run if it has a filesystem layer. Its label does not
// count: builders add attestations to an index as images of the platform unknown/unknown, so a label would be an easy way around the
// check.
func platforms(ctx context.Context, source *repository, g *graph) ([]Platform, error) {
	var found []Platform
	for _, n := range g.content() {
		if !n.runs() {
			continue
		}
		raw, err := source.smallBlob(ctx, n.blobs[0])
		if err != nil {
			return nil, err
		}
		var config struct {
			Architecture string `json:"architecture"`
			OS           string `json:"os"`
			Variant      string `json:"variant"`
			Config       struct {
				User string `json:"User"`
			} `json:"config"`
		}
		if err := json.Unmarshal(raw, &config); err != nil {
			return nil, fmt.Errorf("%s: configuration %s of image %s is not readable: %s", source, n.blobs[0].digest, n.digest, jsonFault(err))
		}
		if err := plainConfig(raw); err != nil {
			return nil, fmt.Errorf("%s: configuration %s of image %s: %w", source, n.blobs[0].digest, n.digest, err)
		}
		platform := Platform{Name: config.OS + "/" + config.Architecture, Digest: n.digest, User: config.Config.User,
			Root: isRoot(config.Config.User)}
		if config.Variant != "" {
			platform.Name += "/" + config.Variant
		}
		found = append(found, platform)
	}
	if len(found) == 0 {
		return nil, refuse("%s: %s contains no image that can run; promote an image or an index of images", source, g.root)
	}
	return found, nil
}

// runs says whether the node is an image that a runtime could start: it has an image's configuration or a filesystem layer. A layer of an
// unknown type counts, because a runtime may know it, or not look. Only an image of nothing but attestations cannot run.
func (n *node) runs() bool {
	if n.image == nil || len(n.image.Layers) == 0 {
		return false
	}
	if !slices.ContainsFunc(n.image.Layers, func(d v1.Descriptor) bool { return d.MediaType != "application/vnd.in-toto+json" }) {
		return false
	}
	kind, _, _ := strings.Cut(strings.ToLower(string(n.image.Config.MediaType)), ";")
	return types.MediaType(kind).IsConfig() || slices.ContainsFunc(n.image.Layers, func(d v1.Descriptor) bool {
		return types.MediaType(strings.ToLower(string(d.MediaType))).IsLayer()
	})
}

// isRoot reads USER or USER:GROUP the way container runtimes do: a number may have a sign and leading zeros.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(user), ":")
	if id, err := strconv.Atoi(name); err == nil {
		return id == 0
	}
	return name == "" || name == "root"
}
