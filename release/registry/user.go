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
)

// Platform is one image of the promoted digest that can run, and the user it runs as.
type Platform struct {
	// Name is OS/ARCH or OS/ARCH/VARIANT, as the image's configuration says.
	Name string `json:"name"`
	// Digest is that of the platform's manifest.
	Digest string `json:"digest"`
	// User is the configuration's user, word by word; empty means that none is set, which is root.
	User string `json:"user"`
	// Root says whether that user is root: none, root, or the user id 0, with any group. A user given by another name is
	// taken at its word; only the image's passwd file could tell its id.
	Root bool `json:"root"`
}

// ImageUser is who the image runs as, USER@DIGEST; USER is every platform's, each once, sorted, with commas between, and root
// where an image names none.
func (r Result) ImageUser() string {
	var users []string
	for _, platform := range r.Platforms {
		users = append(users, cmp.Or(platform.User, "root"))
	}
	slices.Sort(users)
	return strings.Join(slices.Compact(users), ",") + "@" + r.Digest
}

// platforms reads the user of everything in the image that can run. What can run is told by its content (at least
// one filesystem layer), not by its label: builders add attestations to an index as images of
// the platform unknown/unknown, and a label would be an easy way around the check.
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

// runs says whether the node is an image with a filesystem.
func (n *node) runs() bool {
	return n.image != nil && slices.ContainsFunc(n.image.Layers, func(d v1.Descriptor) bool { return d.MediaType.IsLayer() })
}

// isRoot reads USER or USER:GROUP the way container runtimes do: a number may have a sign and leading zeros.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(user), ":")
	if id, err := strconv.Atoi(name); err == nil {
		return id == 0
	}
	return name == "" || name == "root"
}
