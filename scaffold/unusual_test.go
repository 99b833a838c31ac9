package scaffold_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

func gitIn(t *testing.T, root string, args ...string) {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
		"-c", "core.autocrlf=false"}, args...)...)
	command.Dir = root
	output, err := command.CombinedOutput()
	require.NoError(t, err, "git %v: %s", args, output)
}

func commitAll(t *testing.T, root string) {
	t.Helper()
	gitIn(t, root, "add", "--all")
	gitIn(t, root, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", "a commit")
}

const settings = "infra/platform"

// TestDefaultBranches checks that everything that deploys uses the default branch, whatever its name.
func TestDefaultBranches(t *testing.T) {
	t.Parallel()
	branch := func(root, name string) { gitIn(t, root, "checkout", "--quiet", "-B", name) }
	origin := func(root, name string) {
		gitIn(t, root, "update-ref", "refs/remotes/origin/"+name, "HEAD")
		gitIn(t, root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/"+name)
	}
	for name, test := range map[string]struct {
		prepare func(root string)
		args    []string
		want    string
		refused string
	}{
		"the clone's default branch": {prepare: func(root string) { commitAll(t, root); origin(root, "trunk") }, want: "trunk"},
		"the clone's default branch, another one checked out": {prepare: func(root string) {
			commitAll(t, root)
			origin(root, "release/2026")
			branch(root, "topic")
		}, want: "release/2026"},
		"no remote, a branch called main": {prepare: func(root string) {
			commitAll(t, root)
			branch(root, "master")
			branch(root, "topic")
			gitIn(t, root, "branch", "--quiet", "-D", "main")
		}, want: "master"},
		"a new repository's branch": {prepare: func(root string) {
			gitIn(t, root, "symbolic-ref", "HEAD", "refs/heads/develop")
		}, want: "develop"},
		"no branch is checked out": {prepare: func(root string) {
			commitAll(t, root)
			gitIn(t, root, "checkout", "--quiet", "--detach")
		}, want: "main"},
		"the branch of the flag": {args: []string{"--branch", "live"}, want: "live"},
		"a word of YAML":         {args: []string{"--branch", "null"}, want: "null"},
		"a flag other than the clone's default branch": {prepare: func(root string) { commitAll(t, root); origin(root, "develop") },
			args: []string{"--branch",
				"main"}, refused: `the repository's default branch, which alone is built and released, is "develop"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, map[string]string{"Dockerfile": "EXPOSE 8080\n"})
			if test.prepare != nil {
				test.prepare(root)
			}
			code, out, errs := initialize(t, root, append([]string{"--yes"}, test.args...)...)
			if test.refused != "" {
				require.Equal(t, scaffold.ExitUsage, code, errs)
				assert.Contains(t, errs, test.refused)
				return
			}
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Equal(t, name == "no branch is checked out", strings.Contains(out, "git switch -c NAME before you commit"))
			report := scaffold.Check(filepath.Join(root, settings))
			report.Branch(test.want)
			assert.Empty(t, report.Problems)
			for file, content := range contents(t, root) {
				if test.want != "main" && filepath.Base(file) != "main.go" {
					assert.NotRegexp(t, `\bmain\b`, strings.NewReplacer("/tree/main/docs/runbooks", "", "gh-main-protected", "").Replace(content), file)
				}
			}
			report.Branch("elsewhere")
			assert.Len(t, report.Problems, 3)
			assert.Contains(t, report.Problems[0], `github.branch is "`+test.want+`", and the repository's default branch`)

			code, out, errs = initialize(t, root, "--yes")
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Contains(t, out, "Nothing to do")
		})
	}
}

// TestReservedWords uses names that have a meaning in YAML, JSON, Go or git.
func TestReservedWords(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{
		{"null", "null", "null", "null"}, {"true", "123", "1.0", "on"}, {"image", "no", "~.", "yes"}, {"go", "e1", ".github", "image"},
		{"std", "0x1", "1e3", "std"}, {"cmd", "y", "null.git", "n"},
	} {
		t.Run(names[0], func(t *testing.T) {
			t.Parallel()
			app, owner, repositoryName, word := names[0], names[1], strings.Trim(names[2], "~"), names[3]
			if repositoryName == "." {
				repositoryName = "-"
			}
			root := repository(t, map[string]string{"Dockerfile": "EXPOSE 8080\n"})
			code, out, errs := initialize(t, root, "--yes", "--app", app, "--owner", owner, "--repository", repositoryName, "--team", word,
				"--service", word, "--service", "web", "--project", "dev=acme-1-dev",
				"--project", "staging=acme-1-staging", "--project", "prod=acme-1-prod")
			require.Equal(t, scaffold.ExitDone, code, "%s%s", out, errs)
			assert.Empty(t, scaffold.Check(filepath.Join(root, settings)).Problems)
			command := exec.Command("go", "list", "-e", "-f", "{{.Name}} {{.ImportPath}}", ".")
			command.Dir, command.Env = filepath.Join(root, settings), append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
			output, err := command.Output()
			require.NoError(t, err)
			assert.Equal(t, "main platform/"+app+"\n", string(output))

			code, out, errs = initialize(t, root, "--yes")
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Contains(t, out, "Nothing to do")
			assert.NotContains(t, out, "differs")
		})
	}
}

// TestLineEnds checks a checkout on Windows, whose lines end with CRLF. Files keep their line ends.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	crlf := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	files := shape(t, "monorepo")
	for name, content := range files {
		files[name] = crlf(content)
	}
	root := repository(t, files)
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	for _, name := range []string{".gitignore", ".prettierignore"} {
		content := contents(t, root)[name]
		assert.Equal(t, crlf(content), content, name)
	}
	for name, content := range contents(t, root) {
		write(t, root, name, crlf(content))
	}
	commitAll(t, root)
	assert.Empty(t, scaffold.Check(filepath.Join(root, settings)).Problems)
	before := contents(t, root)
	code, out, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "Nothing to do")
	assert.Equal(t, before, contents(t, root))
	for range 2 {
		code, _, errs = initialize(t, root, "--upgrade", "--yes", "--version", "v1.3.0", "--commit", newer)
		require.Equal(t, scaffold.ExitDone, code, errs)
		commitAll(t, root)
	}
	assert.Empty(t, scaffold.Check(filepath.Join(root, settings)).Problems)
	for name, content := range contents(t, root) {
		assert.Equal(t, crlf(content), content, name)
	}
}

// TestHalfWritten runs init again after it was killed while writing, or was started twice. The result is that of one run.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	files := shape(t, "monorepo")
	whole := repository(t, files)
	code, _, errs := initialize(t, whole, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	want := contents(t, whole)
	for name, missing := range map[string][]string{
		"at the end":     {"platform.yaml"},
		"in the middle":  {"platform.yaml", "provenance.yaml", "Pulumi.prod.yaml", "policy/prod.json"},
		"after a second": {"platform.yaml", "../../.github/CODEOWNERS", "../../.github/workflows/platform-ci.yml", "Pulumi.dev.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range missing {
				require.NoError(t, os.Remove(filepath.Join(whole, settings, file)))
			}
			code, _, errs := initialize(t, whole, "--yes")
			require.Equal(t, scaffold.ExitDone, code, errs)
			assert.Equal(t, want, contents(t, whole))
		})
	}
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		root := repository(t, files)
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				code, _, errs := initialize(t, root, "--yes")
				assert.Equal(t, scaffold.ExitDone, code, errs)
			})
		}
		wait.Wait()
		assert.Equal(t, want, contents(t, root))
	})
}

// TestUnwritablePlacesAreReported checks that a link out of the repository and a read-only file are reported before anything is written.
func TestUnwritablePlacesAreReported(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{"Dockerfile": ""})
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(root, "infra")))
	code, _, errs := initialize(t, root, "--yes")
	assert.Equal(t, scaffold.ExitRefuse, code)
	assert.Contains(t, errs, "infra is a symbolic link")

	if os.Geteuid() == 0 {
		return // root may write read-only files
	}
	root = repository(t, map[string]string{"Dockerfile": "", ".gitignore": "a\n"})
	require.NoError(t, os.Chmod(filepath.Join(root, ".gitignore"), 0o444))
	before := contents(t, root)
	code, _, errs = initialize(t, root, "--yes")
	assert.Equal(t, scaffold.ExitRefuse, code)
	assert.Contains(t, errs, "chmod u+w .gitignore")
	assert.Equal(t, before, contents(t, root))
}

// TestInterrupted checks that Ctrl-C at a question ends init.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{"Dockerfile": ""})
	before := contents(t, root)
	ctx, cancel := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	defer typed.Close()
	var out, errs bytes.Buffer
	asked := writer(func(text []byte) (int, error) {
		if strings.Contains(string(text), "Google Cloud region") {
			cancel()
		}
		return out.Write(text)
	})
	go func() { _, _ = typed.Write([]byte(strings.Repeat("\n", 6))) }()
	code := scaffold.Run(ctx, []string{"--repo", root, "--no-tidy", "--version", "v1.2.3", "--commit", commit},
		scaffold.Streams{In: in, Out: asked, Err: &errs, Interactive: true})
	assert.Equal(t, scaffold.ExitUsage, code)
	assert.Contains(t, errs.String(), "interrupted, and nothing was written")
	assert.Equal(t, before, contents(t, root))
}

type writer func([]byte) (int, error)

func (w writer) Write(text []byte) (int, error) { return w(text) }

// TestNextCommands checks the last lines of the output: the next three commands for the application's state, in a form that a shell
// accepts.
func TestNextCommands(t *testing.T) {
	t.Parallel()
	parent := filepath.Join(t.TempDir(), "my $app's")
	require.NoError(t, os.Mkdir(parent, 0o755))
	root := repository(t, map[string]string{"Dockerfile": "EXPOSE 8080\n"})
	require.NoError(t, os.Rename(root, filepath.Join(parent, "clone")))
	root, err := filepath.EvalSymlinks(filepath.Join(parent, "clone"))
	require.NoError(t, err)
	next := func(args ...string) (waits string, commands []string) {
		t.Helper()
		code, out, errs := initialize(t, root, append([]string{"--yes"}, args...)...)
		require.Equal(t, scaffold.ExitDone, code, errs)
		before, after, found := strings.Cut(out, "Next, in "+filepath.Join(root, settings)+":\n")
		require.True(t, found, out)
		_, waits, _ = strings.Cut(before, "Only you know the values that begin with ")
		return waits, strings.Split(strings.TrimSpace(after), "\n  ")
	}
	waits, commands := next("--environments", "dev")
	assert.Contains(t, waits, `"stand-in:" in Pulumi.dev.yaml: real commands refuse them`)
	require.Len(t, commands, 3)
	assert.Equal(t, []string{"go tool check settings", "go tool sandbox up dev"}, commands[:2])
	commit := exec.Command("sh", "-c", commands[2])
	commit.Dir = root
	commit.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.c", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b.c")
	output, err := commit.CombinedOutput()
	require.NoError(t, err, "%s: %s", commands[2], output)

	waits, commands = next()
	assert.NotEmpty(t, waits)
	assert.Equal(t, []string{"go tool firstrun preflight dev # names each stand-in, and where to find its value", "go tool check settings",
		"go tool sandbox up dev"}, commands)
	dev := filepath.Join(root, settings, "Pulumi.dev.yaml")
	content, err := os.ReadFile(dev)
	require.NoError(t, err)
	known := regexp.MustCompile(`Id: "stand-in:([0-9]+)"`).ReplaceAllString(string(content), "Id: $1")
	require.NoError(t, os.WriteFile(dev, []byte(strings.ReplaceAll(known, `"stand-in:`, `"`)), 0o600))
	_, commands = next()
	assert.Equal(t, "go tool check settings", commands[0], "the values are not committed yet")
	commitAll(t, root)
	waits, commands = next()
	assert.Empty(t, waits)
	assert.Equal(t, []string{"go tool firstrun permissions dev", "go tool firstrun preflight dev",
		"pulumi stack init dev && pulumi preview --json --show-sames | go tool firstrun adopt --out import.json"}, commands)
}

// TestReplaceWithASpace checks a path with a space in the replace directive.
func TestReplaceWithASpace(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{"Dockerfile": ""})
	code, _, errs := initialize(t, root, "--yes", "--replace", "/my platform")
	require.Equal(t, scaffold.ExitDone, code, errs)
	command := exec.Command("go", "mod", "edit", "-json")
	command.Dir = filepath.Join(root, settings)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), `"Path": "/my platform/policy"`)
}

// TestWithoutARemote checks a repository without a remote on GitHub, whose owner is unknown.
func TestWithoutARemote(t *testing.T) {
	t.Parallel()
	root := repository(t, map[string]string{"Dockerfile": ""})
	gitIn(t, root, "remote", "remove", "origin")
	before := contents(t, root)
	code, _, errs := initialize(t, root, "--yes")
	assert.Equal(t, scaffold.ExitUsage, code)
	assert.Contains(t, errs, "give --app, --owner and --repository")
	assert.Equal(t, before, contents(t, root))
}

// TestSecondApplication refuses a second application in a repository, whichever way somebody asks for one. The first one stays as it is.
func TestSecondApplication(t *testing.T) {
	t.Parallel()
	root := repository(t, shape(t, "python"))
	write(t, root, "charts/platform.yaml", "kind: Values\n") // another tool's file
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	before := contents(t, root)
	const refusal = "the repository has the application shop in infra/platform already, and can have no second one: "
	for name, test := range map[string]struct {
		args []string
		want string // "" for an accepted call
	}{
		"another folder":            {[]string{"--folder", "apps/admin/infra"}, refusal},
		"another name":              {[]string{"--app", "admin"}, refusal},
		"another name and folder":   {[]string{"--app", "admin", "--folder", "apps/admin/infra"}, refusal},
		"the repository's root":     {[]string{"--folder", "."}, refusal},
		"the same folder":           {[]string{"--folder", "infra/platform"}, ""},
		"the same, with a slash":    {[]string{"--folder", "infra/platform/"}, ""},
		"the same name":             {[]string{"--app", "shop"}, ""},
		"from a folder in the repo": {[]string{"--repo", filepath.Join(root, "infra")}, ""},
	} {
		code, _, errs := initialize(t, root, append(test.args, "--yes")...)
		assert.Equal(t, test.want == "", code == scaffold.ExitDone, "%s: %s", name, errs)
		assert.Contains(t, errs, test.want, name)
	}
	assert.Equal(t, before, contents(t, root))

	for name, content := range before { // Somebody copied the first one.
		if rest, inside := strings.CutPrefix(name, "infra/platform/"); inside {
			write(t, root, "apps/admin/"+rest, content)
		}
	}
	code, _, errs = initialize(t, root, "--yes")
	assert.Equal(t, scaffold.ExitUsage, code)
	assert.Contains(t, errs, "an application of the platform in each of apps/admin, infra/platform, and can have one: ")
	assert.Contains(t, strings.Join(scaffold.Check(filepath.Join(root, "infra/platform")).Problems, "\n"),
		"platform.yaml: another application is in apps/admin, and the repository can have one: ")
}
