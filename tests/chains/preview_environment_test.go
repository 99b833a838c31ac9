package chains_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

// labelled returns the event of a pull request with the label preview.
func (c *checkout) labelled(action, head string, fork bool) event {
	e := c.pullRequest(c.git("rev-parse", "main"), head, fork)
	e.payload["action"] = action
	e.payload["pull_request"].(map[string]any)["labels"] = []any{map[string]any{"name": "preview"}}
	if action == "labeled" {
		e.payload["label"] = map[string]any{"name": "preview"}
	}
	return e
}

// withPreviews merges tests/application/previews.yaml into dev's settings, and adds the slots to the policies.
func (c *checkout) withPreviews() {
	c.t.Helper()
	overlay, err := pulumitest.Overlay(filepath.Join(root, "tests", "application", "previews.yaml"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.edit("Pulumi.dev.yaml", func(text string) string {
		var file map[string]any
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			c.t.Fatal(err)
		}
		pulumitest.Lay(file["config"].(map[string]any)["procureflow:platform"].(map[string]any), overlay)
		changed, err := yaml.Marshal(file)
		if err != nil {
			c.t.Fatal(err)
		}
		return string(changed)
	})
	c.edit("policy/dev.json", func(text string) string {
		return strings.NewReplacer(`["procureflow-web"]`, `["procureflow-web", "procureflow-web-preview-1", "procureflow-web-preview-2"]`,
			`"us-docker.pkg.dev/cloudrun/container"`, `"us-docker.pkg.dev/cloudrun/container", "docker.io/library/caddy"`).Replace(text)
	})
}

// slot returns the first slot's image and its annotations, which name its pull request and when it expires.
func (c *chain) slot() (image string, annotations map[string]string) {
	c.t.Helper()
	var service struct {
		Annotations map[string]string
		Template    struct {
			Containers []struct{ Name, Image string }
		}
		LatestReadyRevision, LatestCreatedRevision string
	}
	c.get(c.path("dev", "web-preview-1"), &service)
	if service.LatestReadyRevision != service.LatestCreatedRevision {
		c.t.Errorf("%s is not ready", service.LatestCreatedRevision)
	}
	for _, container := range service.Template.Containers {
		if container.Name == "app" {
			image = container.Image
		}
	}
	return image, service.Annotations
}

// data returns the address at which the emulated services answer.
func (c *chain) data() string {
	for _, variable := range c.env {
		if address, is := strings.CutPrefix(variable, "CHAIN_DATA="); is {
			return strings.TrimSuffix(address, "/")
		}
	}
	return ""
}

// TestAPreviewEnvironment follows a preview from the label to its end. The image runs in a slot that search engines do not list, a
// push changes it, and closing the pull request or the passing of time frees the slot. A fork's image never runs.
func TestAPreviewEnvironment(t *testing.T) {
	t.Parallel()
	of := newCheckout(t)
	of.withPreviews()
	of.commit("previews")
	c := newChainOf(of, "dev")
	c.git("checkout", "--quiet", "-b", "feature")
	// The job does not read what the pull request says about settings, accounts and slots.
	c.edit("Pulumi.dev.yaml", func(text string) string { return strings.ReplaceAll(text, "procureflow-dev", "mallorys-project") })
	free, _ := c.slot()

	push := func(action string, fork bool) (head, digest string, r run) {
		image := newImage(t)
		if err := os.RemoveAll(filepath.Join(c.kept, "layout")); err != nil {
			t.Fatal(err)
		}
		c.layout(image)
		hash, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		head = c.commit(action)
		return head, hash.String(), c.run("platform-preview-environment.yml", c.labelled(action, head, fork))
	}
	const repository = "us-central1-docker.pkg.dev/procureflow-dev/procureflow-previews/web@"
	shown := func(head, digest string, r run) {
		t.Helper()
		want := called("preview-environment", map[string]string{"asked": success, "image/build": success, "image/scan": success, "up": success,
			"show": success})
		if !r.ok || r.results["preview-environment/up"] != success || r.results["preview-environment/show"] != success {
			t.Fatalf("%v, want %v\n%v", r.results, want, r)
		}
		c.inOrder(r, "docker/build-push-action", "aquasecurity/trivy-action", "google-github-actions/auth slots@dev",
			"skopeo copy docker://"+repository+digest, "release preview", "gh api --method POST repos/guiofsaints/procureflow/deployments ")
		image, annotations := c.slot()
		if image != repository+digest || annotations["slot-pull-request"] != "7" || annotations["slot-commit"] != head {
			t.Errorf("the slot runs %s for %v, want %s\n%v", image, annotations, repository+digest, r)
		}
		var deployment, status map[string]any
		_ = json.Unmarshal([]byte(c.read("deployment")), &deployment)
		_ = json.Unmarshal([]byte(c.read("deployment-status")), &status)
		const address = "https://procureflow-web-preview-1-100000000001.us-central1.run.app"
		if deployment["environment"] != "procureflow-web-preview-1" || deployment["ref"] != head || status["environment_url"] != address {
			t.Errorf("GitHub was told %v and %v", deployment, status)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.data()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = strings.TrimPrefix(address, "https://")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK || response.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s answers %d with %v", address, response.StatusCode, response.Header)
		}
	}
	freed := func(r run) {
		t.Helper()
		want := called("preview-environment", map[string]string{"asked": success, "free": success, "hide": success})
		if !r.ok || !maps.Equal(r.results, want) {
			t.Fatalf("%v, want %v\n%v", r.results, want, r)
		}
		image, annotations := c.slot()
		if _, held := annotations["slot-pull-request"]; held || image != free {
			t.Errorf("the slot runs %s for %v, want %s\n%v", image, annotations, free, r)
		}
		if status := c.read("deployment-status"); status != "state=inactive\n" {
			t.Errorf("GitHub was told %q", status)
		}
	}

	if _, _, r := push("labeled", true); !r.ok || len(r.results) > 0 || c.calls() != "" {
		t.Errorf("a fork's pull request: %v and\n%s\n%v", r.results, c.calls(), r)
	}
	shown(push("labeled", false))
	shown(push("synchronize", false))
	c.git("checkout", "--quiet", "main")
	c.must("up", "dev", "--skip-preview") // The program leaves the slot's image alone.
	c.git("checkout", "--quiet", "feature")
	if image, annotations := c.slot(); annotations["slot-pull-request"] != "7" || image == free {
		t.Errorf("an update of the stack took the image out: %s, %v", image, annotations)
	}
	freed(c.run("platform-preview-environment.yml", c.labelled("closed", c.git("rev-parse", "HEAD"), false)))

	// The slot's time is over although nobody closed the pull request.
	shown(push("reopened", false))
	clock := event{name: "schedule", payload: map[string]any{"ref": "refs/heads/main"}}
	if r := c.run("platform-preview-environment.yml", clock); !r.ok || r.results["preview-environment/hide"] != "" {
		t.Errorf("the clock freed what had time left: %v\n%v", r.results, r)
	}
	_, annotations := c.slot()
	annotations["slot-expires"] = "2026-01-01T00:00:00Z"
	body, err := json.Marshal(map[string]any{"annotations": annotations})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, c.api+c.path("dev", "web-preview-1")+"?updateMask=annotations",
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if response := c.ask(request); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	freed(c.run("platform-preview-environment.yml", clock))
}
