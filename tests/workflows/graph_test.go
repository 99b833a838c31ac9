package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

type world = workflowlint.World

func truth(v any) bool { return workflowlint.Truth(v) }

func evaluate(t *testing.T, condition string, w world) any {
	t.Helper()
	value, err := workflowlint.Evaluate(condition, w)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

var results = []string{"success", "failure", "cancelled", "skipped"}

// outcomes returns all combinations of results of a number of jobs.
func outcomes(jobs int) [][]string {
	all := [][]string{nil}
	for range jobs {
		var longer [][]string
		for _, outcome := range all {
			for _, result := range results {
				longer = append(longer, append(slices.Clone(outcome), result))
			}
		}
		all = longer
	}
	return all
}

// wrongDeployments computes the conditions of promote and deploy for every combination of results before them. It returns the cases
// in which something is deployed that must not be, or is not deployed that should be.
func wrongDeployments(t *testing.T, files map[string]string) []string {
	t.Helper()
	var wrong []string
	jobs := parse(t, files).Workflows["deploy.yml"].Jobs
	for _, stack := range []string{"dev", "staging", "prod"} {
		for _, operation := range []string{"deploy", "resume", "rollback"} {
			for _, outcome := range outcomes(4) {
				check, describe, approve, promote := outcome[0], outcome[1], outcome[2], outcome[3]
				for _, cancelled := range []bool{false, true} {
					w := world{
						"inputs.stack": stack, "inputs.operation": operation, "cancelled()": cancelled, "needs.check.result": check,
						"needs.describe.result": describe, "needs.approve.result": approve, "needs.promote.result": promote,
					}
					started := check == "success" && !cancelled
					described := describe == "success" || (describe == "skipped" && stack == "dev")
					approved := approve == "success" || (approve == "skipped" && stack != "prod")
					copied := promote == "success" || (promote == "skipped" && (stack == "dev" || operation == "resume"))
					for job, want := range map[string]bool{
						"promote": operation == "deploy" && started && described && approved && stack != "dev",
						"deploy":  operation != "rollback" && started && described && approved && copied,
					} {
						if got := truth(evaluate(t, jobs[job].If.Value, w)); got != want {
							wrong = append(wrong, fmt.Sprintf("%s runs: %v, want %v, with %v", job, got, want, w))
						}
					}
				}
			}
			w := world{"inputs.stack": stack, "inputs.operation": operation}
			if got, want := truth(evaluate(t, jobs["describe"].If.Value, w)), stack != "dev" && operation != "rollback"; got != want {
				wrong = append(wrong, fmt.Sprintf("describe runs: %v, want %v, with %v", got, want, w))
			}
			if got, want := truth(evaluate(t, jobs["approve"].If.Value, w)), stack == "prod" && operation != "rollback"; got != want {
				wrong = append(wrong, fmt.Sprintf("approve runs: %v, want %v, with %v", got, want, w))
			}
			if got, want := truth(evaluate(t, jobs["rollback"].If.Value, w)), operation == "rollback"; got != want {
				wrong = append(wrong, fmt.Sprintf("rollback runs: %v, want %v, with %v", got, want, w))
			}
		}
	}
	for job, want := range map[string][]string{
		"describe": {"check"}, "approve": {"check", "describe"}, "promote": {"check", "describe", "approve"}, "deploy": {"check",
			"describe", "approve", "promote"}, "rollback": {"check"},
	} {
		var needs []string
		for _, need := range jobs[job].Needs {
			needs = append(needs, need.Value)
		}
		if !slices.Equal(needs, want) {
			wrong = append(wrong, fmt.Sprintf("%s needs %v, want %v", job, needs, want))
		}
	}
	if url := jobs["deploy"].Environment.URL; url == nil || url.Value != "${{ steps.settings.outputs.service-url }}" {
		wrong = append(wrong, "the environment's address is not the service's")
	}
	if jobs["approve"].Environment == nil || jobs["approve"].Environment.Name.Value != "production-approval" {
		wrong = append(wrong, "approve does not run in production-approval")
	}
	return wrong
}

// wrongOrder returns the marks, which are texts of a job's steps, that are missing or not in this order.
func wrongOrder(t *testing.T, files map[string]string, file, job string, marks ...string) []string {
	t.Helper()
	steps, at := parse(t, files).Workflows[file].Jobs[job].Steps, -1
	var wrong []string
	for _, mark := range marks {
		next := slices.IndexFunc(steps, func(s *actionlint.Step) bool {
			switch exec := s.Exec.(type) {
			case *actionlint.ExecAction:
				return strings.HasPrefix(exec.Uses.Value, mark)
			case *actionlint.ExecRun:
				return strings.Contains(exec.Run.Value, mark)
			}
			return false
		})
		if next <= at {
			wrong = append(wrong, fmt.Sprintf("%s: %s: step %d has %q, want it behind step %d", file, job, next+1, mark, at+1))
		}
		at = next
	}
	return wrong
}

// twoApprovals is the step that counts the approvals. counted is its command.
const twoApprovals = "./.platform/.github/actions/two-approvals"

const counted = `"$BIN/release" approvals --run "$GITHUB_RUN_ID" --attempt "$GITHUB_RUN_ATTEMPT" --repository "$GITHUB_REPOSITORY" --environments production-approval,production`

// goingBack is a text in the step that ends a deployment's rollout.
const goingBack = `"$BIN/release" rollback "${when[@]}"`

func wrongSteps(t *testing.T, files map[string]string) []string {
	t.Helper()
	const auth, pulumi = "google-github-actions/auth@", "./.platform/.github/actions/pulumi-login"
	wrong := slices.Concat(
		wrongOrder(t, files, "promote.yml", "promote", twoApprovals, auth, "release\" promote --digest"),
		wrongOrder(t, files, "deploy.yml", "deploy", twoApprovals, auth, "gh attestation verify \"oci://$IMAGE\"", pulumi,
			"release\" guard", `[[ "$image" == *@"$DIGEST" ]]`,
			"release\" rollout --revision \"$REVISION\"", goingBack),
		wrongOrder(t, files, "infrastructure.yml", "prod", twoApprovals, auth, pulumi, "./.platform/.github/actions/infrastructure-up"),
		wrongOrder(t, files, "image.yml", "scan", "./.platform/.github/actions/fetch-image", "aquasecurity/trivy-action@"),
		wrongOrder(t, files, "build.yml", "publish", "./.platform/.github/actions/fetch-image", auth, "skopeo copy --preserve-digests"),
		wrongOrder(t, files, "build.yml", "attest", auth, "sha256sum --check", "actions/attest@"),
	)
	if !strings.Contains(files["actions/two-approvals/action.yml"], counted) {
		wrong = append(wrong, "two-approvals does not count two approvals")
	}
	for _, part := range []string{`"$BIN/release" verify --image "$IMAGE"`, `imageUser=$IMAGE_USER"`} {
		if !strings.Contains(files["workflows/deploy.yml"], part) {
			wrong = append(wrong, "deploy.yml does not have "+part)
		}
	}
	tree := parse(t, files)
	// Both jobs find the image by the service, so that what is deployed is what was copied.
	if service := tree.Workflows["deploy.yml"].Jobs["promote"].WorkflowCall.Inputs["service"]; service == nil ||
		service.Value.Value != "${{ inputs.service }}" {
		wrong = append(wrong, "promote copies another service's image")
	}
	for job, steps := range map[string][]*actionlint.Step{
		"promote": tree.Workflows["promote.yml"].Jobs["promote"].Steps, "deploy": tree.Workflows["deploy.yml"].Jobs["deploy"].Steps,
	} {
		for _, s := range steps {
			if action, ok := s.Exec.(*actionlint.ExecAction); ok && action.Uses.Value == twoApprovals {
				w := world{"inputs.stack": "prod", "inputs.environment": "production"}
				if s.If != nil && !truth(evaluate(t, s.If.Value, w)) {
					wrong = append(wrong, job+": its approvals are not counted in prod")
				}
			}
			run, ok := s.Exec.(*actionlint.ExecRun)
			if !ok {
				continue
			}
			switch {
			case strings.Contains(run.Run.Value, "release\" guard"):
				for operation, want := range map[string]bool{"deploy": true, "resume": false} {
					if got := truth(evaluate(t, s.If.Value, world{"inputs.operation": operation})); got != want {
						wrong = append(wrong, fmt.Sprintf("%s: makes a revision: %v, want %v, for %s", job, got, want, operation))
					}
				}
			case strings.Contains(run.Run.Value, goingBack):
				for _, test := range []struct {
					failure, cancelled bool
					rollout            string
					want               bool
				}{
					{true, false, "failure", true}, {true, false, "success", true}, {false, true, "cancelled", true}, {false, true, "failure", true},
					{false, false, "success", false}, {true, false, "skipped", false}, {false, true, "skipped", false},
				} {
					w := world{"failure()": test.failure, "cancelled()": test.cancelled, "steps.rollout.outcome": test.rollout}
					if got := truth(evaluate(t, s.If.Value, w)); got != test.want {
						wrong = append(wrong, fmt.Sprintf("%s: goes back: %v, want %v, with %v", job, got, test.want, w))
					}
				}
			}
		}
	}
	return wrong
}

func TestDeploymentsNeedPromotionVerificationAndApprovals(t *testing.T) {
	t.Parallel()
	for _, wrong := range slices.Concat(wrongDeployments(t, sources(t)), wrongSteps(t, sources(t))) {
		t.Error(wrong)
	}
}

func TestWrongGraphsAreReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, replacement string }{
		{"deploys after a failed promotion", "workflows/deploy.yml", "(needs.promote.result == 'success' ||",
			"(needs.promote.result != 'skipped' ||"},
		{"deploys to staging without promotion", "workflows/deploy.yml",
			"(needs.promote.result == 'skipped' && (inputs.stack == 'dev' || inputs.operation == 'resume'))", "needs.promote.result == 'skipped'"},
		{"resumes in prod without approval", "workflows/deploy.yml", "inputs.stack == 'prod' && inputs.operation != 'rollback'",
			"inputs.stack == 'prod' && inputs.operation == 'deploy'"},
		{"makes a revision to resume", "workflows/deploy.yml", "        if: inputs.operation == 'deploy'\n",
			"        if: inputs.operation != 'rollback'\n"},
		{"deploys to prod without the first approval", "workflows/deploy.yml",
			"(needs.approve.result == 'skipped' && inputs.stack != 'prod')", "needs.approve.result == 'skipped'"},
		{"deploys though it was cancelled", "workflows/deploy.yml", "!cancelled() && needs.check.result", "needs.check.result"},
		{"does not wait for the promotion", "workflows/deploy.yml", "needs: [check, describe, approve, promote]",
			"needs: [check, describe, approve]"},
		{"asks for the approval in another environment", "workflows/deploy.yml", "environment: production-approval", "environment: production"},
		{"shows another address", "workflows/deploy.yml", "url: ${{ steps.settings.outputs.service-url }}\n    permissions",
			"url: https://example.com\n    permissions"},
		{"releases on a rollback", "workflows/deploy.yml", "inputs.operation != 'rollback' &&\n      (needs",
			"inputs.operation != '' &&\n      (needs"},
		{"promotes on a resumption", "workflows/deploy.yml", "inputs.operation == 'deploy' && inputs.stack != 'dev'",
			"inputs.operation != 'rollback' && inputs.stack != 'dev'"},
		{"counts one approval", "actions/two-approvals/action.yml", "--environments production-approval,production", "--environments production"},
		{"does not count before it promotes", "workflows/promote.yml", twoApprovals, "./.github/actions/health-check"},
		{"does not count before it deploys", "workflows/deploy.yml", twoApprovals, "./.github/actions/health-check"},
		{"copies the image of web for every service", "workflows/deploy.yml", "      service: ${{ inputs.service }}\n", "      service: web\n"},
		{"counts approvals of staging only", "workflows/promote.yml", "if: inputs.environment == 'production'",
			"if: inputs.environment == 'staging'"},
		{"does not verify where the image was built", "workflows/deploy.yml", "gh attestation verify \"oci://$IMAGE\"",
			"gh attestation download \"oci://$IMAGE\""},
		{"does not look up the image's user", "workflows/deploy.yml", "release\" verify --image", "release\" status"},
		{"does not set the image's user", "workflows/deploy.yml", "imageUser=$IMAGE_USER", "imageUser="},
		{"changes traffic without the guard", "workflows/deploy.yml", "\"$BIN/release\" guard --project", "env --project"},
		{"does not go back when cancelled", "workflows/deploy.yml", "if: (failure() || cancelled()) &&", "if: failure() &&"},
		{"does not go back after a failure", "workflows/deploy.yml", "if: (failure() || cancelled()) &&", "if: cancelled() &&"},
		{"does not go back at all", "workflows/deploy.yml", "release\" rollback \"${when[@]}\"", "release\" status \"${when[@]}\""},
		{"takes back another run's rollout", "workflows/deploy.yml", " && steps.rollout.outcome != 'skipped'", ""},
		{"releases a revision that it did not make", "workflows/deploy.yml", " --revision \"$REVISION\"", ""},
		{"resumes a revision of another digest", "workflows/deploy.yml", "*@\"$DIGEST\" ]]", "* ]]"},
		{"changes prod before approvals are counted", "workflows/infrastructure.yml", twoApprovals, "./.github/actions/health-check"},
		{"attests an unscanned image", "workflows/image.yml", "aquasecurity/trivy-action@", "aquasecurity/trivy@"},
		{"publishes what nobody compared", "workflows/build.yml", "./.platform/.github/actions/fetch-image",
			"./.platform/.github/actions/stacks"},
		{"asks for the approval before describing the release", "workflows/deploy.yml",
			"    needs: [check, describe]\n    if: inputs.stack == 'prod'",
			"    needs: [check]\n    if: inputs.stack == 'prod'"},
		{"promotes though describing failed", "workflows/deploy.yml", " && needs.describe.result == 'success' && inputs", " && inputs"},
		{"deploys though describing failed", "workflows/deploy.yml", "(needs.describe.result == 'skipped' && inputs.stack == 'dev')",
			"needs.describe.result == 'skipped'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := change(t, sources(t), test.file, test.old, test.replacement)
			if found := slices.Concat(wrongDeployments(t, files), wrongSteps(t, files)); len(found) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

// TestForksAreRecognized checks how workflows recognize a fork: by another repository than this one, which may be a fork itself.
// About a deleted repository GitHub says nothing.
func TestForksAreRecognized(t *testing.T) {
	t.Parallel()
	tree := parse(t, sources(t))
	preview := tree.Workflows["preview.yml"].Jobs
	var upload *actionlint.Step
	for _, s := range tree.Workflows["image.yml"].Jobs["scan"].Steps {
		if exec, ok := s.Exec.(*actionlint.ExecAction); ok && strings.HasPrefix(exec.Uses.Value, "github/codeql-action/upload-sarif@") {
			upload = s
		}
	}
	for _, test := range []struct {
		event     string
		from      any
		fork, ran bool // whether the repository that it came from is a fork of any, and whether it has this one's rights
	}{
		{"pull_request", "o/r", false, true}, {"pull_request", "o/r", true, true}, {"pull_request", "mallory/r", true, false},
		{"pull_request", nil, false, false}, {"push", nil, false, true},
	} {
		w := world{"github.event_name": test.event, "github.repository": "o/r", "github.event.pull_request.head.repo.full_name": test.from,
			"github.event.pull_request.head.repo.fork": test.fork, "always()": true, "hashFiles()": "a hash",
			"needs.changes.outputs.platform": "true"}
		if got := truth(evaluate(t, upload.If.Value, w)); got != test.ran {
			t.Errorf("%+v: results are uploaded: %v", test, got)
		}
		if test.event == "push" {
			continue
		}
		if own, other := truth(evaluate(t, preview["stacks"].If.Value, w)), truth(evaluate(t, preview["fork"].If.Value,
			w)); own != test.ran || other == test.ran {
			t.Errorf("%+v: previewed: %v, without credentials: %v", test, own, other)
		}
	}
}

// TestRequiredCheckWaitsForAllJobs checks the one job that the ruleset requires by name. It has to wait for all jobs that check
// something, and to run whatever their results are.
func TestRequiredCheckWaitsForAllJobs(t *testing.T) {
	t.Parallel()
	jobs := parse(t, sources(t)).Workflows["platform-ci.yml"].Jobs
	var needs, want []string
	for _, need := range jobs["ci-ok"].Needs {
		needs = append(needs, need.Value)
	}
	for name := range jobs {
		if name != "ci-ok" && name != "deploy-dev" {
			want = append(want, name)
		}
	}
	slices.Sort(needs)
	slices.Sort(want)
	if !slices.Equal(needs, want) {
		t.Errorf("ci-ok waits for %v, want %v", needs, want)
	}
	if jobs["ci-ok"].If.Value != "always()" {
		t.Errorf("ci-ok runs if %s, want always()", jobs["ci-ok"].If.Value)
	}
}
