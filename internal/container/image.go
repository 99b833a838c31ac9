// Package container has the arguments that the components for Cloud Run services and jobs share: images, variables, secrets and the
// network.
package container

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// CheckImage finds what is wrong with args.Image, and with the user that was found in it.
func CheckImage(image, user pulumi.StringInput, found *problems.List) {
	switch image := image.(type) {
	case nil:
		found.Add("args.Image is missing: set an image by digest, NAME@sha256:<64 hex digits>")
	case pulumi.String:
		found.Take(Image("args.Image", string(image)))
		if user, given := user.(pulumi.String); given && user != "" {
			found.Take(ImageUser(string(user), string(image)))
		}
	}
}

// ByDigest passes an image on once it is known, if it is named by its digest.
func ByDigest(image pulumi.StringInput) pulumi.StringOutput {
	return image.ToStringOutput().ApplyT(func(image string) (string, error) {
		return image, Image("args.Image", image)
	}).(pulumi.StringOutput)
}

// Image refuses an image that is not named by its digest.
func Image(field, image string) error {
	if limits.ImageByDigest.MatchString(image) {
		return nil
	}
	return fmt.Errorf("%s %q is not an image by digest: write NAME@sha256:<64 hex digits>, because a tag may move; %s",
		field, image, limits.ShowDigest)
}

// ImageUser refuses a user, USER@DIGEST, that was found in another image.
func ImageUser(user, image string) error {
	_, digest, _ := strings.Cut(image, "@")
	if name, of, _ := strings.Cut(user, "@"); name != "" && of == digest {
		return nil
	}
	return fmt.Errorf("args.ImageUser %q does not belong to args.Image: write USER@%s, or leave it out", user, digest)
}

// UserAnnotation returns the template's annotation with the user that was found in its image. It returns nil instead of an empty map
// if nobody looked at the image, because an empty map would rename a service's revision.
func UserAnnotation(key string, image, user pulumi.StringInput) pulumi.StringMapInput {
	if user == nil {
		return nil
	}
	return pulumi.All(image, user).ApplyT(func(values []any) (map[string]string, error) {
		image, user := values[0].(string), values[1].(string)
		if user == "" {
			return nil, nil
		}
		return map[string]string{key: user}, ImageUser(user, image)
	}).(pulumi.StringMapOutput)
}
