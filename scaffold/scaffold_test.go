package scaffold_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	platform "github.com/guiofsaints/procureflow-platform"
	"github.com/guiofsaints/procureflow-platform/scaffold"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// repository makes a git repository with these files, and a remote on GitHub.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, content := range files {
		write(t, root, name, content)
	}
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"},
		{"remote", "add", "origin", "git@github.com:acme/Shop.git"}, {"add", "--all", "--force"}} {
		command := exec.Command("git", args...)
		command.Dir = root
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	return root
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// contents are all files of a folder but git's.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		all[filepath.ToSlash(name)] = string(content)
		return err
	}))
	return all
}

func initialize(t *testing.T, root string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"--repo", root, "--no-tidy", "--version", "v1.2.3", "--commit", commit}, args...)
	code = scaffold.Run(t.Context(), args, scaffold.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// monorepo is the application that the platform was made for: what of it matters to init.
var monorepo = map[string]string{
	"package.json":                         `{"packageManager": "pnpm@10.21.0", "scripts": {"build": "x", "lint": "prettier --check .", "test:run": "x"}}`,
	".gitignore":                           "node_modules/\n**/Pulumi.*.yaml\n.env",
	".prettierrc":                          "{}",
	".prettierignore":                      "pnpm-lock.yaml",
	"commitlint.config.cjs":                "module.exports = {}",
	"packages/web/next.config.mjs":         "export default {}",
	"packages/infra/docker/Dockerfile.web": "FROM x AS base\nEXPOSE 9229\nFROM x\nEXPOSE 3000\n",
	".github/workflows/ci.yml":             "name: ci\n",
	".github/workflows/deploy-gcp.yml":     "steps:\n- run: gcloud run deploy\n",
}

var services = map[string]string{
	"services/api/Dockerfile": "EXPOSE 8081\n", "services/web/Dockerfile": "EXPOSE 3000\n", "CODEOWNERS": "* @acme/everybody\n",
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		args  []string
		// has are parts of files afterwards, lacks are parts that no file of the name has.
		has, lacks map[string][]string
	}{
		"a pnpm monorepo of a user": {monorepo, nil, map[string][]string{
			"infra/platform/platform.yaml": {"application: shop\nowner: acme\nrepository: Shop\nfolder: infra/platform\n",
				"version: v1.2.3", commit},
			"infra/platform/Pulumi.dev.yaml":  {"shop:platform:", "port: 3000", "name: shop-web"},
			"infra/platform/Pulumi.prod.yaml": {"production-approval", "deletionProtection: true", "binaryAuthorization:"},
			"infra/platform/provenance.yaml":  {"build.yml@" + commit},
			".gitignore":                      {".env\n\n# The platform", "!/infra/platform/Pulumi.prod.yaml\n", "/infra/platform/.sandbox/\n"},
			".prettierignore":                 {"pnpm-lock.yaml\n\n", "infra/platform/\n", ".github/workflows/platform-*.yml\n"},
			".github/CODEOWNERS":              {"/infra/platform/ @acme\n", "/packages/infra/docker/Dockerfile.web @acme\n"},
			".github/workflows/platform-ci.yml": {"APP: packages/web", "dockerfile: packages/infra/docker/Dockerfile.web", "pnpm lint",
				"deploy.yml@" + commit + " # v1.2.3\n    with:\n      folder: infra/platform\n"},
			".github/workflows/ci.yml": {"name: ci\n"},
		}, map[string][]string{".github/workflows/platform-ci.yml": {"uses: ./", "image.yml@" + commit + " # v1.2.3\n    with:\n      folder"}}},
		"an organization's two services in one environment": {services,
			[]string{"--app", "shop", "--team", "platform", "--region", "europe-west1", "--folder", ".", "--environments", "dev",
				"--service", "api", "--service", "web", "--project", "dev=acme-shop-1"},
			map[string][]string{
				"platform.yaml":   {"team: platform\nfolder: .\n"},
				"Pulumi.dev.yaml": {"region: europe-west1", "id: acme-shop-1", "name: shop-api", "port: 8081", "name: shop-web", "port: 3000"},
				"policy/dev.json": {`"regions": ["europe-west1"]`, `["shop-api", "shop-web"]`,
					`"europe-west1-docker.pkg.dev/acme-shop-1"`, `"ceiling": 300`},
				"CODEOWNERS": {"* @acme/everybody\n\n", "/platform.yaml @acme/platform\n", "/CODEOWNERS @acme/platform\n",
					"/services/api/Dockerfile @acme/platform\n"},
				".github/workflows/platform-ci.yml": {"  image-api:\n", "service: api\n", "dockerfile: services/api/Dockerfile",
					"needs.image-web.outputs.digest",
					"needs: [image-api, ci-ok]", "needs: [image-web, ci-ok, deploy-dev-api]", "needs: [changes, check, scan-api, " +
						"scan-web, image-api, image-web]"},
				".github/workflows/platform-release.yml": {"options: [dev]", "default: api"},
			}, map[string][]string{".github/workflows/platform-ci.yml": {"pnpm", "folder:", "compile"}}},
		"a repository without Node": {map[string]string{"Dockerfile": "EXPOSE 8080\n", "main.py": ""},
			[]string{"--owner", "other", "--repository", "shop", "--environments", "dev,staging", "--reviewer", "staging=42"},
			map[string][]string{
				"infra/platform/Pulumi.staging.yaml": {"reviewers: [42]", "owner: other", "repository: shop"},
				".github/workflows/platform-ci.yml":  {"dockerfile: Dockerfile", "needs: [changes]", "[[ -f Dockerfile ]]"},
			}, map[string][]string{".github/workflows/platform-ci.yml": {"pnpm", "packages/web"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, test.files)
			before := contents(t, root)
			code, out, errs := initialize(t, root, append([]string{"--yes"}, test.args...)...)
			require.Equal(t, scaffold.ExitDone, code, "%s%s", out, errs)
			after := contents(t, root)
			for file, parts := range test.has {
				for _, part := range parts {
					assert.Contains(t, after[file], part, file)
				}
			}
			for file, parts := range test.lacks {
				for _, part := range parts {
					assert.NotContains(t, after[file], part, file)
				}
			}
			for file, content := range before {
				assert.True(t, strings.HasPrefix(after[file], content), "%s keeps what it had", file)
			}
			var folder string
			for file := range after {
				if filepath.Base(file) == "platform.yaml" {
					folder = filepath.Dir(file)
				}
			}
			report := scaffold.Check(filepath.Join(root, folder))
			assert.Empty(t, report.Problems, "what init writes fits")
			assert.NotEmpty(t, report.Notes, "stand-ins are told")

			code, out, errs = initialize(t, root, "--yes")
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Contains(t, out, "Nothing to do")
			assert.Equal(t, after, contents(t, root), "again changes nothing")
		})
	}
}

// What stands in the way is said before anything is written.
func TestNothingIsWrittenWhereSomethingIsInTheWay(t *testing.T) {
	t.Parallel()
	with := func(name, content string) map[string]string {
		return map[string]string{"Dockerfile": "", name: content}
	}
	for name, test := range map[string]struct {
		files map[string]string
		args  []string
		code  int
		want  string
	}{
		"an ignored folder": {with(".gitignore", "infra/\n"), []string{"--yes"}, scaffold.ExitRefuse,
			"git ignores infra/platform (.gitignore:1, infra/): choose another --folder"},
		"a .gitignore of the folder": {with("infra/platform/.gitignore", "Pulumi.*.yaml\n"), []string{"--yes"}, scaffold.ExitRefuse,
			"git ignores infra/platform/Pulumi.dev.yaml (infra/platform/.gitignore:1"},
		"a workflow of the same name": {with(".github/workflows/platform-ci.yml", "name: ours\n"), []string{"--yes"},
			scaffold.ExitRefuse, "platform-ci.yml is another workflow of the same name"},
		"the answer is no": {with("a", ""), nil, scaffold.ExitRefuse, "nothing was written"},
		"a region that is a zone": {with("a", ""), []string{"--yes", "--region", "europe-west1-b"}, scaffold.ExitUsage,
			`--region is "europe-west1-b"`},
		"prod without staging": {with("a", ""), []string{"--yes", "--environments", "dev,prod"}, scaffold.ExitUsage, "--environments"},
		"a reviewer by name": {with("a", ""), []string{"--yes", "--reviewer", "staging=octocat"}, scaffold.ExitUsage,
			"gh api users/LOGIN"},
		"a reviewer where nobody waits": {with("a", ""), []string{"--yes", "--reviewer", "qa=1"}, scaffold.ExitUsage,
			"there is no GitHub environment qa"},
		"a project of no environment": {with("a", ""), []string{"--yes", "--project", "qa=shop-qa"}, scaffold.ExitUsage,
			"there is no environment qa"},
		"a folder outside": {with("a", ""), []string{"--yes", "--folder", "../x"}, scaffold.ExitUsage, "inside the repository"},
		"a service's key":  {with("a", ""), []string{"--yes", "--service", "Web"}, scaffold.ExitUsage, `--service "Web"`},
		"an argument":      {with("a", ""), []string{"here"}, scaffold.ExitUsage, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, test.files)
			before := contents(t, root)
			code, _, errs := initialize(t, root, test.args...)
			assert.Equal(t, test.code, code, errs)
			assert.Contains(t, errs, test.want)
			assert.Equal(t, before, contents(t, root))
		})
	}
}

func TestUpgradeShowsWhatAnotherVersionChanges(t *testing.T) {
	t.Parallel()
	root := repository(t, monorepo)
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	write(t, root, "infra/platform/release.yaml", "environments: {dev: , staging: , prod: }\n") // the application's by now
	before := contents(t, root)
	const next = "89abcdef0123456789abcdef0123456789abcdef"
	code, out, errs := initialize(t, root, "--upgrade", "--yes", "--version", "v1.3.0", "--commit", next)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "this comes first")
	trusted := contents(t, root)
	for name := range before {
		if strings.HasPrefix(name, "infra/platform/Pulumi.") && name != "infra/platform/Pulumi.yaml" {
			assert.Contains(t, trusted[name], "        refs: ["+commit+", "+next+"]\n")
			continue
		}
		assert.Equal(t, before[name], trusted[name], name)
	}
	assert.Empty(t, scaffold.Check(filepath.Join(root, "infra/platform")).Problems, "the old version goes on")
	before = trusted
	code, out, errs = initialize(t, root, "--upgrade", "--version", "v1.3.0", "--commit", next)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "-  version: v1.2.3\n-  commit: "+commit+"\n+  version: v1.3.0\n+  commit: "+next)
	assert.Equal(t, before, contents(t, root), "shown and not written")

	code, _, errs = initialize(t, root, "--upgrade", "--yes", "--version", "v1.3.0", "--commit", next)
	require.Equal(t, scaffold.ExitDone, code, errs)
	after := contents(t, root)
	assert.NotContains(t, after[".github/workflows/platform-ci.yml"], commit)
	assert.Contains(t, after[".github/workflows/platform-ci.yml"], "@"+next+" # v1.3.0")
	assert.Contains(t, after["infra/platform/provenance.yaml"], "build.yml@"+next)
	for _, name := range []string{"infra/platform/release.yaml", "infra/platform/Pulumi.dev.yaml", "infra/platform/main.go", ".gitignore"} {
		assert.Equal(t, before[name], after[name], name)
	}
	assert.Equal(t, []string{
		`go.mod: requires github.com/guiofsaints/procureflow-platform "v1.2.3", and platform.yaml says v1.3.0: go get github.com/guiofsaints/procureflow-platform@v1.3.0 && go mod tidy`,
		`go.mod: requires github.com/guiofsaints/procureflow-platform/policy "v1.2.3", and platform.yaml says v1.3.0: go get github.com/guiofsaints/procureflow-platform/policy@v1.3.0 && go mod tidy`,
	}, scaffold.Check(filepath.Join(root, "infra/platform")).Problems, "which go get raises, and --no-tidy left out")
}

// TestCallersAreThisRepositorysOwn: an adopter runs what this repository runs, by commit.
func TestCallersAreThisRepositorysOwn(t *testing.T) {
	t.Parallel()
	files, err := scaffold.Callers(scaffold.Answers{Folder: ".", Branch: "main", Environments: []string{"dev", "staging", "prod"},
		Node: true, Web: "packages/web",
		Platform: "p/q", Version: "v1", Commit: commit, Services: []scaffold.Service{{Key: "web",
			Dockerfile: "packages/infra/docker/Dockerfile.web"}}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 7)
	for _, file := range files {
		own, err := platform.Workflows.ReadFile(file.Path)
		require.NoError(t, err)
		want := strings.ReplaceAll(string(own), "branches: [main, dev]", "branches: [main]")
		got := strings.ReplaceAll(strings.ReplaceAll(file.Content, "uses: p/q/", "uses: ./"), "@"+commit+" # v1", "")
		assert.Equal(t, want, got, file.Path)
	}
}
