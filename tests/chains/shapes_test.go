package chains_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// The platform's repository, and the commit by which an application names it.
const (
	platformRepository = "guiofsaints/procureflow-platform"
	platformCommit     = "0123456789abcdef0123456789abcdef01234567"
)

// application says whose repository a checkout is, in the settings' terms.
type application struct{ owner, repository, id, name, region, branch string }

func (a application) slug() string { return a.owner + "/" + a.repository }

// platformsOwn is this repository as an application: tests/application.
var platformsOwn = application{"guiofsaints", "procureflow", "100000001", "procureflow", "us-central1", "main"}

// shape is a kind of repository that uses the platform: a fixture in testdata/shapes, and init's arguments for it.
type shape struct {
	fixture string
	of      application
	folder  string
	args    []string
}

var (
	// monorepo is the kind of application that the platform was made for: a pnpm monorepo with hooks, old workflows and ignored
	// stack files.
	monorepo = shape{"monorepo", application{"acme", "shop-app", "100000001", "shop", "us-central1", "main"}, "infra/platform", nil}
	// organization belongs to an organization with teams. It has two services, one environment, and values instead of stand-ins.
	organization = shape{"organization", application{"acme", "desk", "4242", "desk", "europe-west1", "main"}, ".", []string{
		"--team", "platform", "--environments", "dev",
		"--owner-id", "77", "--repository-id", "4242", "--billing-account", "ABCDEF-012345-6789AB", "--project-number", "dev=620555111222",
		"--alerts", "desk@acme.example"}}
	// python has no Node, and a default branch of another name.
	python = shape{"python", application{"other", "pages", "100000001", "pages", "us-central1", "trunk"}, "infra/platform", []string{
		"--environments", "dev,staging", "--reviewer", "staging=42"}}
)

// newShape makes a clone of such a repository with what init writes, which is not committed yet.
func newShape(t *testing.T, s shape) *checkout {
	t.Helper()
	c := newFolder(t)
	c.of, c.settings = s.of, filepath.FromSlash(s.folder)
	if s.fixture == monorepo.fixture && *repository != "" {
		c.git("clone", "--quiet", "--separate-git-dir="+filepath.Join(t.TempDir(), "git"), *repository, ".")
		c.git("remote", "set-url", "origin", "https://github.com/"+s.of.slug()+".git")
	} else {
		c.add(".", filepath.Join("testdata", "shapes", s.fixture))
		c.begin("feat: begin")
	}
	args := append([]string{"--repo", c.folder, "--yes", "--app", s.of.name, "--owner", s.of.owner, "--repository", s.of.repository,
		"--region", s.of.region, "--folder", s.folder,
		"--replace", root, "--version", "v1.2.3", "--commit", platformCommit, "--no-tidy"}, s.args...)
	said := initialize(t, args)
	mod, sum, err := tidied()
	if err != nil {
		t.Fatal(err)
	}
	c.write(filepath.Join(s.folder, "go.mod"), strings.Replace(mod, "module platform/tidied\n", "module platform/"+s.of.name+"\n", 1))
	c.write(filepath.Join(s.folder, "go.sum"), sum)
	if report := scaffold.Check(filepath.Join(c.folder, c.settings)); len(report.Problems) > 0 {
		t.Fatalf("check settings: %v", report.Problems)
	}
	c.again = args
	c.idle()
	served, err := served()
	if err != nil {
		t.Fatal(err)
	}
	c.called = served
	c.message = regexp.MustCompile(` commit -m "([^"]+)"`).FindStringSubmatch(said)[1]
	return c
}

func initialize(t *testing.T, args []string) string {
	t.Helper()
	var out bytes.Buffer
	if code := scaffold.Run(t.Context(), args, scaffold.Streams{In: strings.NewReader(""), Out: &out, Err: &out}); code != scaffold.ExitDone {
		t.Fatalf("init %v: %d\n%s", args, code, out.String())
	}
	return out.String()
}

// tidied returns init's go.mod after go mod tidy. It is made once, because only the module's name differs.
var tidied = func() func() (mod, sum string, err error) {
	var mod, sum string
	var err error
	var once sync.Once
	return func() (string, string, error) {
		once.Do(func() { mod, sum, err = tidy() })
		return mod, sum, err
	}
}()

func tidy() (mod, sum string, err error) {
	folder := filepath.Join(tools, "tidied")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", "", err
	}
	if out, err := exec.Command("git", "-C", folder, "init", "--quiet").CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("git init: %w\n%s", err, out)
	}
	var out bytes.Buffer
	code := scaffold.Run(context.Background(), []string{"--repo", folder, "--yes", "--app", "tidied", "--owner", "acme", "--repository",
		"tidied", "--folder", ".", "--replace", root,
		"--version", "v1.2.3", "--commit", platformCommit}, scaffold.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	if code != scaffold.ExitDone {
		return "", "", fmt.Errorf("init: %d\n%s", code, out.String())
	}
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", "", err
		}
		files[name] = string(content)
	}
	return files["go.mod"], files["go.sum"], nil
}

// served returns the platform's workflows and actions as the shapes name them. If a workflow calls another by ./, act looks in the
// caller's checkout, and GitHub in the repository of the calling workflow.
var served = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(tools, "served")
	if err := copyInto(filepath.Join(folder, ".github", "actions"), filepath.Join(platform, ".github", "actions")); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err == nil {
		err = os.Mkdir(filepath.Join(folder, ".github", "workflows"), 0o755)
	}
	if err != nil {
		return "", err
	}
	nested := regexp.MustCompile(`uses: \./(\.github/workflows/[a-z-]+\.yml)`)
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "platform-") { // a caller, of which each shape has its own
			continue
		}
		content, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, ".github", "workflows", filepath.Base(file)),
				nested.ReplaceAll(content, []byte("uses: "+platformRepository+"/$1@"+platformCommit)), 0o644)
		}
		if err != nil {
			return "", err
		}
	}
	return folder, nil
})

// idle fails if another init changes something.
func (c *checkout) idle() {
	c.t.Helper()
	if again := initialize(c.t, c.again); !strings.Contains(again, "Nothing to do") {
		c.t.Fatalf("init again is not idle:\n%s", again)
	}
}

// commitWithHooks commits what init wrote as its author would: with the message that init proposed, and through the repository's own
// hooks.
func (c *checkout) commitWithHooks(message string) {
	c.t.Helper()
	modules, err := node()
	if err != nil {
		c.t.Fatal(err)
	}
	c.git("add", "--all")
	if err := os.Symlink(modules, filepath.Join(c.folder, "node_modules")); err != nil {
		c.t.Fatal(err)
	}
	defer os.Remove(filepath.Join(c.folder, "node_modules"))
	hooks, err := filepath.Glob(filepath.Join(c.folder, ".husky", "*"))
	if err != nil || len(hooks) == 0 {
		c.t.Fatalf("there are no hooks: %v", err)
	}
	for _, hook := range hooks {
		if err := os.Chmod(hook, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	git := func(args ...string) (string, error) {
		command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c",
			"commit.gpgsign=false", "-c", "core.hooksPath=.husky"}, args...)...)
		command.Dir = c.folder
		// As husky runs hooks. They find the tools without npx, which takes longer than the tools do.
		command.Env = append(os.Environ(), "PATH="+filepath.Join(modules, ".bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		return string(out), err
	}
	refused := filepath.Join(c.t.TempDir(), "message")
	if err := os.WriteFile(refused, []byte("Run it on the platform.\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, err := git("hook", "run", "commit-msg", "--", refused); err == nil || !strings.Contains(out, "type may not be empty") {
		c.t.Errorf("the hook accepts any message, so it proves nothing: %v\n%s", err, out)
	}
	if out, err := git("commit", "--quiet", "-m", message); err != nil {
		c.t.Fatalf("the repository's own hooks refuse what init wrote: %v\n%s", err, out)
	}
}
