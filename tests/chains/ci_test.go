package chains_test

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
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

// node returns the folder with the modules that testdata/node pins: pnpm and what the hooks of the shapes call. npm installs them
// once, into the user's cache. Its time grows with the number of files, so commitlint comes without the compiler of TypeScript, which it
// names as a peer and does not load here, and without a library that later versions of three of its packages need.
var node = sync.OnceValues(func() (string, error) {
	from := filepath.Join("testdata", "node")
	lock, err := os.ReadFile(filepath.Join(from, "package-lock.json"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "procureflow-platform", fmt.Sprintf("chains-node-%x", sha256.Sum256(lock)))
	modules := filepath.Join(folder, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	install, err := os.MkdirTemp(filepath.Dir(folder), "chains-node")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(install)
	if err := os.CopyFS(install, os.DirFS(from)); err != nil {
		return "", err
	}
	command := exec.Command("npm", "ci", "--legacy-peer-deps", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")
	command.Dir = install
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install what testdata/node pins, npm ci: %w\n%s", err, out)
	}
	if err := os.Rename(install, folder); err != nil && !errors.Is(err, fs.ErrExist) { // another run of the tests was faster
		return "", err
	}
	return modules, nil
})

// withPnpm puts prettier and a pnpm that runs the repository's scripts first on PATH.
func (c *checkout) withPnpm() {
	c.t.Helper()
	for _, needed := range []string{"node", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			c.t.Skipf("%s is not installed, and the application's lint, test, build and hooks are run by it: install Debian's packages nodejs "+
				"and npm", needed)
		}
	}
	c.pnpm("runs-scripts")
	if *repository != "" { // a given repository has its own prettier, or needs none
		return
	}
	modules, err := node()
	if err == nil {
		err = os.Symlink(filepath.Join(modules, ".bin", "prettier"), filepath.Join(c.commands, "prettier"))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.env = append(c.env, "CHAIN_NODE="+modules)
}

// pnpm puts one of the programs in testdata/pnpm first on PATH.
func (c *checkout) pnpm(which string) {
	c.t.Helper()
	if *repository != "" {
		which = "runs-nothing"
	}
	at, err := filepath.Abs(filepath.Join("testdata", "pnpm", which))
	command := filepath.Join(c.commands, "pnpm")
	_ = os.Remove(command)
	if err == nil {
		err = os.Symlink(at, command)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// pullRequest returns the event for the changes of the checkout since base.
func (c *checkout) pullRequest(base, head string, fork bool) event {
	from := c.of.slug()
	if fork {
		from = "mallory/" + c.of.repository
	}
	return event{name: "pull_request", payload: map[string]any{"number": 7, "pull_request": map[string]any{
		"number": 7, "base": map[string]any{"sha": base, "ref": c.of.branch}, "head": map[string]any{"sha": head, "ref": "feature",
			"repo": map[string]any{"fork": fork, "full_name": from}},
	}}}
}

const success, failure = "success", "failure"

func TestAPullRequest(t *testing.T) {
	t.Parallel()
	c := newShape(t, monorepo)
	c.withPnpm()
	c.commit(c.message)
	base := c.git("rev-parse", "HEAD")
	const application = "packages/web/src/total.js"
	c.layout(newImage(t))
	total, err := os.ReadFile(filepath.Join(c.folder, application))
	if err != nil {
		t.Fatal(err)
	}
	// act stops when a called workflow fails. On GitHub ci-ok also runs then, and fails (tests/workflows).
	for _, test := range []struct {
		name, file, content string
		fork, refused       bool   // refused says that the check of the settings refuses it
		pnpm                string // the default is runs-scripts
		vulnerable          string
		results             map[string]string // the results besides that of changes, which always runs
		calls, not          []string
	}{
		{name: "docs", file: "docs/a.md", content: "# A\n", results: map[string]string{"lint": success, "ci-ok": success},
			pnpm: "runs-nothing", calls: []string{"check settings --folder infra/platform", "pnpm lint\n"}, not: []string{"docker"}},
		{name: "the application", file: application, content: string(total) + "// More.\n", pnpm: "real",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": success},
			calls: []string{"check settings --folder infra/platform", "actions/setup-node 20 ./pnpm-lock.yaml",
				"docker/build-push-action type=oci,dest=image,tar=false of packages/infra/docker/Dockerfile.web with cache type=gha and " +
					"GIT_COMMIT_SHA=",
				"aquasecurity/trivy-action sarif image", "github/codeql-action/upload-sarif"},
			not: []string{"google-github-actions/auth", "docker login", "skopeo", "actions/attest", "go run"}},
		{name: "the application, of a fork", file: application, content: string(total) + "// A fork's.\n", fork: true, pnpm: "runs-nothing",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": success},
			calls: []string{"pnpm lint\n", "pnpm run test:coverage\n", "pnpm build\n", "pnpm run --if-present build:docs\n",
				"aquasecurity/trivy-action sarif"}, not: []string{"upload-sarif", "google-github-actions/auth"}},
		{name: "code that lint refuses, and a broken test", file: application, content: strings.Replace(string(total), "sum +",
			"sum == 1 ? 0 : sum -", 1),
			results: map[string]string{"lint": failure, "test": failure, "compile": success, "scan/build": success, "scan/scan": success,
				"ci-ok": failure}},
		{name: "a document that lint refuses", file: "README.md", content: "#  A\n* b\n", results: map[string]string{"lint": failure,
			"ci-ok": failure}, not: []string{"docker"}},
		{name: "a high vulnerability", file: application, content: string(total) + "// Vulnerable.\n", vulnerable: "HIGH",
			pnpm:    "runs-nothing",
			results: map[string]string{"lint": success, "test": success, "compile": success, "scan/build": success, "scan/scan": failure},
			calls:   []string{"github/codeql-action/upload-sarif"}},
		{name: "another project for Pulumi", file: "infra/platform/Pulumi.json",
			content: `{"name": "shop", "runtime": "go", "main": "elsewhere"}`, refused: true,
			results: map[string]string{}},
	} {
		c.git("checkout", "--quiet", "-B", "feature", base)
		c.write(test.file, test.content)
		head := c.commit(test.name)
		c.answer("vulnerability", test.vulnerable)
		c.pnpm(cmp.Or(test.pnpm, "runs-scripts"))
		r := c.run("platform-ci.yml", c.pullRequest(base, head, test.fork))
		built := test.results["compile"] == success && test.pnpm != "runs-nothing"
		if built != strings.Contains(r.log, "the documents are built") {
			t.Errorf("%s: build:docs ran, or did not\n%v", test.name, r)
		}
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

// layout writes what the stand-in for a build makes: an image as an OCI layout.
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
