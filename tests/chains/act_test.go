package chains_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checkout is a repository with the platform's workflows, and what its runs leave behind.
type checkout struct {
	t *testing.T
	// folder is the checkout, and settings the folder in it with the stacks' files. commands come first on PATH. kept is the folder
	// in which stand-ins record their calls and find their answers.
	folder, settings, commands, kept string
	// called is the folder with the platform's workflows and actions, from which act takes those that the checkout names.
	called string
	env    []string
	of     application
	// message is the commit message that init proposed, and again has the arguments for running init again.
	message string
	again   []string
}

// newCheckout makes this repository an application of its own: its callers, with the settings at the root.
func newCheckout(t *testing.T) *checkout {
	t.Helper()
	c := newFolder(t)
	c.of = platformsOwn
	c.add(".", filepath.Join(root, "tests", "application"))
	for _, path := range []string{".github/workflows", "go.mod", "go.sum", "policy/go.mod", "policy/go.sum"} {
		c.add(path, filepath.Join(root, path))
	}
	c.begin("fixture")
	c.env = append(c.env, "CHAIN_MODULE="+root)
	return c
}

// begin commits the folder's content as the first commit of a repository. Git's own files are in another folder, because act copies
// each file of the checkout for each job.
func (c *checkout) begin(message string) {
	c.t.Helper()
	c.git("init", "--quiet", "--template=", "--separate-git-dir="+filepath.Join(c.t.TempDir(), "git"), "--initial-branch="+c.of.branch)
	c.git("remote", "add", "origin", "https://github.com/"+c.of.slug()+".git")
	c.commit(message)
}

// newFolder makes an empty checkout with what its runs need.
func newFolder(t *testing.T) *checkout {
	t.Helper()
	for _, needed := range []string{"bash", "git", "jq", "curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("%s is not installed, and the workflows' steps call it: install Debian's package %s", needed, needed)
		}
	}
	c := &checkout{t: t, folder: t.TempDir(), kept: t.TempDir(), called: platform}
	c.commands = t.TempDir()
	scripts, err := filepath.Glob(filepath.Join("testdata", "commands", "*"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no commands in testdata: %v", err)
	}
	for _, script := range scripts {
		content, err := os.ReadFile(script)
		if err == nil {
			err = os.WriteFile(filepath.Join(c.commands, filepath.Base(script)), content, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.env = []string{"CHAIN_TOOLS=" + tools, "CHAIN_COMMANDS=" + c.commands, "CHAIN_KEPT=" + c.kept, "CHAIN_FOLDER=" + c.folder,
		"CHAIN_ROOT=" + root, "CHAIN_HOME=" +
			os.Getenv("HOME"),
		"PULUMI_COMMAND=" + pulumi, "CHAIN_PATH=" + os.Getenv("PATH"), "CHAIN_GOFLAGS=" + os.Getenv("GOFLAGS"),
		"CHAIN_PLATFORM=" + platform, releases(t, "proceed")}
	return c
}

// add copies a file or folder into the checkout.
func (c *checkout) add(path, from string) {
	c.t.Helper()
	if err := copyInto(filepath.Join(c.folder, filepath.FromSlash(path)), from); err != nil {
		c.t.Fatal(err)
	}
}

// write writes a file of the checkout.
func (c *checkout) write(path, content string) {
	c.t.Helper()
	to := filepath.Join(c.folder, filepath.FromSlash(path))
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	if err == nil {
		err = os.WriteFile(to, []byte(content), 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) git(args ...string) string {
	c.t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c",
		"commit.gpgsign=false", "-c", "maintenance.auto=false"}, args...)...)
	command.Dir = c.folder
	out, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// ref returns the ref of the branch that deploys.
func (c *checkout) ref() string { return "refs/heads/" + c.of.branch }

// commit commits all changes and returns the commit.
func (c *checkout) commit(message string) string {
	c.t.Helper()
	c.git("add", "--all")
	c.git("commit", "--quiet", "--allow-empty", "-m", message)
	return c.git("rev-parse", "HEAD")
}

// event is what starts a workflow. It is on the branch that deploys, unless its payload names another ref.
type event struct {
	name    string
	payload map[string]any
	env     []string
	// during runs in parallel with the workflow. done is closed when the workflow has ended.
	during func(process *os.Process, done <-chan struct{})
}

// run is the result of a workflow.
type run struct {
	ok bool
	// log is the output of all jobs, with their summaries.
	log string
	// results are by job, with the calling job before those of a called workflow: release/deploy. A skipped job has no result.
	results map[string]string
}

func (r run) String() string { return fmt.Sprintf("ok: %v, jobs: %v\n%s", r.ok, r.results, r.log) }

// run runs a workflow to its end.
func (c *checkout) run(workflow string, e event) run {
	c.t.Helper()
	_ = os.Remove(filepath.Join(c.kept, "calls"))
	if e.payload == nil {
		e.payload = map[string]any{}
	}
	if e.payload["ref"] == nil && e.name != "pull_request" {
		e.payload["ref"] = c.ref()
	}
	e.payload["repository"] = map[string]any{"default_branch": c.of.branch}
	body, err := json.Marshal(e.payload)
	if err != nil {
		c.t.Fatal(err)
	}
	eventFile := filepath.Join(c.t.TempDir(), "event.json")
	if err := os.WriteFile(eventFile, body, 0o600); err != nil {
		c.t.Fatal(err)
	}
	args := []string{
		e.name, "--json", "-W", filepath.Join(".github", "workflows", workflow), "-e", eventFile, "-P", "ubuntu-latest=-self-hosted",
		"--pull=false", "--action-offline-mode", "--no-cache-server", "--artifact-server-path", c.t.TempDir(), "--artifact-server-addr",
		"127.0.0.1",
		"--artifact-server-port", "0", "-s", "GITHUB_TOKEN=stand-in",
		// Without these, act reads them from the repository for every expression, some hundred times a run.
		"--env", "GITHUB_REPOSITORY=" + c.of.slug(), "--env", "SHA_REF=" + c.git("rev-parse", "HEAD"),
	}
	command := exec.Command(filepath.Join(tools, "act"), append(args, c.outside()...)...)
	command.Dir = c.folder
	home := c.t.TempDir()
	command.Env = append(append(os.Environ(), c.env...), e.env...)
	command.Env = append(command.Env, "PATH="+c.commands+":"+os.Getenv("PATH"), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		c.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		err = command.Wait()
		close(done)
	}()
	if e.during != nil {
		e.during(command.Process, done)
	}
	<-done
	return read(out.String(), err == nil)
}

// read parses act's log, which has a JSON object in each line.
func read(out string, ok bool) run {
	r := run{ok: ok, results: map[string]string{}}
	var log strings.Builder
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var entry struct{ Job, JobResult, Msg string }
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			fmt.Fprintln(&log, lines.Text())
			continue
		}
		fmt.Fprintf(&log, "[%s] %s\n", entry.Job, strings.TrimRight(entry.Msg, "\n"))
		if entry.JobResult != "" {
			// act names a job by its workflow and puts the calling job first.
			names := strings.Split(strings.TrimSpace(entry.Job), "/")
			job := names[len(names)-1]
			if len(names) == 3 {
				job = names[0] + "/" + job
			}
			r.results[job] = entry.JobResult
		}
	}
	r.log = log.String()
	return r
}

// external matches actions from outside: owner/name[/path]@commit.
var external = regexp.MustCompile(`uses: ([a-zA-Z0-9-]+/[a-zA-Z0-9_.-]+)((?:/[a-zA-Z0-9_.-]+)*)@([0-9a-f]{40})`)

// outside tells act where the stand-ins for external actions are: those in testdata, and for all others one that only records its
// name.
func (c *checkout) outside() (args []string) {
	c.t.Helper()
	seen := map[string]bool{}
	folder := c.t.TempDir()
	read := func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".yml" {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, found := range external.FindAllStringSubmatch(string(content), -1) {
			name, inner, commit := found[1], found[2], found[3]
			if seen[name+inner] || name == platformRepository {
				continue
			}
			seen[name+inner] = true
			action, err := os.ReadFile(filepath.Join("testdata", "actions", filepath.FromSlash(name+inner), "action.yml"))
			if err != nil {
				action = []byte("name: stand-in\ndescription: writes its name down\nruns:\n  using: composite\n  steps:\n" +
					"    - shell: bash\n      run: echo '" + name + inner + "' >> \"$CHAIN_KEPT/calls\"\n")
			}
			repository := filepath.Join(folder, strings.ReplaceAll(name, "/", "-"))
			to := filepath.Join(repository, filepath.FromSlash(inner), "action.yml")
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(to, action, 0o644); err != nil {
				return err
			}
			args = append(args, "--local-repository", name+"@"+commit+"="+repository)
		}
		return nil
	}
	for _, of := range []string{c.folder, c.called} {
		if err := filepath.WalkDir(filepath.Join(of, ".github"), read); err != nil {
			c.t.Fatal(err)
		}
	}
	return append(args, "--local-repository", platformRepository+"@"+platformCommit+"="+c.called)
}

// calls returns the calls that stand-ins recorded in the last run, one a line.
func (c *checkout) calls() string { return c.read("calls") }

// read returns a file that a stand-in kept; empty if there is none.
func (c *checkout) read(name string) string {
	content, _ := os.ReadFile(filepath.Join(c.kept, filepath.FromSlash(name)))
	return string(content)
}

// answer sets what a stand-in answers with.
func (c *checkout) answer(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.kept, name), []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// inOrder fails unless the calls were made in this order.
func (c *checkout) inOrder(r run, wanted ...string) {
	c.t.Helper()
	rest := c.calls()
	for _, call := range wanted {
		_, after, found := strings.Cut(rest, call)
		if !found {
			c.t.Fatalf("want %q, in the order %q, in\n%s\n%v", call, wanted, c.calls(), r)
		}
		rest = after
	}
}

// TestLogHasAFailedStepsLastLines checks that the log has every line of a failing step, however much it prints and whenever it ends. The
// last lines mostly say why it failed.
func TestLogHasAFailedStepsLastLines(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.write(".github/workflows/fails.yml",
		"on: push\njobs:\n  fails:\n    runs-on: ubuntu-latest\n    steps:\n      - run: seq -f 'line %.0f.' 2000; exit 1\n")
	r := c.run("fails.yml", event{name: "push"})
	if lines := strings.Count(r.log, "[fails.yml/fails] line "); r.ok || lines != 2000 {
		t.Errorf("%d lines of 2000 are in the log\n%v", lines, r)
	}
}
