package scaffold_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	platform "github.com/guiofsaints/procureflow-platform"
	"github.com/guiofsaints/procureflow-platform/scaffold"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// repository makes a git repository with the given files and a remote on GitHub.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, content := range files {
		write(t, root, name, content)
	}
	// The template is .git's config with a remote, and without the hooks that git would copy.
	template, err := filepath.Abs(filepath.Join("testdata", "git"))
	require.NoError(t, err)
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main", "--template=" + template}, {"add", "--all", "--force"}} {
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

// contents returns all files of a folder except git's.
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

// shape returns the files of a fixture. tests/chains uses the same fixtures.
func shape(t *testing.T, name string) map[string]string {
	t.Helper()
	return contents(t, filepath.Join("..", "tests", "chains", "testdata", "shapes", name))
}

func TestShapes(t *testing.T) {
	t.Parallel()
	ci, dev := ".github/workflows/platform-ci.yml", "infra/platform/Pulumi.dev.yaml"
	for name, test := range map[string]struct {
		files map[string]string
		args  []string
		// has are parts of the files afterwards. lacks are parts that no file of the name has.
		has, lacks map[string][]string
	}{
		"a pnpm monorepo of a user": {shape(t, "monorepo"), nil, map[string][]string{
			"infra/platform/platform.yaml": {"application: shop\nowner: acme\nrepository: Shop\nfolder: infra/platform\n", "version: v1.2.3",
				commit},
			dev: {"shop:platform:", "port: 3000", "name: shop-web", `ownerId: "stand-in:10000001"`,
				`number: "stand-in:`},
			"infra/platform/Pulumi.prod.yaml": {"production-approval", "deletionProtection: true", "binaryAuthorization:", "- pnpm/action-setup@*"},
			"infra/platform/provenance.yaml":  {"build.yml@" + commit, `repositoryId: "100000001" # A stand-in`},
			".gitignore": {"pulumi.json\n\n# The platform", "!/infra/platform/Pulumi.prod.yaml\n",
				"/infra/platform/.sandbox/\n"},
			".prettierignore":    {"pnpm-lock.yaml\n\n", "infra/platform/\n", ".github/workflows/platform-*.yml\n"},
			".github/CODEOWNERS": {"/infra/platform/ @acme\n", "/packages/infra/docker/Dockerfile.web @acme\n"},
			ci: {"  WORKSPACE: .\n  APP: packages/web\n", `NODE: "20"`, "TEST: test:coverage", "branches: [main, dev, \"feat/**\"]",
				"branches: [main, dev]\n",
				"dockerfile: packages/infra/docker/Dockerfile.web\n      build-args: GIT_COMMIT_SHA=${{ github.sha }}\n", "build:docs",
				"deploy.yml@" + commit + " # v1.2.3\n    with:\n      folder: infra/platform\n"},
			".github/workflows/platform-infrastructure.yml": {"branches: [main]\n"},
			".github/workflows/ci.yml":                      {"name: CI - Lint and Test\n"},
		}, map[string][]string{ci: {"uses: ./", "image.yml@" + commit + " # v1.2.3\n    with:\n      folder"}}},
		"an organization's two services in one environment": {shape(t, "organization"),
			[]string{"--app", "desk", "--team", "platform", "--region", "europe-west1", "--folder", ".", "--environments", "dev", "--project",
				"dev=acme-desk-1",
				"--owner-id", "7", "--repository-id", "8", "--project-number", "dev=9", "--billing-account", "ABCDEF-012345-6789AB", "--alerts",
				"desk@acme.test"},
			map[string][]string{
				"platform.yaml": {"team: platform\nfolder: .\n"},
				"Pulumi.dev.yaml": {"region: europe-west1", "id: acme-desk-1", "name: desk-api", "port: 8081", "name: desk-web", "port: 8080",
					"ownerId: 7\n",
					"repositoryId: 8\n", `number: "9"`, `billingAccount: "ABCDEF-012345-6789AB"`, `alertEmails: ["desk@acme.test"]`},
				"provenance.yaml": {`repositoryId: "8" # As in`},
				"policy/dev.json": {`"regions": ["europe-west1"]`, `["desk-api", "desk-web"]`, `"europe-west1-docker.pkg.dev/acme-desk-1"`,
					`"ceiling": 500`},
				".github/CODEOWNERS": {"* @acme/everybody\n", "/platform.yaml @acme/platform\n", "/.github/ @acme/platform\n",
					"/services/api/Dockerfile @acme/platform\n"},
				ci: {"  image-api:\n", "service: api\n", "dockerfile: services/api/Dockerfile\n      build-args: REVISION=${{ github.sha }}\n",
					"needs.image-web.outputs.digest",
					"needs: [image-api, ci-ok]", "needs: [image-web, ci-ok, deploy-dev-api]", "needs: [changes, check, scan-api, scan-web, image-api, " +
						"image-web]"},
				".github/workflows/platform-release.yml": {"options: [dev]", "default: api"},
			}, map[string][]string{ci: {"pnpm", "folder:", "compile", "lint=", "NODE", "GIT_COMMIT_SHA"}, "Pulumi.dev.yaml": {`"stand-in:1`,
				`"stand-in:dev`}}},
		"a repository without Node": {shape(t, "python"), []string{"--owner", "other", "--repository", "shop", "--environments", "dev,staging",
			"--reviewer", "staging=42"},
			map[string][]string{
				"infra/platform/Pulumi.staging.yaml": {"reviewers: [42]", "owner: other", "repository: shop", "port: 8000"},
				ci:                                   {"dockerfile: Dockerfile\n", "needs: [changes]", "[[ -f Dockerfile ]]", "branches: [main]\n"},
			}, map[string][]string{ci: {"pnpm", "packages/web", "build-args", "lint="}}},
		"a workspace in a folder, with some of the scripts": {map[string]string{"app/package.json": `{"packageManager": "pnpm@10.21.0",
				"scripts": {"build": "pnpm -F @x/site build", "test:coverage": "vitest --coverage",
					"test": "vitest"}}`, "app/site/package.json": `{"name": "@x/site",
				"dependencies": {"next": "^16.0.1"}, "devDependencies": {"vitest": "^4"}}`, "app/site/next.config.ts": "", "app/docs/next.config.mjs": "", "app/.nvmrc": "v22.3.0\n",
			"docker/Dockerfile": "EXPOSE 80\n", "docker/Dockerfile.dev": "EXPOSE 9\n", ".github/workflows/x.yml": "on: {push: {branches: [main, " +
				"release]}}\n"}, nil,
			map[string][]string{
				ci: {"WORKSPACE: app\n", "APP: app/site\n", `NODE: "22"`, "TEST: test\n", "needs: [changes, test, compile, check, scan, image]",
					"[[ -f $WORKSPACE/package.json ]]",
					"branches: [main]\n", "dockerfile: docker/Dockerfile\n"},
				dev: {"port: 80\n"},
			}, map[string][]string{ci: {"lint=", "release]", "Dockerfile.dev"}}},
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
				assert.True(t, strings.HasPrefix(after[file], content), "%s keeps its own content", file)
			}
			var folder string
			for file := range after {
				if filepath.Base(file) == "platform.yaml" {
					folder = filepath.Dir(file)
				}
			}
			report := scaffold.Check(filepath.Join(root, folder))
			assert.Empty(t, report.Problems, "check accepts what init writes")
			assert.Equal(t, slices.Contains(test.args, "--alerts"), len(report.Notes) == 0, "stand-ins are reported")

			code, out, errs = initialize(t, root, "--yes")
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Contains(t, out, "Nothing to do")
			assert.Equal(t, after, contents(t, root), "a second run changes nothing")
		})
	}
}

// TestNotes checks that init reports what a person should know about the repository before it writes anything.
func TestNotes(t *testing.T) {
	t.Parallel()
	files := shape(t, "monorepo")
	files["package.json"] = `{"packageManager": "pnpm@10.21.0", "scripts": {"build": "pnpm --filter web build", "test:coverage": "vitest --coverage", "test:run": "vitest run"}}`
	files["packages/web/package.json"] = `{"name": "web", "dependencies": {"next": "^16.0.1"}, "devDependencies": {"vitest": "^4.0.8"}}`
	_, out, errs := initialize(t, repository(t, files), "--yes")
	var notes []string
	for line := range strings.Lines(out) {
		if note, found := strings.CutPrefix(line, "note      "); found {
			notes = append(notes, strings.TrimSpace(note))
		}
	}
	assert.Equal(t, []string{
		".github/workflows/ci.yml seems to deploy as well: once the platform deploys, gh workflow disable ci.yml",
		".github/workflows/deploy-gcp.yml seems to deploy as well: once the platform deploys, gh workflow disable deploy-gcp.yml",
		"commitlint checks the commit's message: the command below has one that it accepts",
		"prettier would check the platform's files, so .prettierignore names them",
		"package.json has test:coverage, and no package has @vitest/coverage-v8, which makes it: tests run without. Add that package, then " +
			"init --upgrade",
		`package.json has no script for the job lint, which platform-ci.yml then leaves out: add "lint" and init --upgrade`,
		"packages/web/next.config.mjs: Next.js 16 keeps what it compiled only with experimental.turbopackFileSystemCacheForBuild: true; " +
			"without it the job compile starts from nothing each time",
	}, notes, errs)
}

// TestObstaclesAreReportedBeforeWriting checks that obstacles are reported before anything is written.
func TestObstaclesAreReportedBeforeWriting(t *testing.T) {
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
		"a workflow of the same name": {with(".github/workflows/platform-ci.yml", "name: ours\n"), []string{"--yes"}, scaffold.ExitRefuse,
			"platform-ci.yml is another workflow of the same name"},
		"the answer is no": {with("a", ""), nil, scaffold.ExitRefuse, "nothing was written"},
		"a region that is a zone": {with("a", ""), []string{"--yes", "--region", "europe-west1-b"}, scaffold.ExitUsage,
			`--region is "europe-west1-b"`},
		"prod without staging": {with("a", ""), []string{"--yes", "--environments", "dev,prod"}, scaffold.ExitUsage, "--environments"},
		"a reviewer by name": {with("a", ""), []string{"--yes", "--reviewer", "staging=octocat"}, scaffold.ExitUsage,
			"gh api users/LOGIN"},
		"a reviewer of an unknown environment": {with("a", ""), []string{"--yes", "--reviewer", "qa=1"}, scaffold.ExitUsage,
			"there is no GitHub environment qa"},
		"a project of no environment": {with("a", ""), []string{"--yes", "--project", "qa=shop-qa"}, scaffold.ExitUsage,
			"there is no environment qa"},
		"a folder outside": {with("a", ""), []string{"--yes", "--folder", "../x"}, scaffold.ExitUsage, "inside the repository"},
		"a pattern for a branch": {with("a", ""), []string{"--yes", "--branch", "release/*"}, scaffold.ExitUsage,
			`--branch is "release/*": use the short name`},
		"a ref for a branch": {with("a", ""), []string{"--yes", "--branch", "refs/heads/main"}, scaffold.ExitUsage, "use the short name"},
		"a Dockerfile outside": {with("a", ""), []string{"--yes", "--service", "web=../Dockerfile"}, scaffold.ExitUsage,
			"--service web=../Dockerfile: use the Dockerfile's path"},
		"a Dockerfile of two lines": {with("a", ""), []string{"--yes", "--service", "web=Dockerfile\n      x: y"}, scaffold.ExitUsage,
			"use the Dockerfile's path"},
		"a project that nobody can have": {with("a", ""), []string{"--yes", "--app", "google-shop"}, scaffold.ExitUsage,
			`--project dev=google-shop-dev: Google refuses project ids that contain "google": choose another`},
		"a file where a folder is to be": {with("infra", "x"), []string{"--yes"}, scaffold.ExitRefuse,
			"infra is a file, and infra/platform/go.mod would be below it: move it, or choose another --folder"},
		"a folder where a file is to be": {with("infra/platform/main.go/a", ""), []string{"--yes"}, scaffold.ExitRefuse,
			"infra/platform/main.go is a folder, and a file of that name is needed: move it"},
		"a program of its own": {with("infra/platform/main.go", "package main\n"), []string{"--yes"}, scaffold.ExitRefuse,
			"infra/platform/main.go is there, and is not what init would write: move it, or choose another --folder"},
		"a module of its own": {with("go.mod", "module shop\n"), []string{"--yes", "--folder", "."}, scaffold.ExitRefuse,
			"go.mod is there, and is not what init would write"},
		"an account's form": {with("a", ""), []string{"--yes", "--billing-account", "012345"}, scaffold.ExitUsage,
			"gcloud billing accounts list"},
		"a currency's name": {with("a", ""), []string{"--yes", "--currency", "Euro"}, scaffold.ExitUsage,
			`--currency is "Euro": use the billing account's ISO 4217 code, for example EUR, from gcloud billing accounts describe`},
		"a name as the owner's number": {with("a", ""), []string{"--yes", "--owner-id", "acme"}, scaffold.ExitUsage,
			"gh api users/acme --jq .id"},
		"a number of no environment": {with("a", ""), []string{"--yes", "--project-number", "qa=1"}, scaffold.ExitUsage,
			"there is no environment qa"},
		"a service's key": {with("a", ""), []string{"--yes", "--service", "Web"}, scaffold.ExitUsage, `--service "Web"`},
		"an argument":     {with("a", ""), []string{"here"}, scaffold.ExitUsage, "takes no arguments, got here"},
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

// markers matches a line that is a marker, and a marker at the end of a line.
var markers = regexp.MustCompile(`(?m)^ *# init: .*\n| *# init: .*$`)

// TestCallersAreThisRepositorysOwn checks that an adopter gets the callers of this repository, by commit.
func TestCallersAreThisRepositorysOwn(t *testing.T) {
	t.Parallel()
	files, err := scaffold.Callers(scaffold.Answers{Folder: ".", Branch: "main", Environments: []string{"dev", "staging", "prod"},
		Jobs:      []string{"lint", "test", "compile"},
		Workspace: ".", Web: "packages/web", Test: "test:coverage", NodeVersion: "20", PullRequests: []string{"main", "dev", "feat/**"},
		Pushes:   []string{"main", "dev"},
		Platform: "p/q", Version: "v1", Commit: commit, Services: []scaffold.Service{{Key: "web",
			Dockerfile: "packages/infra/docker/Dockerfile.web", Commit: "GIT_COMMIT_SHA"}}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 7)
	for _, file := range files {
		own, err := platform.Workflows.ReadFile(file.Path)
		require.NoError(t, err)
		got := strings.ReplaceAll(strings.ReplaceAll(file.Content, "uses: p/q/", "uses: ./"), "@"+commit+" # v1", "")
		assert.Equal(t, markers.ReplaceAllString(string(own), ""), got, file.Path)
	}
}

// TestEachServiceHasItsSlots checks that a pull request's image of each service is built by the service's own Dockerfile.
func TestEachServiceHasItsSlots(t *testing.T) {
	t.Parallel()
	files, err := scaffold.Callers(scaffold.Answers{Folder: "infra/platform", Branch: "trunk", Platform: "p/q", Version: "v1", Commit: commit,
		PullRequests: []string{"trunk"}, Services: []scaffold.Service{{Key: "api", Dockerfile: "api/Dockerfile"},
			{Key: "web", Dockerfile: "web/Dockerfile", Commit: "REVISION"}}})
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file.Path, "/platform-preview-environment.yml") {
			continue
		}
		for _, wanted := range []string{"  preview-environment-api:\n", "  preview-environment-web:\n", "      service: api\n",
			"      service: web\n",
			"      dockerfile: api/Dockerfile\n", "      dockerfile: web/Dockerfile\n      build-args: REVISION=${{ github.sha }}\n",
			"      folder: infra/platform\n", "    branches: [trunk]\n"} {
			assert.Contains(t, file.Content, wanted)
		}
		assert.NotContains(t, file.Content, "GIT_COMMIT_SHA")
		return
	}
	t.Fatal("init writes no caller of preview-environment.yml")
}

var (
	usedAction   = regexp.MustCompile(`(?m)^\s*(?:- )?uses: ([^\s#.][^\s#@]*)@`)
	workflowCall = regexp.MustCompile(`^[^/]+/[^/]+/\.github/`)
)

// TestAllowedActions checks the list of actions that init writes. GitHub refuses a job if one of its actions, or an action within
// it, is not on the list.
func TestAllowedActions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "tests", "workflows", "testdata", "actions.yaml"))
	require.NoError(t, err)
	var recorded []struct {
		Name string
		Uses []string
	}
	require.NoError(t, yaml.Unmarshal(text, &recorded))
	root := repository(t, shape(t, "monorepo"))
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	settings, err := stacks.Read(filepath.Join(root, "infra", "platform"), "prod", true)
	require.NoError(t, err)

	used := map[string]bool{"guiofsaints/procureflow-platform/*": true}
	var add func(name string)
	add = func(name string) {
		used[name] = true
		for _, action := range recorded {
			for _, inner := range action.Uses {
				if action.Name == name && !used[inner] {
					add(inner)
				}
			}
		}
	}
	of := contents(t, filepath.Join("..", ".github"))
	for name, content := range contents(t, filepath.Join(root, ".github")) {
		of["callers/"+name] = content
	}
	for name, content := range of {
		if name == "workflows/ci.yml" || name == "workflows/policy-publish.yml" { // the platform's own workflows
			continue
		}
		for _, found := range usedAction.FindAllStringSubmatch(content, -1) {
			if !workflowCall.MatchString(found[1]) {
				add(found[1])
			}
		}
	}
	var want []string
	for name := range used {
		want = append(want, name+"@*")
	}
	assert.ElementsMatch(t, want, settings.GitHub.Protection.Actions)
}
