package workflows_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runScript runs a workflow's script with bash in an empty folder. It returns the exit code, the output, and the step's outputs or,
// if there are none, its summary. programs are shell scripts by name, in $BIN and first on PATH.
func runScript(t *testing.T, script string, env map[string]string, programs map[string]string) (code int, printed, outputs string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash to run the script with")
	}
	folder := t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), bash, "--noprofile", "--norc", "-c", script)
	command.Dir = folder
	command.Env = append(os.Environ(), "BIN="+folder, "PATH="+folder+":"+os.Getenv("PATH"),
		"GITHUB_OUTPUT="+filepath.Join(folder, "outputs"), "GITHUB_STEP_SUMMARY="+filepath.Join(folder, "summary"),
		"RUNNER_TEMP="+folder)
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	output, err := command.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(folder, "outputs"))
	if os.IsNotExist(err) && command.ProcessState.Success() {
		written, err = os.ReadFile(filepath.Join(folder, "summary"))
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(output), string(written)
}

// script returns the one script of all files that contains a text.
func script(t *testing.T, mark string) string {
	t.Helper()
	var found []string
	for _, script := range parse(t, sources(t)).Scripts() {
		if strings.Contains(script, mark) {
			found = append(found, script)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d scripts contain %q, want one", len(found), mark)
	}
	return found[0]
}

// TestCancellationReachesTheStepsProcess checks that the last command of a step replaces its shell. GitHub signals only the step's
// first process, which has to end what it began.
func TestCancellationReachesTheStepsProcess(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	for mark, called := range map[string]string{
		`"$BIN/release" rollout`: "rollout --revision web-1 --proceed=false --retry=true --policy own.yaml --project p --region r --env " +
			"prod --summary ",
		`"$BIN/release" guard`: "guard --project p --region r --env prod --summary ",
		"pulumi up --yes --non-interactive --refresh --color never --suppress-outputs": "up --yes --non-interactive --refresh ",
	} {
		// The shell prints its process number first. The last program has to have the same.
		const program = `[ "$1 $2" != "stack export" ] || { echo '{"deployment": {}}'; exit 0; }; [ "$1" = config ] || echo "$$ called: $*"; exit "$CODE"`
		code, printed, _ := runScript(t, "echo $$\n"+script(t, mark), map[string]string{
			"NAME": "web", "REVISION": "web-1", "PROCEED": "false", "RETRY": "true", "PROJECT": "p", "REGION": "r", "STACK": "prod",
			"SERVICE": "web",
			"DIGEST":  "d", "IMAGE_USER": "u@d", "CODE": "0", "APPLICATION": "shop", "TARGETS": `["urn"]`, "POLICY": "own.yaml", "FOLDER": ".",
		}, map[string]string{"release": program, "pulumi": program})
		shell, rest, _ := strings.Cut(printed, "\n")
		if code != 0 || !strings.HasPrefix(rest, shell+" called: "+called) {
			t.Errorf("%s: exit code %d, the shell is process %s, and then\n%s\nwant %q by the same process", mark, code, shell, rest, called)
		}
	}
	for _, exit := range []int{0, 1, 3, 4, 7, 8} {
		code, printed, _ := runScript(t, script(t, `"$BIN/release" rollout`), map[string]string{
			"NAME": "web", "REVISION": "web-1", "PROCEED": "false", "RETRY": "true", "PROJECT": "p", "REGION": "r", "STACK": "prod", "POLICY": "",
		}, map[string]string{"release": fmt.Sprint("exit ", exit)})
		if code != exit {
			t.Errorf("release exits with %d: the step with %d\n%s", exit, code, printed)
		}
	}
}

// TestRefusedDeployments checks which inputs of a deployment are refused before any job has a credential.
func TestRefusedDeployments(t *testing.T) {
	t.Parallel()
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	for name, test := range map[string]struct{ input, value, says string }{
		"a deployment":            {"DIGEST", digest, ""},
		"a resumption":            {"OPERATION", "resume", ""},
		"another service":         {"SERVICE", "api-2", ""},
		"a folder below":          {"FOLDER", "infra/platform", ""},
		"a tag":                   {"DIGEST", "latest", `digest is "latest", want sha256: and 64 hex digits`},
		"no digest":               {"DIGEST", "", `digest is "", want sha256: and 64 hex digits`},
		"an injection":            {"DIGEST", digest + "; touch owned", "want sha256: and 64 hex digits"},
		"a second line":           {"DIGEST", digest + "\nstack=prod", "want sha256: and 64 hex digits"},
		"an unknown stack":        {"STACK", "qa", `stack is "qa", want dev, staging or prod`},
		"an environment":          {"STACK", "production", `stack is "production", want dev, staging or prod`},
		"an unknown operation":    {"OPERATION", "undo", `operation is "undo", want deploy, resume or rollback`},
		"rollback to a digest":    {"OPERATION", "rollback", "a rollback takes no digest"},
		"a service's command":     {"SERVICE", "web; id", "want a key of the settings such as web"},
		"a folder above":          {"FOLDER", "a/../..", "want a folder of this repository"},
		"a branch":                {"REF", "refs/heads/feature", `releases run on the default branch "main", not on refs/heads/feature`},
		"a tag called the branch": {"REF", "refs/tags/main", `releases run on the default branch "main", not on refs/tags/main`},
		"no default branch":       {"BRANCH", "", `releases run on the default branch "", not on refs/heads/main`},
	} {
		env := map[string]string{"STACK": "dev", "DIGEST": digest, "OPERATION": "deploy", "SERVICE": "web", "FOLDER": ".",
			"REF": "refs/heads/main", "BRANCH": "main"}
		env[test.input] = test.value
		code, printed, outputs := runScript(t, script(t, "a rollback takes no digest"), env, nil)
		if test.says == "" {
			if want := "digest=" + digest + "\n"; code != 0 || outputs != want {
				t.Errorf("%s: exit code %d and %q, want %q\n%s", name, code, outputs, want, printed)
			}
		} else if code != 1 || outputs != "" || !strings.Contains(printed, "::error::") || !strings.Contains(printed, test.says) {
			t.Errorf("%s: exit code %d and %q, want a refusal that says %q\n%s", name, code, outputs, test.says, printed)
		}
	}
}

// TestReleasedRevision checks that only the verified revision is released. The newest revision could be anybody's.
func TestReleasedRevision(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, services, outputs string }{
		{"the revision of the digest",
			`{"api": {"image": "r/api@sha256:2", "revision": "api-1"}, "web": {"image": "r/web@sha256:1", "revision": "web-7"}}`, "name=web-7\n"},
		{"the revision of another digest", `{"web": {"image": "r/web@sha256:2", "revision": "web-7"}}`, ""},
		{"the revision of a longer digest", `{"web": {"image": "r/web@sha256:11", "revision": "web-7"}}`, ""},
		{"the revision of a tag", `{"web": {"image": "r/web:sha256:1", "revision": "web-7"}}`, ""},
		{"another service's revision", `{"api": {"image": "r/api@sha256:1", "revision": "api-1"}}`, ""},
		{"no revision", `{"web": {"image": "r/web@sha256:1"}}`, ""},
		{"no stack", ``, ""},
	} {
		code, printed, outputs := runScript(t, script(t, `[[ "$image" == *@"$DIGEST" ]]`), map[string]string{
			"SERVICE": "web", "DIGEST": "sha256:1", "SERVICES": test.services,
		}, map[string]string{"pulumi": `[ -n "$SERVICES" ] || exit 6; echo "$SERVICES"`})
		if (code == 0) != (test.outputs != "") || outputs != test.outputs {
			t.Errorf("%s: exit code %d and %q, want %q\n%s", test.name, code, outputs, test.outputs, printed)
		}
	}
}

// TestRollbackConditions checks that a run rolls back only its own rollout. Otherwise it could take back an earlier release, or
// another run's.
func TestRollbackConditions(t *testing.T) {
	t.Parallel()
	const active, finished = "called: rollback --if-active --why ", "called: rollback --why "
	for _, test := range []struct{ outcome, health, want string }{
		{"", "skipped", active}, {"interrupted", "skipped", active}, {"interrupted", "", active}, {"failed", "skipped", active},
		{"rolled back", "skipped", active}, {"unconfirmed", "skipped", active}, {"released", "cancelled", active},
		{"released", "failure", finished}, {"nothing", "failure", "nothing: the traffic stays"},
		{"held", "skipped", "held: the traffic stays as it is\n"}, {"refused", "skipped", "refused: the traffic stays"},
		{"superseded", "skipped", "superseded: the traffic stays"},
	} {
		code, printed, _ := runScript(t, script(t, "failed or was cancelled"), map[string]string{
			"NAME": "web", "OUTCOME": test.outcome, "HEALTH": test.health, "GITHUB_RUN_ID": "1", "PROJECT": "p", "REGION": "r", "STACK": "prod",
		}, map[string]string{"release": `echo "called: $*"`})
		if code != 0 || !strings.HasPrefix(printed, test.want) {
			t.Errorf("rollout %q, health check %q: exit code %d and %q, want %q", test.outcome, test.health, code, printed, test.want)
		}
	}
}

// TestEachFailureNamesItsPage checks that the summary of a failed run, which people read first, names the page that says what to do.
func TestEachFailureNamesItsPage(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	for exit, want := range map[string]string{"0": "", "5": "What to do: docs/pipeline.md#not-approved\n"} {
		code, printed, summary := runScript(t, `trap 'cp "$GITHUB_STEP_SUMMARY" "$GITHUB_OUTPUT" 2> /dev/null || true' EXIT`+"\n"+
			script(t, counted), map[string]string{
			"GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_REPOSITORY": "o/r", "EXIT": exit, "DIGEST": "",
		}, map[string]string{"release": `exit "$EXIT"`})
		if fmt.Sprint(code) != exit || summary != want {
			t.Errorf("approvals exit with %s: %d and %q, want %q\n%s", exit, code, summary, want, printed)
		}
	}
	for promoted, want := range map[string]string{"failure": "the-promotion-failed", "skipped": "the-promotion-failed",
		"success": "the-signature-failed"} {
		code, printed, summary := runScript(t, script(t, "#the-signature-failed"), map[string]string{"PROMOTED": promoted}, nil)
		if code != 0 || summary != "What to do: docs/pipeline.md#"+want+"\n" {
			t.Errorf("promotion %s: exit code %d and %q\n%s", promoted, code, summary, printed)
		}
	}
	if code, printed, summary := runScript(t, script(t, "#a-rollback-failed"), nil, nil); code != 0 ||
		summary != "What to do: docs/pipeline.md#a-rollback-failed\n" {
		t.Errorf("rollback: exit code %d and %q\n%s", code, summary, printed)
	}
	for file, job := range map[string]string{"promote.yml": "promote", "deploy.yml": "rollback"} {
		steps := parse(t, sources(t)).Workflows[file].Jobs[job].Steps
		for _, failed := range []bool{true, false} {
			w := world{"failure()": failed, "steps.approvals.outcome": "success"}
			if got := truth(evaluate(t, steps[len(steps)-1].If.Value, w)); got != failed {
				t.Errorf("%s: it says what to do: %v, after a failure: %v", file, got, failed)
			}
		}
	}
}

func TestSummaryOfADeployment(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ status, outcome, auth, want string }{
		{"success", "released", "success", ""},
		{"failure", "", "not approved", ""}, // that step reported it
		{"failure", "rolled back", "success", "a-deployment-failed"},
		{"failure", "", "skipped", "a-deployment-failed"},
		{"failure", "held", "success", "held"},
		{"failure", "refused", "success", "two-at-once"},
		{"failure", "superseded", "success", "two-at-once"},
		{"cancelled", "interrupted", "success", "a-deployment-was-cancelled"},
		{"cancelled", "", "success", "a-deployment-was-cancelled"},
	} {
		code, printed, summary := runScript(t, script(t, "## Release of"), map[string]string{
			"NAME": "web", "URL": "", "SERVICE": "web", "DIGEST": "d", "STACK": "prod", "PROJECT": "p", "REGION": "r",
			"STATUS": test.status, "OUTCOME": test.outcome, "AUTH": test.auth, "APPROVALS": map[bool]string{true: "failure",
				false: "success"}[test.auth == "not approved"],
		}, map[string]string{"release": `echo "serving: $1"`})
		want := "## Release of web to prod: " + test.status + "\nDigest `d`, at an address that was not read.\n"
		if test.auth == "success" {
			want += "~~~~\nserving: status\n~~~~\n"
		}
		if test.want != "" {
			want += "What to do: docs/pipeline.md#" + test.want + "\n"
		}
		if code != 0 || summary != want {
			t.Errorf("%+v: exit code %d and\n%s\nwant\n%s\n%s", test, code, summary, want, printed)
		}
	}
	// An unreadable audit does not keep the page from being named.
	code, printed, summary := runScript(t, "touch release-audit.jsonl\n"+script(t, "## Release of"), map[string]string{
		"NAME": "web", "URL": "u", "SERVICE": "web", "DIGEST": "d", "STACK": "prod", "PROJECT": "p", "REGION": "r",
		"STATUS": "failure", "OUTCOME": "", "AUTH": "success", "APPROVALS": "success",
	}, map[string]string{"release": "exit 4"})
	want := "## Release of web to prod: failure\nDigest `d`, at u.\n~~~~\nstatus could not be read\n~~~~\nthe report could not be " +
		"made\nWhat to do: docs/pipeline.md#a-deployment-failed\n"
	if code != 0 || summary != want {
		t.Errorf("exit code %d and\n%s\nwant\n%s\n%s", code, summary, want, printed)
	}
}

func TestDeploymentRefusals(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, test := range []struct {
		name, ref, stack, operation, digest, service string
		code                                         int
	}{
		{"on a branch of another name", "refs/heads/trunk", "prod", "deploy", digest, "web", 1},
		{"a deployment", "refs/heads/main", "prod", "deploy", digest, "web", 0},
		{"a resumption", "refs/heads/main", "prod", "resume", digest, "web", 0},
		{"a rollback", "refs/heads/main", "prod", "rollback", "", "web", 0},
		{"a branch", "refs/heads/dev", "prod", "deploy", digest, "web", 1},
		{"a tag called main", "refs/tags/main", "prod", "deploy", digest, "web", 1},
		{"an environment's name", "refs/heads/main", "production", "deploy", digest, "web", 1},
		{"a tag for a digest", "refs/heads/main", "prod", "deploy", "latest", "web", 1},
		{"a digest with a second line", "refs/heads/main", "prod", "deploy", digest + "\nx", "web", 1},
		{"upper case", "refs/heads/main", "prod", "deploy", "sha256:" + strings.Repeat("0A", 32), "web", 1},
		{"no digest", "refs/heads/main", "prod", "deploy", "", "web", 1},
		{"a resumption without a digest", "refs/heads/main", "prod", "resume", "", "web", 1},
		{"a rollback with a digest", "refs/heads/main", "prod", "rollback", digest, "web", 1},
		{"a service that is a command", "refs/heads/main", "prod", "deploy", digest, "web; id", 1},
		{"no operation", "refs/heads/main", "prod", "", digest, "web", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, printed, outputs := runScript(t, script(t, "releases run on the default branch"), map[string]string{
				"BRANCH": "main", "REF": test.ref, "STACK": test.stack, "OPERATION": test.operation, "DIGEST": test.digest, "SERVICE": test.service,
				"FOLDER": ".",
			}, nil)
			want := ""
			if test.code == 0 {
				want = "digest=" + test.digest + "\n"
			}
			if code != test.code || outputs != want {
				t.Errorf("exit code %d and %q, want %d and %q\n%s", code, outputs, test.code, want, printed)
			}
		})
	}
}

// TestOnlyTheDefaultBranchDeploys checks that the default branch is the one that GitHub names. If GitHub names none, nothing runs.
func TestOnlyTheDefaultBranchDeploys(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, mark := range []string{"releases run on the default branch", "environments change on the default branch"} {
		for _, test := range []struct {
			branch, ref string
			code        int
		}{
			{"main", "refs/heads/main", 0}, {"trunk", "refs/heads/trunk", 0}, {"release/2026", "refs/heads/release/2026", 0},
			{"trunk", "refs/heads/main", 1}, {"trunk", "refs/tags/trunk", 1}, {"m*", "refs/heads/main", 1}, {"", "refs/heads/", 1},
			{"", "refs/heads/main", 1},
		} {
			code, printed, _ := runScript(t, script(t, mark), map[string]string{"BRANCH": test.branch, "REF": test.ref, "STACK": "dev",
				"OPERATION": "deploy", "DIGEST": digest, "SERVICE": "web", "FOLDER": "."}, nil)
			if code != test.code {
				t.Errorf("%s: %q at %s: exit code %d, want %d\n%s", mark, test.branch, test.ref, code, test.code, printed)
			}
		}
	}
}

// TestFoldersThatAreRefused checks the folder of the settings, which becomes part of paths.
func TestFoldersThatAreRefused(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]int{
		".": 0, "packages/infra": 0, "a..b": 0,
		"": 1, "..": 1, "a/../..": 1, "/etc": 1, "a b": 1, "a\nb": 1, "$(id)": 1,
	} {
		code, printed, _ := runScript(t, script(t, "releases run on the default branch"), map[string]string{
			"BRANCH": "main", "REF": "refs/heads/main", "STACK": "prod", "OPERATION": "rollback", "DIGEST": "", "SERVICE": "web", "FOLDER": folder,
		}, nil)
		if code != want {
			t.Errorf("%q: exit code %d, want %d\n%s", folder, code, want, printed)
		}
	}
}

// TestSelectedStack covers a login without a stack.
func TestSelectedStack(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]string{"o/shop/prod": "called: stack select -- o/shop/prod\n", "": ""} {
		code, printed, _ := runScript(t, script(t, "pulumi stack select"), map[string]string{"STACK": stack, "FOLDER": "."},
			map[string]string{"pulumi": `echo "called: $*"`})
		if code != 0 || printed != want {
			t.Errorf("stack %q: exit code %d and %q", stack, code, printed)
		}
	}
	if code, _, _ := runScript(t, script(t, "pulumi stack select"), map[string]string{"STACK": "o/shop/prod", "FOLDER": "."},
		map[string]string{"pulumi": "exit 255"}); code != 255 {
		t.Errorf("a stack that is not there: exit code %d, want 255", code)
	}
}

func TestHealthCheck(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	bin := t.TempDir()
	says := []byte("#!/bin/bash\nprintf '<%s>' \"$@\"\n[[ \"$*\" != */broken* ]]\n")
	if err := os.WriteFile(filepath.Join(bin, "release"), says, 0o755); err != nil {
		t.Fatal(err)
	}
	const asks = "<check><--project><shop-dev><--region><us-central1><--attempts><5><--timeout><10s><--><shop-web>"
	for _, test := range []struct {
		paths   string
		code    int
		printed string
	}{
		{`["/api/health", "/api/items?limit=1"]`, 0, asks + "</api/health></api/items?limit=1>"},
		{`["/a b", "/$(id)"]`, 0, asks + "</a b></$(id)>"},
		{`["/api/health", "/broken"]`, 1, "</broken>"},
		{`[]`, 1, "no path to check"},
		{``, 1, "no path to check"},
		{`/api/health`, 1, "no path to check"},
	} {
		code, printed, _ := runScript(t, script(t, "no path to check"), map[string]string{
			"BIN": bin, "PROJECT": "shop-dev", "REGION": "us-central1", "NAME": "shop-web", "PATHS": test.paths, "ATTEMPTS": "5", "TIMEOUT": "10",
		}, nil)
		if code != test.code || !strings.Contains(printed, test.printed) {
			t.Errorf("%q: exit code %d and %q, want %d and %q", test.paths, code, printed, test.code, test.printed)
		}
	}
}
