// Package chains_test runs whole workflows with act, without containers or network: the workflows, the composite actions, the
// release controller, the policy pack, the program and the Pulumi CLI are the real ones, against the sandbox. Actions from
// outside are stubs that write down their inputs.
//
// Not exercised, because act has none of it: environment gates, permissions, OIDC, concurrency. The static tests beside this
// folder hold those.
package chains_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tools are what the chains run, compiled once.
type tools struct{ folder, act string }

var built tools

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "chains")
	if err != nil {
		panic(err)
	}
	code := 1
	if built, err = build(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

func build(folder string) (tools, error) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		return tools{}, err
	}
	made := tools{folder: folder, act: filepath.Join(folder, "act")}
	for _, target := range []struct{ dir, out, pkg string }{
		{filepath.Join(root, "tests", "workflows", "act"), "act", "github.com/nektos/act"},
		{root, "sandbox", "./cmd/sandbox"},
		{root, "release", "./cmd/release"},
		{filepath.Join(root, "policy"), "policy-pack", "."},
	} {
		command := exec.Command("go", "build", "-o", filepath.Join(folder, target.out), target.pkg)
		command.Dir = target.dir
		if out, err := command.CombinedOutput(); err != nil {
			return tools{}, fmt.Errorf("build %s: %w\n%s", target.pkg, err, out)
		}
	}
	// The program is run by the sandbox; the workflow only compiles it.
	return made, os.WriteFile(filepath.Join(folder, "infra"), nil, 0o755)
}

const (
	good = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	bad  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	late = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
)

// chain is a repository with the platform's workflows, and a sandbox that they work on.
type chain struct {
	t *testing.T
	// repository is the checkout, state the sandbox's folder, path the commands in front of PATH, calls what stubs wrote down.
	repository, state, path, calls string
}

func newChain(t *testing.T) *chain {
	t.Helper()
	for _, needed := range []string{"bash", "git", "jq", "curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("%s is not installed, and the workflows' steps call it: install Debian's package %s", needed, needed)
		}
	}
	c := &chain{t: t, repository: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), path: t.TempDir(), calls: filepath.Join(t.TempDir(), "calls")}
	root, _ := filepath.Abs("../../..")
	c.must("cp", "-r", filepath.Join(root, ".github"), filepath.Join(root, "policy"), c.repository)
	for _, file := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "go.mod", "go.sum"} {
		c.must("cp", filepath.Join(root, file), c.repository)
	}
	c.must("git", "init", "--quiet", "--initial-branch=main")
	c.must("git", "remote", "add", "origin", "https://github.com/guiofsaints/procureflow.git")
	c.must("git", "add", ".")
	c.must("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "fixture")
	c.write("go", goCommand)
	c.write("pulumi", pulumiCommand)
	c.write("gh", ghCommand)
	c.write("release-in-sandbox", releaseCommand)
	t.Cleanup(func() { _, _ = c.run("stop") })
	if out, err := c.run("up", "dev"); err != nil {
		t.Fatalf("bring the sandbox up: %v\n%s", err, out)
	}
	return c
}

func (c *chain) write(name, script string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.path, name), []byte(script), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chain) must(name string, args ...string) {
	c.t.Helper()
	command := exec.Command(name, args...)
	command.Dir = c.repository
	if out, err := command.CombinedOutput(); err != nil {
		c.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// run runs a command of the sandbox.
func (c *chain) run(args ...string) (string, error) {
	root, _ := filepath.Abs("../../..")
	command := exec.Command(filepath.Join(built.folder, "sandbox"), append([]string{"--state", c.state, "--dir", c.repository}, args...)...)
	command.Dir = root
	out, err := command.CombinedOutput()
	return string(out), err
}

// status is where the sandbox answers.
func (c *chain) status() (status struct {
	API       string `json:"api"`
	DataPlane string `json:"dataPlane"`
	Services  []struct{ Name, URL, Address string }
}) {
	c.t.Helper()
	out, err := c.run("status", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &status)
	}
	if err != nil {
		c.t.Fatalf("ask the sandbox where it is: %v\n%s", err, out)
	}
	return status
}

// These stand in front of PATH. go hands out what was compiled before; release and pulumi are the real ones, told where
// the sandbox is; gh says that what is asked of it is attested, and writes down what that was.
const (
	goCommand = `#!/bin/bash
set -euo pipefail
[[ "$1" == build ]] || { echo "go $* is not part of the chain" >&2; exit 2; }
while [[ $# -gt 0 && "$1" != -o ]]; do shift; done
name=$(basename "$2")
[[ "$name" == release ]] && exec cp "$CHAIN_PATH/release-in-sandbox" "$2"
exec cp "$CHAIN_TOOLS/$name" "$2"
`
	releaseCommand = `#!/bin/bash
set -euo pipefail
subcommand=$1
shift
[[ "$subcommand" == report || "$subcommand" == approvals ]] && exec "$CHAIN_TOOLS/release" "$subcommand" "$@"
args=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    # The sandbox's own times: dev's would bake for a minute.
    --env) args+=(--env sandbox); shift 2 ;;
    --) break ;;
    *) args+=("$1"); shift ;;
  esac
done
exec "$CHAIN_TOOLS/release" "$subcommand" "${args[@]}" --endpoint "$CHAIN_API/run/" --probe-via "$CHAIN_DATA" "$@"
`
	pulumiCommand = `#!/bin/bash
set -euo pipefail
case "$1 ${2:-}" in
  "stack select") basename "$3" > .chain-stack; exit 0 ;;
  # What only reads is asked of the CLI itself, with the program compiled by its language host.
  "preview --refresh" | "stack output")
    arguments=("$@" --stack "$(cat .chain-stack)")
    export PATH="${PATH#*:}" HOME="$CHAIN_HOME"; unset XDG_CACHE_HOME; cd "$CHAIN_ROOT"
    exec "$CHAIN_TOOLS/sandbox" --state "$CHAIN_STATE" --dir "$OLDPWD" pulumi -- "${arguments[@]}" ;;
  "config set")
    [[ "$3 $4" == "--path procureflow:platform.services.web.digest" ]] || { echo "pulumi $* is not part of the chain" >&2; exit 2; }
    sed -i "/^        image: web$/a\\        digest: $5" Pulumi.dev.yaml ;;
  "up --yes") export PATH="${PATH#*:}" HOME="$CHAIN_HOME"; unset XDG_CACHE_HOME; cd "$CHAIN_ROOT" && exec "$CHAIN_TOOLS/sandbox" --state "$CHAIN_STATE" --dir "$OLDPWD" up dev ;;
  *) echo "pulumi $* is not part of the chain" >&2; exit 2 ;;
esac
`
	ghCommand = `#!/bin/bash
set -euo pipefail
echo "gh $*" >> "$CHAIN_CALLS"
kept="$CHAIN_CALLS.kept"
case "$1 ${2:-}" in
  "run download") # RUN --pattern PATTERN --dir FOLDER
    cp -r "$kept"/artifacts/$5 "$7" ;;
  "issue list") cat "$kept/issue" 2>/dev/null || true ;;
  "issue create") echo 7 > "$kept/issue"; cp "$6" "$kept/body" ;;
  "issue edit") cp "$5" "$kept/body" ;;
  "issue close") rm "$kept/issue" ;;
esac
`
)

// external finds the actions from outside: owner/name[/path]@commit.
var external = regexp.MustCompile(`uses: ([a-zA-Z0-9-]+/[a-zA-Z0-9_.-]+)((?:/[a-zA-Z0-9_.-]+)*)@([0-9a-f]{40})`)

// stubs makes a local repository for each action from outside.
func (c *chain) stubs() []string {
	c.t.Helper()
	var args []string
	seen := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(c.repository, ".github", "*", "*.yml"))
	more, _ := filepath.Glob(filepath.Join(c.repository, ".github", "actions", "*", "action.yml"))
	folder := c.t.TempDir()
	for _, file := range append(files, more...) {
		content, err := os.ReadFile(file)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, found := range external.FindAllStringSubmatch(string(content), -1) {
			name, inner, commit := found[1], found[2], found[3]
			if name == "actions/checkout" {
				continue // act does this one itself, from the working folder
			}
			repository := filepath.Join(folder, strings.ReplaceAll(name, "/", "-"))
			action := filepath.Join(repository, filepath.FromSlash(inner), "action.yml")
			_ = os.MkdirAll(filepath.Dir(action), 0o755)
			keep := ""
			if name == "actions/upload-artifact" {
				// A folder's content, or the files that are there: what is missing is a warning.
				keep = "        to=\"$CHAIN_CALLS.kept/artifacts/${{ inputs.name }}\"\n        mkdir -p \"$to\"\n" +
					"        for path in $(echo \"$PATHS\"); do\n          [[ -d \"$path\" ]] && path=\"$path/.\"\n" +
					"          [[ -e \"$path\" ]] && cp -r \"$path\" \"$to\"\n        done\n        true\n" +
					"      env:\n        PATHS: ${{ inputs.path }}\n"
			}
			stub := "name: stub\ndescription: stub\ninputs:\n  name: {description: of an artifact, default: ''}\n  path: {description: of an artifact, default: ''}\noutputs:\n  access_token: {description: a token, value: stub-token}\n  cache-hit: {description: no, value: 'false'}\n" +
				"runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: |\n        echo '" + name + inner + "' >> \"$CHAIN_CALLS\"\n" + keep
			if err := os.WriteFile(action, []byte(stub), 0o644); err != nil {
				c.t.Fatal(err)
			}
			if key := name + "@" + commit; !seen[key] {
				seen[key] = true
				args = append(args, "--local-repository", key+"="+repository)
			}
		}
	}
	return args
}

// act runs a workflow and returns its log, its step summaries and whether it succeeded.
func (c *chain) runWorkflow(workflow, event string, payload map[string]any, variables map[string]string) (log string, ok bool) {
	c.t.Helper()
	status := c.status()
	body, err := json.Marshal(payload)
	if err != nil {
		c.t.Fatal(err)
	}
	eventFile := filepath.Join(c.t.TempDir(), "event.json")
	if err := os.WriteFile(eventFile, body, 0o644); err != nil {
		c.t.Fatal(err)
	}
	root, _ := filepath.Abs("../../..")
	args := []string{
		event, "-W", filepath.Join(".github", "workflows", workflow), "-e", eventFile, "-P", "ubuntu-latest=-self-hosted",
		"--pull=false", "--action-offline-mode", "--no-cache-server", "--artifact-server-path", c.t.TempDir(), "--artifact-server-addr", "127.0.0.1",
		"--artifact-server-port", "0", "-s", "GITHUB_TOKEN=stub",
	}
	for name, value := range variables {
		args = append(args, "--var", name+"="+value)
	}
	command := exec.Command(built.act, append(args, c.stubs()...)...)
	command.Dir = c.repository
	command.Env = append(os.Environ(), "PATH="+c.path+":"+os.Getenv("PATH"), "CHAIN_PATH="+c.path, "CHAIN_TOOLS="+built.folder, "CHAIN_STATE="+c.state,
		"CHAIN_API="+status.API, "CHAIN_DATA="+status.DataPlane, "CHAIN_CALLS="+c.calls, "CHAIN_ROOT="+root, "CHAIN_HOME="+os.Getenv("HOME"), "HOME="+c.t.TempDir(),
		"GOFLAGS=", "PULUMI_COMMAND="+os.Getenv("PULUMI_COMMAND"), "XDG_CACHE_HOME="+c.t.TempDir())
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err == nil
}

// variables are what the program writes for workflows, with the address where the service answers here.
func (c *chain) variables() map[string]string {
	service := c.status().Services[0]
	services, _ := json.Marshal(map[string]any{"web": map[string]any{
		"name": "procureflow-web", "image": "web", "url": strings.TrimSuffix(service.Address, "/"), "smokePaths": []string{"/api/health"},
	}})
	return map[string]string{
		"GCP_SERVICES": string(services), "GCP_PROJECT": "procureflow-dev", "GCP_REGION": "us-central1",
		"GCP_REGISTRY": "us-central1-docker.pkg.dev/procureflow-dev/procureflow", "GCP_WORKLOAD_IDENTITY_PROVIDER": "p", "GCP_DEPLOY_SERVICE_ACCOUNT": "a",
	}
}

func deployment(digest string) map[string]any {
	return map[string]any{"ref": "refs/heads/main", "inputs": map[string]any{
		"stack": "dev", "digest": digest, "operation": "deploy", "service": "web", "platform": ".", "organization": "",
	}}
}

// serving is the image that has every request, by asking the API as anybody could.
func (c *chain) serving() string {
	c.t.Helper()
	out, err := exec.Command("curl", "-s", c.status().API+"/run/v2/projects/procureflow-dev/locations/us-central1/services/procureflow-web").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	var service struct {
		TrafficStatuses []struct {
			Revision string
			Percent  int
		}
	}
	if err := json.Unmarshal(out, &service); err != nil {
		c.t.Fatal(err)
	}
	for _, split := range service.TrafficStatuses {
		if split.Percent == 100 {
			out, _ := exec.Command("curl", "-s", c.status().API+"/run/v2/projects/procureflow-dev/locations/us-central1/services/procureflow-web/revisions/"+split.Revision).Output()
			var revision struct{ Containers []struct{ Image string } }
			if json.Unmarshal(out, &revision) == nil && len(revision.Containers) == 1 {
				return revision.Containers[0].Image
			}
		}
	}
	return fmt.Sprintf("no revision has everything: %s", out)
}

func (c *chain) called() string {
	content, _ := os.ReadFile(c.calls)
	return string(content)
}

// TestDeployments: a good image is released; a bad one is caught, the good one serves everything again, and the run fails
// and says what happened.
func TestDeployments(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	log, ok := c.runWorkflow("deploy.yml", "workflow_dispatch", deployment(good), c.variables())
	if !ok || !strings.HasSuffix(c.serving(), good) {
		t.Fatalf("the good image is not released; %s serves\n%s", c.serving(), log)
	}
	if calls := c.called(); !strings.Contains(calls, "gh attestation verify oci://us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@"+good) ||
		strings.Index(calls, "google-github-actions/auth") > strings.Index(calls, "gh attestation") {
		t.Errorf("the image was not verified after logging in and before anything else: %s", calls)
	}

	if out, err := c.run("behaviour", bad, "--error-rate", "1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, ok = c.runWorkflow("deploy.yml", "workflow_dispatch", deployment(bad), c.variables())
	if ok {
		t.Errorf("the run of a bad image succeeded\n%s", log)
	}
	if serving := c.serving(); !strings.HasSuffix(serving, good) {
		t.Errorf("after the bad image %s serves\n%s", serving, log)
	}
	for _, wanted := range []string{"Give it requests step by step", "rolled back"} {
		if !strings.Contains(log, wanted) {
			t.Errorf("the log does not say %q\n%s", wanted, log)
		}
	}
}

// TestAFailureAfterTheRollout: the rollout's own probes find nothing, the health check of the service's paths does.
func TestAFailureAfterTheRollout(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	before := c.serving()
	variables := c.variables()
	variables["GCP_SERVICES"] = strings.Replace(variables["GCP_SERVICES"], "/api/health", "/no/such/path", 1)
	log, ok := c.runWorkflow("deploy.yml", "workflow_dispatch", deployment(late), variables)
	if ok {
		t.Errorf("the run succeeded\n%s", log)
	}
	if !strings.Contains(log, "failed on: /no/such/path (404)") || c.serving() != before {
		t.Errorf("%s serves, %s did before\n%s", c.serving(), before, log)
	}
}

// TestADeploymentIsRefusedBeforeAnythingRuns: what is no digest, no stack or no branch of ours never reaches a credential.
func TestADeploymentIsRefusedBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	for name, change := range map[string]map[string]any{
		"a tag":           {"digest": "latest"},
		"an injection":    {"digest": good + "; touch owned"},
		"unknown stack":   {"stack": "qa"},
		"rollback to one": {"operation": "rollback"},
	} {
		payload := deployment(good)
		for key, value := range change {
			payload["inputs"].(map[string]any)[key] = value
		}
		if log, ok := c.runWorkflow("deploy.yml", "workflow_dispatch", payload, c.variables()); ok || c.called() != "" {
			t.Errorf("%s was not refused first: called %q\n%s", name, c.called(), log)
		}
	}
}

// TestDrift: what somebody changed by hand becomes an issue, the same issue while it lasts, and a closed one when it is gone.
func TestDrift(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	for _, stack := range []string{"staging", "prod"} {
		if out, err := c.run("up", stack); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	variables := map[string]string{}
	for _, stack := range []string{"dev", "staging", "prod"} {
		variables["GCP_PROJECT_"+strings.ToUpper(stack)], variables["GCP_REGION_"+strings.ToUpper(stack)] = "procureflow-"+stack, "us-central1"
	}
	check := func(calls, never string) {
		t.Helper()
		_ = os.Remove(c.calls)
		log, ok := c.runWorkflow("drift-check.yml", "workflow_dispatch", map[string]any{"ref": "refs/heads/main"}, variables)
		if got := c.called(); !ok || !strings.Contains(got, calls) || strings.Contains(got, never) {
			t.Fatalf("want %q and not %q of:\n%s\n%s", calls, never, got, log)
		}
	}
	c.must("curl", "-sSf", "-X", "PATCH", "-H", "Content-Type: application/json", "-d", `{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}`,
		c.status().API+"/run/v2/projects/procureflow-dev/locations/us-central1/services/procureflow-web?updateMask=ingress")
	check("gh issue create --title Drift", "gh issue edit")
	body, err := os.ReadFile(c.calls + ".kept/body")
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"### dev", "update urn:pulumi:dev::procureflow::", "::service-web-service\n"} {
		if !strings.Contains(string(body), wanted) {
			t.Errorf("the issue does not say %q:\n%s", wanted, body)
		}
	}
	if strings.Contains(string(body), "### prod") || strings.Contains(string(body), "### staging") {
		t.Errorf("the issue names stacks that are clean:\n%s", body)
	}
	check("gh issue edit 7 --body-file", "gh issue create")
	if out, err := c.run("up", "dev"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check("gh issue close 7", "gh issue create")
}
