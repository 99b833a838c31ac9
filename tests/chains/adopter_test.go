package chains_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The platform's repository, and the commit that an application names it by.
const (
	platformRepository = "guiofsaints/procureflow-platform"
	platformCommit     = "0123456789abcdef0123456789abcdef01234567"
)

// newAdopter is an application of its own: another owner, repository and Pulumi project, its settings in a folder, and of the platform's
// files its callers alone, which name the platform's workflows and actions by commit.
func newAdopter(t *testing.T) *checkout {
	t.Helper()
	c := newCheckout(t)
	c.settings = filepath.Join("infra", "platform")
	settings := strings.NewReplacer("procureflow:platform:", "shop:platform:", "name: procureflow\n", "name: shop\n",
		"application: procureflow", "application: shop",
		"owner: guiofsaints", "owner: acme", "repository: procureflow\n", "repository: shop-app\n",
		"repository: guiofsaints/procureflow\n", "repository: acme/shop-app\n",
		"folder: .", "folder: infra/platform")
	for _, pattern := range []string{"Pulumi*.yaml", "platform.yaml", "provenance.yaml", "policy/*.json", "go.*"} {
		files, err := filepath.Glob(filepath.Join(c.folder, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(c.folder, file)
			if err != nil {
				t.Fatal(err)
			}
			c.rewrite(name, filepath.Join(c.settings, name), settings)
		}
	}
	called := strings.NewReplacer("uses: ./.github/", "uses: "+platformRepository+"/.github/")
	served := filepath.Join(t.TempDir(), "platform")
	if err := os.CopyFS(served, os.DirFS(platform)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(c.folder, ".github", "workflows"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(".github", "workflows", entry.Name())
		if !strings.HasPrefix(entry.Name(), "platform-") {
			// act looks a workflow that another calls by ./ up in the caller's checkout; GitHub where the calling one is from.
			content, err := os.ReadFile(filepath.Join(served, path))
			if err == nil {
				err = os.WriteFile(filepath.Join(served, path), []byte(atCommit(called.Replace(string(content)))), 0o644)
			}
			if err == nil {
				err = os.Remove(filepath.Join(c.folder, path))
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		c.rewrite(path, path, called)
		content, err := os.ReadFile(filepath.Join(c.folder, path))
		if err != nil {
			t.Fatal(err)
		}
		c.write(filepath.ToSlash(path), inFolder(atCommit(string(content))))
	}
	for _, gone := range []string{".github/actions", "policy"} {
		if err := os.RemoveAll(filepath.Join(c.folder, filepath.FromSlash(gone))); err != nil {
			t.Fatal(err)
		}
	}
	c.platform = served
	c.env = append(c.env, "CHAIN_PLATFORM="+served)
	c.git("remote", "set-url", "origin", "https://github.com/acme/shop-app.git")
	c.commit("an application of its own")
	return c
}

// rewrite moves a file, with other words in it.
func (c *checkout) rewrite(from, to string, words *strings.Replacer) {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.folder, from))
	if err == nil {
		err = os.Remove(filepath.Join(c.folder, from))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(filepath.ToSlash(to), words.Replace(string(content)))
}

// atCommit names the platform's workflows and actions at the commit.
func atCommit(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.Contains(line, "uses: "+platformRepository+"/") {
			lines[i] = line + "@" + platformCommit
		}
	}
	return strings.Join(lines, "\n")
}

// inFolder tells called workflows where the settings are.
func inFolder(text string) string {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if !strings.HasPrefix(lines[i], "    uses: "+platformRepository+"/.github/workflows/") ||
			strings.Contains(lines[i], "image.yml") || strings.Contains(lines[i], "scorecard.yml") {
			continue
		}
		if i+1 < len(lines) && lines[i+1] == "    with:" {
			i++
			lines[i] += "\n      folder: infra/platform"
		} else {
			lines[i] += "\n    with:\n      folder: infra/platform"
		}
	}
	return strings.Join(lines, "\n")
}

// TestAnApplicationOfItsOwn runs the chain from a repository that uses the platform: a pull request's preview, a good release, a bad one
// that is caught, and the way back. What runs is the platform's at the commit, whatever the repository has.
func TestAnApplicationOfItsOwn(t *testing.T) {
	t.Parallel()
	c := newChainOf(newAdopter(t), "dev", "staging", "prod")
	c.dev.source = "acme/shop-app"

	base := c.git("rev-parse", "HEAD")
	c.answer("comments", "[]")
	e := pullRequest(base, c.commit("a change"), false)
	e.payload["pull_request"].(map[string]any)["head"].(map[string]any)["repo"].(map[string]any)["full_name"] = "acme/shop-app"
	r := c.run("platform-preview.yml", e)
	if !r.ok || r.results["preview/comment"] != success {
		t.Errorf("the previews failed\n%v", r)
	}
	for _, call := range []string{"pulumi/auth-actions acme team:shop-read", "pulumi stack select -- acme/shop/prod",
		"repos/acme/shop-app/issues/7/comments"} {
		if !strings.Contains(c.calls(), call) {
			t.Errorf("%q was not called:\n%s", call, c.calls())
		}
	}

	// An action of the repository's own that has the name of one of the platform's is not used.
	c.write(".github/actions/setup-platform/action.yml",
		"name: evil\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo evil >> \"$CHAIN_KEPT/calls\"\n")
	c.commit("an action of its own")
	good, bad := c.built(), c.built()
	r = c.run("platform-release.yml", deployment("dev", good))
	if !r.ok || strings.Contains(c.calls(), "evil") {
		t.Errorf("the good image is not released, or not by the platform:\n%s\n%v", c.calls(), r)
	}
	c.serves("dev", good, r)
	c.inOrder(r, "google-github-actions/auth deploy@dev", "release verify", "pulumi/auth-actions acme team:shop-dev",
		"shop:platform.services.web.digest="+good, "release rollout")

	c.must("behaviour", bad, "--error-rate", "1")
	r = c.run("platform-release.yml", deployment("dev", bad))
	if r.ok || !strings.Contains(r.log, "rolled back") {
		t.Errorf("the bad image was released\n%v", r)
	}
	c.serves("dev", good, r)

	staging := newStore(t)
	r = c.run("platform-release.yml", promotion("staging", good, staging))
	if !r.ok {
		t.Errorf("it was not promoted and deployed\n%v", r)
	}
	c.serves("staging", good, r)

	emergency := event{name: "workflow_dispatch", payload: map[string]any{"ref": "refs/heads/main",
		"inputs": map[string]any{"stack": "staging", "service": "web"}}}
	if r = c.run("platform-rollback.yml", emergency); !r.ok {
		t.Errorf("the emergency did not end well\n%v", r)
	}
	c.serves("staging", sample, r)

	r = c.run("platform-drift.yml", event{name: "workflow_dispatch", payload: map[string]any{"ref": "refs/heads/main"}})
	if !r.ok || !strings.Contains(c.calls(), "pulumi/auth-actions acme team:shop-read") {
		t.Errorf("drift was not looked for\n%v", r)
	}
}
