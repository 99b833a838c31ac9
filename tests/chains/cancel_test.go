package chains_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// until polls while the process runs, and reports whether the awaited condition came.
func until(done <-chan struct{}, came func() bool) bool {
	for {
		select {
		case <-done:
			return false
		case <-time.After(100 * time.Millisecond):
			if came() {
				return true
			}
		}
	}
}

// shared reports whether a digest has some of the requests, but not all.
func (c *chain) shared(stack, digest string) bool {
	traffic := c.traffic(stack)
	return strings.Contains(traffic, "% "+digest) && strings.Contains(traffic, ", ")
}

// TestACancelledDeployment cancels a run while the new revision has a share of the requests. The revision that served before gets
// them back.
//
// act models what follows a cancellation: it sets the job to cancelled, runs the steps whose condition then holds, and skips the
// others. It does not model how the step itself ends. act kills the step's first process at once. GitHub interrupts it, ends it
// after 7.5 s, and kills it with all its children after 10 s. The second half of the test sends that interrupt to the step's script.
func TestACancelledDeployment(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	late := c.built()
	c.env = append(c.env, unhurried)
	e := deployment("dev", late)
	e.during = func(process *os.Process, done <-chan struct{}) {
		if until(done, func() bool { return c.shared("dev", late) }) {
			_ = process.Signal(os.Interrupt)
		}
	}
	r := c.run("platform-release.yml", e)
	if r.ok {
		t.Errorf("the run succeeded\n%v", r)
	}
	c.serves("dev", sample, r)
	for _, wanted := range []string{"rolled back", "## Release of web to dev: cancelled",
		"What to do: docs/pipeline.md#a-deployment-was-cancelled"} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the log does not say %q\n%v", wanted, r)
		}
	}
	c.inOrder(r, "release rollout", "release rollback", "release status")

	// Release the same revision again, as a person may decide to. Then send GitHub's interrupt to the release controller itself.
	step := c.step("deploy", "Shift requests to the new revision, step by "+
		"step", map[string]string{"REVISION": c.newest("dev"), "RETRY": "true"})
	var out bytes.Buffer
	step.Stdout, step.Stderr = &out, &out
	if err := step.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var err error
	go func() { err = step.Wait(); close(done) }()
	if !until(done, func() bool { return c.shared("dev", late) }) {
		t.Fatalf("the rollout ended before it gave a share: %v\n%s", err, out.String())
	}
	if err := step.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-done
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 || !c.shared("dev", late) || c.read("outputs") != "outcome=interrupted\n" {
		t.Errorf("the interrupted step: %v, outputs %q, %s serves; want exit code 7 and the split as it was\n%s", err, c.read("outputs"),
			c.traffic("dev"), out.String())
	}
	back := c.step("deploy", "Go back to the revision that served before", map[string]string{"OUTCOME": "interrupted", "HEALTH": "skipped"})
	if out, err := back.CombinedOutput(); err != nil {
		t.Errorf("going back: %v\n%s", err, out)
	}
	c.serves("dev", sample, r)
}

// process returns the process of the release controller with a subcommand, which runs now or ran last.
func (c *chain) process(subcommand string) *os.Process {
	c.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(c.read(subcommand + ".pid")))
	if err != nil {
		c.t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		c.t.Fatal(err)
	}
	return process
}

func (c *chain) signal(process *os.Process, signal os.Signal) {
	c.t.Helper()
	if err := process.Signal(signal); err != nil {
		c.t.Errorf("signal %v to process %d: %v", signal, process.Pid, err)
	}
}

// step returns the command of a step of deploy.yml, as a runner would start it.
func (c *chain) step(job, name string, env map[string]string) *exec.Cmd {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.folder, ".github", "workflows", "deploy.yml"))
	if err != nil {
		c.t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []struct{ Name, Run string } }
	}
	if err := yaml.Unmarshal(content, &workflow); err != nil {
		c.t.Fatal(err)
	}
	script := ""
	for _, step := range workflow.Jobs[job].Steps {
		if step.Name == name {
			script = step.Run
		}
	}
	if script == "" {
		c.t.Fatalf("deploy.yml has no step %q in %s", name, job)
	}
	bin := c.t.TempDir()
	release, err := os.ReadFile(filepath.Join(c.commands, "release-in-sandbox"))
	if err == nil {
		err = os.WriteFile(filepath.Join(bin, "release"), release, 0o755)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	command := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script)
	command.Dir = c.folder
	command.Env = append(append(os.Environ(), c.env...), "BIN="+bin, "NAME=procureflow-web", "STACK=dev", "POLICY=", "PROCEED=false",
		"RETRY=false", "PROJECT=procureflow-dev",
		"REGION=us-central1", "GITHUB_RUN_ID=1", "GITHUB_OUTPUT="+filepath.Join(c.kept, "outputs"), "GITHUB_STEP_SUMMARY="+
			filepath.Join(c.kept, "summary"))
	for key, value := range env {
		command.Env = append(command.Env, key+"="+value)
	}
	return command
}

// newest returns the name of the newest revision.
func (c *chain) newest(stack string) string {
	c.t.Helper()
	var service struct{ LatestCreatedRevision string }
	c.get(c.path(stack, "web"), &service)
	return service.LatestCreatedRevision[strings.LastIndex(service.LatestCreatedRevision, "/")+1:]
}

// TestTwoDeploymentsAtOnce runs two deployments without GitHub's queue. The second is refused before it makes anything, and the
// first continues.
func TestTwoDeploymentsAtOnce(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	var second run
	good := c.built()
	c.env = append(c.env, unhurried)
	e := deployment("dev", good)
	e.during = func(_ *os.Process, done <-chan struct{}) {
		if until(done, func() bool { return c.shared("dev", good) }) {
			// Stop the first one. On a busy machine it would otherwise end before the second has asked.
			release := c.process("rollout")
			c.signal(release, syscall.SIGSTOP)
			defer c.signal(release, syscall.SIGCONT)
			second = c.run("platform-release.yml", deployment("dev", c.built()))
		}
	}
	first := c.run("platform-release.yml", e)
	if !first.ok {
		t.Errorf("the first was not released\n%v", first)
	}
	if second.ok || !strings.Contains(second.log, "is active: finish it with `") {
		t.Errorf("the second was not refused\n%v", second)
	}
	c.serves("dev", good, second)
}
