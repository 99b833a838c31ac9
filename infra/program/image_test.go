package program_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func template(t *testing.T, inventory *pulumitest.Inventory) map[string]any {
	t.Helper()
	return inventory.One(t, serviceType, "service-web-service").Inputs["template"].(map[string]any)
}

// image returns the image that a stack's service would run.
func image(t *testing.T, inventory *pulumitest.Inventory) any {
	t.Helper()
	return template(t, inventory)["containers"].([]any)[0].(map[string]any)["image"]
}

func TestImageOfTheService(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("b", 64)
	deployed := "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@" + digest
	evidence := map[string]any{"image-user": "1001@" + digest}
	first := run(t, "dev", nil)
	assert.Contains(t, image(t, first), "us-docker.pkg.dev/cloudrun/container/hello@sha256:", "without a service, the bootstrap image")
	assert.Nil(t, template(t, first)["annotations"], "the bootstrap image's user is unknown")

	kept := run(t, "dev", nil, pulumitest.WithCall(getService, func(map[string]any) (map[string]any, error) {
		return map[string]any{"templates": []any{map[string]any{"containers": []any{map[string]any{"image": deployed}},
			"annotations": evidence}}}, nil
	}))
	assert.Equal(t, deployed, image(t, kept), "without a digest, the running image is kept")
	assert.Equal(t, evidence, template(t, kept)["annotations"], "and its user")

	named := run(t, "dev", func(document map[string]any) {
		web := document["services"].(map[string]any)["web"].(map[string]any)
		web["digest"], web["imageUser"] = digest, "1001@"+digest
	}, pulumitest.WithCall(getService, func(map[string]any) (map[string]any, error) {
		return nil, errors.New("nobody has to ask")
	}))
	assert.Equal(t, deployed, image(t, named), "a digest in the settings wins")
	assert.Equal(t, evidence, template(t, named)["annotations"])
}

func TestFirstPreviewDoesNotAskForTheImage(t *testing.T) {
	t.Parallel()
	// The API that would answer is still off.
	inventory := run(t, "dev", nil, pulumitest.WithPreview(), pulumitest.WithCall(getService, func(map[string]any) (map[string]any, error) {
		return nil, errors.New("googleapi: Error 403: Cloud Run Admin API has not been used in project procureflow-dev before or it is disabled")
	}))
	assert.Equal(t, pulumitest.Unknown, image(t, inventory))
}

func TestErrorsNameTheChapter(t *testing.T) {
	t.Parallel()
	_, err := runErr(t, "dev", nil, pulumitest.WithCall(getService, func(map[string]any) (map[string]any, error) {
		return nil, errors.New("googleapi: Error 503: Service Unavailable")
	}))
	assert.ErrorContains(t, err, "find out what projects/procureflow-dev/locations/us-central1/services/procureflow-web runs")
	assert.ErrorContains(t, err, "503")
}
