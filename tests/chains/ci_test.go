package chains_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
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
			c.t.Skipf("%s is not installed, and the application's lint, test and build are run by it: install Debian's packages nodejs and npm", needed)
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

// pullRequest is ci.yml for what the checkout has since base.
func pullRequest(base, head string, fork bool) event {
	from := "guiofsaints/procureflow"
	if fork {
		from = "mallory/procureflow"
	}
	return event{name: "pull_request", payload: map[string]any{"number": 7, "pull_request": map[string]any{
		"number": 7, "base": map[string]any{"sha": base, "ref": "main"}, "head": map[string]any{"sha": head, "ref": "feature", "repo": map[string]any{"fork": fork, "full_name": from}},
	}}}
}

const success, failure = "success", "failure"

func TestAPullRequest(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withWorkspace()
	base := c.git("rev-parse", "HEAD")
	const application, infrastructure = "packages/web/src/total.js", "infra/main.go"
	total, err := os.ReadFile(filepath.Join(c.folder, application))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, file, content string
		fork                bool
		vulnerable          string
		results             map[string]string // beside changes, which always runs
		calls, not          []string
	}{
		{name: "docs", file: "docs/a.md", content: "# A\n", results: map[string]string{"ci-ok": success},
			not: []string{"pnpm", "go ", "docker"}},
		{name: "infrastructure", file: infrastructure, content: "package main\n\nfunc main() {}\n",
			results: map[string]string{"infrastructure": success, "ci-ok": success},
			calls:   []string{"go run ./cmd/check"}, not: []string{"pnpm", "docker"}},
		{name: "the application", file: application, content: string(total) + "// More.\n",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan": success, "ci-ok": success},
			calls: []string{"docker/build-push-action push=false localhost/web:git-", "aquasecurity/trivy-action sarif localhost/web:git-",
				"github/codeql-action/upload-sarif"},
			not: []string{"google-github-actions/auth", "docker/login-action", "actions/attest", "go run"}},
		{name: "the application, of a fork", file: application, content: string(total) + "// A fork's.\n", fork: true,
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan": success, "ci-ok": success},
			calls:   []string{"aquasecurity/trivy-action sarif"}, not: []string{"upload-sarif", "google-github-actions/auth"}},
		{name: "what lint refuses", file: application, content: string(total) + "export const none = (a) => a == null;\n",
			results: map[string]string{"lint": failure, "test": success, "compile": success, "scan": success, "ci-ok": failure}},
		{name: "what breaks a test", file: application, content: strings.Replace(string(total), "sum +", "sum -", 1),
			results: map[string]string{"lint": success, "test": failure, "compile": success, "scan": success, "ci-ok": failure}},
		{name: "a high vulnerability", file: application, content: string(total) + "// Vulnerable.\n", vulnerable: "HIGH",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan": failure, "ci-ok": failure},
			calls:   []string{"github/codeql-action/upload-sarif"}},
	} {
		c.git("checkout", "--quiet", "-B", "feature", base)
		c.write(test.file, test.content)
		head := c.commit(test.name)
		c.answer("vulnerability", test.vulnerable)
		r := c.run("ci.yml", pullRequest(base, head, test.fork))
		test.results["changes"] = success
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
	good, registry := c.built(), c.dev.host()
	c.answer("digest", good)
	push := event{name: "push", variables: c.variables("dev"), payload: map[string]any{"ref": "refs/heads/main", "before": c.git("rev-parse", "HEAD")}}
	maps.Copy(push.variables, map[string]string{
		"GCP_REGISTRY_DEV": registry, "GCP_WORKLOAD_IDENTITY_PROVIDER_DEV": "provider", "GCP_CI_SERVICE_ACCOUNT_DEV": "ci@dev",
	})
	c.write("packages/web/src/other.js", "export const other = 1;\n")
	c.commit("a critical finding")
	c.answer("vulnerability", "CRITICAL")
	r := c.run("ci.yml", push)
	want := map[string]string{"changes": success, "lint": success, "test": success, "compile": success, "image": failure, "ci-ok": failure}
	if r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if calls := c.calls(); strings.Contains(calls, "actions/attest") || strings.Contains(calls, "pulumi") || !strings.Contains(calls, "upload-sarif") {
		t.Errorf("what the scan refused was attested or deployed, or nobody can read why:\n%s", calls)
	}
	c.serves("dev", sample, r)

	c.answer("vulnerability", "MEDIUM")
	r = c.run("ci.yml", push)
	if !r.ok || r.results["image"] != success || r.results["ci-ok"] != success || r.results["deploy/deploy"] != success {
		t.Errorf("main did not deploy\n%v", r)
	}
	c.serves("dev", good, r)
	image := registry + "/web@" + good
	c.inOrder(r, "google-github-actions/auth ci@dev", "docker/login-action", "docker/build-push-action push=true "+registry+"/web:git-",
		"aquasecurity/trivy-action sarif "+image, "github/codeql-action/upload-sarif", "aquasecurity/trivy-action spdx-json "+image,
		"actions/attest provenance "+image+" push=true", "actions/attest sbom.spdx.json "+image+" push=true",
		"google-github-actions/auth deploy@dev", "gh attestation verify oci://"+image, "platform.services.web.digest="+good,
		"release rollout")
}
