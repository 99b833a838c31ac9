package chains_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// pnpm installs the pinned pnpm once, and returns the folder of its command.
var pnpm = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(tools, "pnpm")
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "pnpm"))); err != nil {
		return "", err
	}
	command := exec.Command("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		return "", &os.PathError{Op: "npm ci", Path: string(out), Err: err}
	}
	return filepath.Join(folder, "node_modules", ".bin"), nil
})

// withWorkspace adds a tiny application to the checkout: a pnpm workspace with lint, test and build.
func (c *checkout) withWorkspace() {
	c.t.Helper()
	for _, needed := range []string{"node", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			c.t.Skipf("%s is not installed, and the application's lint, test and build are run by it: install Debian's packages nodejs "+
				"and npm", needed)
		}
	}
	folder, err := pnpm()
	if err != nil {
		c.t.Fatalf("install pnpm, which testdata/pnpm pins: %v", err)
	}
	for _, name := range []string{"pnpm", "pnpx"} {
		if err := os.Symlink(filepath.Join(folder, name), filepath.Join(c.commands, name)); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := os.CopyFS(c.folder, os.DirFS(filepath.Join("testdata", "workspace"))); err != nil {
		c.t.Fatal(err)
	}
	c.write("infra/main.go", "package main\n")
	c.commit("the application")
}

// pullRequest is platform-ci.yml for what the checkout has since base.
func pullRequest(base, head string, fork bool) event {
	from := "guiofsaints/procureflow"
	if fork {
		from = "mallory/procureflow"
	}
	return event{name: "pull_request", payload: map[string]any{"number": 7, "pull_request": map[string]any{
		"number": 7, "base": map[string]any{"sha": base, "ref": "main"}, "head": map[string]any{"sha": head, "ref": "feature",
			"repo": map[string]any{"fork": fork, "full_name": from}},
	}}}
}

const success, failure = "success", "failure"

func TestAPullRequest(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withWorkspace()
	base := c.git("rev-parse", "HEAD")
	const application = "packages/web/src/total.js"
	c.layout(newImage(t))
	total, err := os.ReadFile(filepath.Join(c.folder, application))
	if err != nil {
		t.Fatal(err)
	}
	// act stops where a called workflow fails; on GitHub ci-ok runs then too, and fails (tests/workflows).
	for _, test := range []struct {
		name, file, content string
		fork, refused       bool // refused by the check of the settings
		vulnerable          string
		results             map[string]string // beside changes, which always runs
		calls, not          []string
	}{
		{name: "docs", file: "docs/a.md", content: "# A\n", results: map[string]string{"ci-ok": success},
			calls: []string{"check settings --folder ."}, not: []string{"pnpm", "docker"}},
		{name: "the application", file: application, content: string(total) + "// More.\n",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": success},
			calls: []string{"check settings --folder .",
				"docker/build-push-action type=oci,dest=image,tar=false of packages/infra/docker/Dockerfile.web with cache type=gha",
				"aquasecurity/trivy-action sarif image", "github/codeql-action/upload-sarif"},
			not: []string{"google-github-actions/auth", "docker login", "skopeo", "actions/attest", "go run"}},
		{name: "the application, of a fork", file: application, content: string(total) + "// A fork's.\n", fork: true,
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": success},
			calls: []string{"aquasecurity/trivy-action sarif"}, not: []string{"upload-sarif", "google-github-actions/auth"}},
		{name: "what lint refuses", file: application, content: string(total) + "export const none = (a) => a == null;\n",
			results: map[string]string{"lint": failure, "test": success, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": failure}},
		{name: "what breaks a test", file: application, content: strings.Replace(string(total), "sum +", "sum -", 1),
			results: map[string]string{"lint": success, "test": failure, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": failure}},
		{name: "a high vulnerability", file: application, content: string(total) + "// Vulnerable.\n", vulnerable: "HIGH",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": failure},
			calls:   []string{"github/codeql-action/upload-sarif"}},
		{name: "another project for Pulumi", file: "Pulumi.json",
			content: `{"name": "procureflow", "runtime": "go", "main": "elsewhere"}`, refused: true,
			results: map[string]string{}},
	} {
		c.git("checkout", "--quiet", "-B", "feature", base)
		c.write(test.file, test.content)
		head := c.commit(test.name)
		c.answer("vulnerability", test.vulnerable)
		r := c.run("platform-ci.yml", pullRequest(base, head, test.fork))
		test.results["changes"], test.results["check/settings"] = success, success
		if test.refused {
			test.results["check/settings"] = failure
		}
		if !maps.Equal(r.results, test.results) || r.ok != (test.results["ci-ok"] == success) {
			t.Errorf("%s: %v, want %v\n%v", test.name, r.results, test.results, r)
		}
		calls := c.calls()
		for _, call := range test.calls {
			if !strings.Contains(calls, call) {
				t.Errorf("%s: %q was not called:\n%s", test.name, call, calls)
			}
		}
		for _, call := range test.not {
			if strings.Contains(calls, call) {
				t.Errorf("%s: %q was called:\n%s", test.name, call, calls)
			}
		}
	}
	coverage, err := filepath.Glob(filepath.Join(c.kept, "artifacts", "coverage", "*.json"))
	if err != nil || len(coverage) == 0 {
		t.Fatalf("the tests' coverage was not kept: %v", err)
	}
	if content, err := os.ReadFile(coverage[0]); err != nil || !strings.Contains(string(content), "/src/total.js") {
		t.Errorf("the coverage is of something else: %v\n%.500s", err, content)
	}
}

// On main the one build is scanned, attested and deployed to dev by its digest; what the scan refuses is neither.
func TestMainBuildsAttestsAndDeploys(t *testing.T) {
	t.Parallel()
	c := newChain(t, "dev")
	c.withWorkspace()
	// The stand-ins build and attest nothing: what they say they did was done before.
	image := newImage(t)
	good := c.builtOf(image)
	c.layout(image)
	push := event{name: "push", payload: map[string]any{"ref": "refs/heads/main", "before": c.git("rev-parse", "HEAD")}}
	c.write("packages/web/src/other.js", "export const other = 1;\n")
	c.commit("a critical finding")
	c.answer("vulnerability", "CRITICAL")
	r := c.run("platform-ci.yml", push)
	want := map[string]string{"changes": success, "check/settings": success, "lint": success, "test": success, "compile": success,
		"image/settings": success,
		"image/build":    success, "image/scan": failure}
	if r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if calls := c.calls(); strings.Contains(calls, "actions/attest") || strings.Contains(calls, "skopeo") ||
		strings.Contains(calls, "pulumi") || !strings.Contains(calls, "upload-sarif") {
		t.Errorf("what the scan refused was published, attested or deployed, or nobody can read why:\n%s", calls)
	}
	c.serves("dev", sample, r)

	c.answer("vulnerability", "MEDIUM")
	r = c.run("platform-ci.yml", push)
	if !r.ok || r.results["image/attest"] != success || r.results["ci-ok"] != success || r.results["deploy-dev/deploy"] != success {
		t.Errorf("main did not deploy\n%v", r)
	}
	c.serves("dev", good, r)
	subject := c.dev.repository + "@" + good
	c.inOrder(r, "of packages/infra/docker/Dockerfile.web with cache none", "aquasecurity/trivy-action sarif image",
		"github/codeql-action/upload-sarif", "aquasecurity/trivy-action spdx-json image",
		"google-github-actions/auth ci@dev", "skopeo copy docker://"+c.dev.repository+
			":git-", "google-github-actions/auth ci@dev", "docker login",
		"actions/attest provenance "+subject+" push=true", "actions/attest sbom.spdx.json "+subject+" push=true",
		"google-github-actions/auth deploy@dev", "gh attestation verify oci://"+subject, "platform.services.web.digest="+good, "release rollout")
}

// layout is what the stand-in for a build makes: an image as an OCI layout.
func (c *checkout) layout(image v1.Image) {
	c.t.Helper()
	folder := filepath.Join(c.kept, "layout")
	path, err := layout.Write(folder, empty.Index)
	if err == nil {
		err = path.AppendImage(image)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}
