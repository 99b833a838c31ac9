package artifactregistry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const p = "/projects/" + cloudtest.Project

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/su/v1"+p+"/services/containerscanning.googleapis.com:disable", `{}`)
	repository := w.OK("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow",
		`{"format":"DOCKER","dockerConfig":{"immutableTags":true}}`)
	assert.Equal(t, "us-central1-docker.pkg.dev/procureflow-dev/procureflow", repository["registryUri"])
	assert.Equal(t, "SCANNING_DISABLED", cloudtest.Dig(repository, "vulnerabilityScanningConfig", "enablementState"))
}

// TestCleanup checks which clean-up policies the API accepts.
func TestCleanup(t *testing.T) {
	t.Parallel()
	const exactly = `Invalid cleanup policy "k": exactly one of condition and most_recent_versions must be set.`
	for name, test := range map[string]struct{ policy, want string }{
		"keep the newest":     {`"action":"KEEP","mostRecentVersions":{"keepCount":3}`, ""},
		"delete what is old":  {`"action":"DELETE","condition":{"olderThan":"86400s"}`, ""},
		"keep what has a tag": {`"action":"KEEP","condition":{"tagState":"TAGGED","tagPrefixes":["v"]}`, ""},
		"its own id":          {`"id":"k","action":"DELETE","condition":{}`, ""},
		"another id": {`"id":"l","action":"DELETE","condition":{}`,
			`Invalid cleanup policy "k": its id is "l"; both must be equal.`},
		"neither": {`"action":"KEEP"`, exactly},
		"both":    {`"action":"KEEP","condition":{},"mostRecentVersions":{"keepCount":3}`, exactly},
		"delete the newest": {`"action":"DELETE","mostRecentVersions":{"keepCount":3}`,
			`Invalid cleanup policy "k": most_recent_versions can be used with the action KEEP only.`},
		"keep fewer than one": {`"action":"KEEP","mostRecentVersions":{"packageNamePrefixes":["a"]}`,
			`Invalid cleanup policy "k": keep_count must be at least 1.`},
		"tags of what has no tags": {`"action":"DELETE","condition":{"tagState":"UNTAGGED","tagPrefixes":["v"]}`,
			`Invalid cleanup policy "k": tag_prefixes can be used with the tag state TAGGED only.`},
	} {
		w := cloudtest.Start(t)
		const repositories = "/ar/v1" + p + "/locations/us-central1/repositories?repositoryId=web"
		body := `{"format":"DOCKER","cleanupPolicies":{"k":{` + test.policy + `}}}`
		if test.want != "" {
			assert.Equal(t, "Bad Request INVALID_ARGUMENT: "+test.want, w.Refused("POST", repositories, body), name)
			continue
		}
		assert.Equal(t, "k", cloudtest.Dig(w.OK("POST", repositories, body), "cleanupPolicies", "k", "id"), name)
	}
}

// TestScanning checks what a repository says about scanning its images.
func TestScanning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body     string
		off      bool
		state    string
		reason   any
		location string
	}{
		"scanned":            {`{"format":"DOCKER"}`, false, "SCANNING_ACTIVE", nil, "us-central1"},
		"in several regions": {`{"format":"DOCKER"}`, false, "SCANNING_ACTIVE", nil, "europe"},
		"turned off": {`{"format":"DOCKER","vulnerabilityScanningConfig":{"enablementConfig":"DISABLED"}}`, false, "SCANNING_DISABLED",
			"Scanning is disabled for this repository.", "us-central1"},
		"without the API": {`{"format":"DOCKER"}`, true, "SCANNING_DISABLED", "API containerscanning.googleapis.com is not enabled.",
			"us-central1"},
		"no images": {`{"format":"MAVEN"}`, false, "SCANNING_UNSUPPORTED", nil, "us-central1"},
	} {
		w := cloudtest.Start(t)
		if test.off {
			w.OK("POST", "/su/v1"+p+"/services/containerscanning.googleapis.com:disable", `{}`)
		}
		made := w.OK("POST", "/ar/v1"+p+"/locations/"+test.location+"/repositories?repositoryId=web", test.body)
		assert.Equal(t, test.state, cloudtest.Dig(made, "vulnerabilityScanningConfig", "enablementState"), name)
		assert.Equal(t, test.reason, cloudtest.Dig(made, "vulnerabilityScanningConfig", "enablementStateReason"), name)
	}
}

// TestImagesNeedTheirRepository pulls images whose repository exists and images whose repository does not. Cloud Run asks this API
// about images.
func TestImagesNeedTheirRepository(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=web", `{"format":"DOCKER"}`)
	for image, found := range map[string]bool{
		"us-central1-docker.pkg.dev/procureflow-dev/web/app:v1":    true,
		"us-central1-docker.pkg.dev/procureflow-dev/other/app:v1":  false,
		"europe-west1-docker.pkg.dev/procureflow-dev/web/app:v1":   false,
		"us-central1-docker.pkg.dev/another-project/web/app:v1":    false,
		"us-docker.pkg.dev/cloudrun/container/hello":               true, // one of Google's samples
		"docker.io/library/nginx:1":                                true, // the emulator takes other registries' images to be there
		"us-central1-docker.pkg.dev/procureflow-dev/no-repository": false,
	} {
		w.Call("DELETE", cloudtest.Services+"/web", "")
		_, operation := w.Call("POST", cloudtest.Services+"?serviceId=web", `{"template":{"containers":[{"image":"`+image+`"}]}}`)
		message, _ := cloudtest.Dig(operation, "error", "message").(string)
		assert.Equal(t, found, message == "", "%s: %s", image, message)
		if !found {
			assert.Contains(t, message, "Image '"+image+"' not found.")
		}
	}
}
