// Package workflows_test holds this repository's workflows: by the linter next to it, by actionlint and shellcheck, and by
// running their scripts.
package workflows_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

// root is the repository.
const root = "../.."

var readOnce = sync.OnceValues(func() (map[string]string, error) { return workflowlint.Read(os.DirFS(root + "/.github")) })

func sources(t *testing.T) map[string]string {
	t.Helper()
	read, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	if len(read) < 20 {
		t.Fatalf("%d files in .github: the rules would check nothing", len(read))
	}
	return maps.Clone(read)
}

// parsed caches the trees of single files by name and text. Most tests parse all files, and at most one has changed.
var parsed sync.Map

func parse(t *testing.T, files map[string]string) *workflowlint.Tree {
	t.Helper()
	tree := &workflowlint.Tree{Sources: files, Workflows: map[string]*actionlint.Workflow{}, Composites: map[string]workflowlint.Composite{}}
	for name, text := range files {
		key := [2]string{name, text}
		known, ok := parsed.Load(key)
		if !ok {
			alone, err := workflowlint.Parse(map[string]string{name: text})
			if err != nil {
				t.Fatal(err)
			}
			known, _ = parsed.LoadOrStore(key, alone)
		}
		maps.Copy(tree.Workflows, known.(*workflowlint.Tree).Workflows)
		maps.Copy(tree.Composites, known.(*workflowlint.Tree).Composites)
	}
	return tree
}

func TestRulesSeeEveryFile(t *testing.T) {
	t.Parallel()
	if unseen := workflowlint.Overlooked(os.DirFS(root)); unseen != nil {
		t.Errorf("GitHub reads %q, and the rules do not: put them where workflowlint.Read looks", unseen)
	}
}

// change replaces a text in a file, which has to occur, everywhere.
func change(t *testing.T, files map[string]string, file, old, replacement string) map[string]string {
	t.Helper()
	if !strings.Contains(files[file], old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	changed := maps.Clone(files)
	changed[file] = strings.ReplaceAll(changed[file], old, replacement)
	return changed
}

func actions(t *testing.T) []workflowlint.Action {
	t.Helper()
	text, err := os.ReadFile("testdata/actions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []workflowlint.Action
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWorkflowsKeepTheRules(t *testing.T) {
	t.Parallel()
	for _, finding := range workflowlint.Check(parse(t, sources(t)), actions(t)) {
		t.Error(finding)
	}
}

// TestEachRuleCatches breaks one thing in the real files in each case. Exactly the named rule has to report it, for that file.
func TestEachRuleCatches(t *testing.T) {
	t.Parallel()
	const platform = "./.platform/.github/actions/"
	const publishing = "      actions: read\n      id-token: write\n    steps:\n"
	const checkout = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
	for _, test := range []struct{ name, rule, file, old, replacement string }{
		{"a tag", "unpinned-uses", "workflows/ci.yml", checkout, "actions/checkout@v7"},
		{"a short commit", "unpinned-uses", "workflows/ci.yml", checkout, "actions/checkout@3d3c42e5aac5 # v7.0.1"},
		{"a tag in a composite", "unpinned-uses", "actions/setup-pnpm/action.yml",
			"pnpm/action-setup@0977fd99725f1db4007ccb2928dbb4e90d06cc86", "pnpm/action-setup@v6"},
		{"another commit", "ref-version-mismatch", "workflows/ci.yml", checkout, "actions/checkout@" + strings.Repeat("a", 40) + " # v7.0.1"},
		{"another version in the comment", "ref-version-mismatch", "workflows/ci.yml", "# v7.0.1", "# v7.0.2"},
		{"no version in the comment", "ref-version-mismatch", "workflows/ci.yml", checkout, strings.TrimSuffix(checkout, " # v7.0.1")},
		{"an unrecorded action", "ref-version-mismatch", "workflows/ci.yml", "actions/checkout@", "actions/check-out@"},
		{"a misspelt input", "action-inputs", "workflows/deploy.yml", "service_account: ", "service-account: "},
		{"a missing input", "action-inputs", "workflows/deploy.yml", "          paths: ${{ steps.settings.outputs.service-paths }}\n", ""},
		{"a misspelt input of an own action", "action-inputs", "workflows/build.yml", "          artifact: ", "          artefact: "},
		{"an own action that does not exist", "action-inputs", "workflows/platform-ci.yml", "./.github/actions/setup-pnpm",
			"./.github/actions/setup-npm"},
		{"an input in a script", "template-injection", "workflows/deploy.yml", "\"The first of two approvals is " +
			"given.", "\"${{ inputs.digest }} The first."},
		{"an input in a composite's script", "template-injection", "actions/health-check/action.yml", "-- \"$NAME\"",
			"-- \"${{ inputs.service }}\""},
		{"a script that goes on after an error", "strict-shell", "workflows/platform-ci.yml", "set -euo pipefail\n          pnpm lint",
			"pnpm lint"},
		{"a composite in sh", "strict-shell", "actions/health-check/action.yml", "shell: bash", "shell: sh"},
		{"no shell for a workflow", "strict-shell", "workflows/drift.yml", "    shell: bash\n", "    shell: sh\n"},
		{"a digest whose form was not checked", "digest-unchecked", "workflows/promote.yml", "^sha256:[0-9a-f]{64}$", "^sha256:"},
		{"the deployment's digest", "digest-unchecked", "workflows/deploy.yml", "^sha256:[0-9a-f]{64}$", ".*"},
		{"a token left in the checkout", "artipacked", "workflows/ci.yml", "          persist-credentials: false\n",
			"          fetch-tags: false\n"},
		{"a token kept on purpose", "artipacked", "workflows/policy-publish.yml", "persist-credentials: false", "persist-credentials: true"},
		{"everything may be written", "excessive-permissions", "workflows/ci.yml", "\npermissions: {}\n", "\npermissions: write-all\n"},
		{"a default for all jobs", "excessive-permissions", "workflows/ci.yml", "\npermissions: {}\n", "\npermissions:\n  contents: read\n"},
		{"a job without its own", "excessive-permissions", "workflows/deploy.yml",
			"    environment: production-approval\n    permissions: {}\n", "    environment: production-approval\n"},
		{"contents may be written", "excessive-permissions", "workflows/policy-publish.yml", "contents: read", "contents: write"},
		{"the comment runs code", "excessive-permissions", "workflows/comment.yml", "      pull-requests: write\n    steps:\n",
			"      pull-requests: write\n    steps:\n      - uses: " + checkout + "\n        with: " +
				"{repository: \"${{ job.workflow_repository }}\", ref: \"${{ job.workflow_sha }}\", path: .platform, persist-credentials: false}\n"},
		{"all secrets handed on", "secrets-inherit", "workflows/platform-rollback.yml", "    with:\n      stack:",
			"    secrets: inherit\n    with:\n      stack:"},
		{"a long-lived key", "secrets-inherit", "workflows/deploy.yml", "GH_TOKEN: ${{ github.token }}", "GH_TOKEN: ${{ secrets.GH_TOKEN }}"},
		{"a cache in a deployment", "cache-poisoning", "workflows/deploy.yml",
			"          folder: ${{ inputs.folder }}\n      - name: Count the approvals\n", "          folder: ${{ inputs.folder }}\n    " +
				"      cache: \"true\"\n      - name: Count the approvals\n"},
		{"a cache in what is published", "cache-poisoning", "workflows/policy-publish.yml", "          folder: .platform\n",
			"          folder: .platform\n          cache: \"true\"\n"},
		{"a scanner with an identity", "identity-alone", "workflows/build.yml", publishing,
			publishing + "      - uses: aquasecurity/trivy-action@ed142fd0673e97e23eac54620cfb913e5ce36c25 # v0.36.0\n        with: " +
				"{input: image, cache: \"false\"}\n"},
		{"a build with an identity", "identity-alone", "workflows/build.yml", publishing,
			publishing + "      - uses: docker/build-push-action@53b7df96c91f9c12dcc8a07bcb9ccacbed38856a # v7.3.0\n        with: {context: .}\n"},
		{"a job that attests and runs more", "attest-alone", "workflows/build.yml",
			"      attestations: write\n    outputs:\n      digest: ${{ needs.image.outputs.digest }}\n    steps:\n",
			"      attestations: write\n    outputs:\n      digest: ${{ needs.image.outputs.digest }}\n    steps:\n      - uses: " +
				platform + "fetch-image\n        with: {artifact: a, digest: d}\n"},
		{"the caller's action in a called workflow", "foreign-action", "workflows/preview.yml", platform + "stacks", "./.github/actions/stacks"},
		{"a login before the refusal", "unrefused-files", "workflows/promote.yml",
			platform + "setup-platform\n        with:\n          folder: ${{ inputs.folder }}\n          compiles: release\n", platform +
				"two-approvals\n        with:\n          bin: b\n"},
		{"a workspace of Go's", "go-flags", "workflows/promote.yml", "  GOWORK: \"off\"\n", ""},
		{"modules that the build may change", "go-flags", "workflows/infrastructure.yml", "-mod=readonly", "-mod=mod"},
		{"a variable", "variables", "workflows/promote.yml", "${{ steps.settings.outputs.registry-host }}",
			"${{ vars.GCP_REGION }}-docker.pkg.dev"},
		{"the platform at a commit that the caller chooses", "foreign-action", "workflows/promote.yml", "${{ job.workflow_sha }}",
			"${{ inputs.digest }}"},
		{"the caller's repository for the platform's", "foreign-action", "workflows/promote.yml",
			"          repository: ${{ job.workflow_repository }}\n", ""},
		{"a name that could be an option", "option-injection", "workflows/deploy.yml",
			"--summary \"$GITHUB_STEP_SUMMARY\" --github-output \"$GITHUB_OUTPUT\" -- \"$NAME\"", "\"$NAME\" --summary " +
				"\"$GITHUB_STEP_SUMMARY\" --github-output \"$GITHUB_OUTPUT\""},
		{"policies that come too late", "skipped-preview", "actions/infrastructure-up/action.yml", "pulumi up --yes",
			"pulumi up --skip-preview --yes"},
		{"BuildKit by its tag", "floating-buildkit", "workflows/image.yml",
			"v0.29.0@sha256:0039c1d47e8748b5afea56f4e85f14febaf34452bd99d9552d2daa82262b5cc5", "v0.29.0"},
		{"an emergency rollback without a permission", "missing-permissions", "workflows/platform-rollback.yml", "      attestations: read\n",
			""},
		{"a call that may read and has to write", "missing-permissions", "workflows/platform-rollback.yml", "id-token: write", "id-token: read"},
		{"a scan that a private repository cannot keep", "missing-permissions", "workflows/image.yml",
			"      contents: read\n      actions: read\n", "      contents: read\n"},
		{"an attestation without an identity", "missing-permissions", "workflows/build.yml",
			"      id-token: write\n      attestations: write\n", "      attestations: write\n"},
		{"a record that may not be written", "missing-permissions", "workflows/build.yml", "          create-storage-record: false\n", ""},
		{"a fork with main's rights", "dangerous-triggers", "workflows/platform-preview.yml", "  pull_request:\n", "  pull_request_target:\n"},
		{"a run after a fork's run", "dangerous-triggers", "workflows/platform-scorecard.yml", "  workflow_dispatch:\n",
			"  workflow_run: {workflows: [ci]}\n"},
		{"a comment after a release", "dangerous-triggers", "workflows/platform-release.yml", "  workflow_dispatch:\n",
			"  workflow_run: {workflows: [platform-preview]}\n  workflow_dispatch:\n"},
		{"a stranger's run that starts with every comment", "dangerous-triggers", "workflows/platform-comment.yml", "    types: [completed]\n",
			"    types: [completed]\n  issue_comment:\n"},
		{"a comment with an identity", "dangerous-triggers", "workflows/platform-comment.yml", "      contents: read\n",
			"      contents: read\n      id-token: write\n"},
		{"the pull request's code, after it ran", "foreign-action", "workflows/comment.yml", "          ref: ${{ job.workflow_sha }}\n",
			"          ref: ${{ github.event.workflow_run.head_sha }}\n"},
		{"a cache that a stranger's run fills", "dangerous-triggers", "workflows/comment.yml", "          cache: false\n",
			"          cache: true\n"},
		{"an action that runs what it finds", "dangerous-triggers", "workflows/comment.yml",
			"      - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1\n        with:\n          name: comment\n" +
				"          overwrite: true\n          path: comment/\n          retention-days: 5\n",
			"      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0\n"},
		{"a release that a newer one cancels", "concurrency-limits", "workflows/deploy.yml", "cancel-in-progress: false",
			"cancel-in-progress: true"},
		{"pushes that are aborted", "concurrency-limits", "workflows/platform-ci.yml",
			"cancel-in-progress: ${{ github.event_name == 'pull_request' }}", "cancel-in-progress: true"},
		{"a rollback in the deploy queue", "concurrency-limits", "workflows/deploy.yml",
			"inputs.operation == 'rollback' && format('rollback-{0}', github.run_id) || ", ""},
		{"rollbacks that wait for each other", "concurrency-limits", "workflows/deploy.yml", "'rollback-{0}', github.run_id",
			"'rollback-{0}', inputs.stack"},
		{"a caller in the queue of the workflow it calls", "concurrency-limits", "workflows/platform-rollback.yml", "emergency-", "rollback-"},
		{"another application's checks that are cancelled", "concurrency-limits", "workflows/check.yml", "-${{ inputs.folder }}", ""},
		{"a job that waits for another application's", "concurrency-limits", "workflows/infrastructure.yml",
			"deploy-staging-${{ inputs.folder }}", "deploy-staging"},
		{"no concurrency", "concurrency-limits", "workflows/scorecard.yml", "concurrency:\n  group: scorecard\n  cancel-in-progress: true\n", ""},
		{"a token of an hour", "token-lifetime", "workflows/deploy.yml",
			"          access_token_lifetime: 900s # For the verification below; the client libraries make their own tokens.\n", ""},
		{"a token that outlives its job", "token-lifetime", "workflows/promote.yml", "access_token_lifetime: 1200s",
			"access_token_lifetime: 1201s"},
		{"Pulumi's token of two hours", "token-lifetime", "workflows/preview.yml", "          seconds: \"1800\"\n",
			"          seconds: \"7200\"\n"},
		{"a preview that may write", "pulumi-team", "workflows/preview.yml", "outputs.pulumi-read-team", "outputs.pulumi-team"},
		{"a deployment as another team", "pulumi-team", "workflows/deploy.yml", "outputs.pulumi-team", "outputs.pulumi-read-team"},
		{"another stack than the environment's", "pulumi-team", "workflows/infrastructure.yml", "          stack: staging\n",
			"          stack: prod\n"},
		{"another stack's settings", "pulumi-team", "workflows/infrastructure.yml", "--stack staging", "--stack prod"},
		{"a job without environment that may write", "pulumi-team", "workflows/infrastructure.yml", "    environment: dev\n", ""},
		{"an unknown environment", "pulumi-team", "workflows/infrastructure.yml", "    environment: dev\n", "    environment: Dev\n"},
		{"a login to Pulumi Cloud without the platform's action", "pulumi-team", "workflows/check.yml", "      - env:\n          FOLDER:",
			"      - uses: pulumi/auth-actions@141415910c3beb54e03b48e9057c204c97b956f2 # v2.1.0\n        with:\n          " +
				"organization: o\n          requested-token-type: t\n          token-expiration: 1200\n      - env:\n          FOLDER:"},
		{"no timeout", "timeouts", "workflows/scorecard.yml", "    timeout-minutes: 15\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := workflowlint.Check(parse(t, change(t, sources(t), test.file, test.old, test.replacement)), actions(t))
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			for _, finding := range found {
				if finding.Rule != test.rule || finding.File != test.file {
					t.Errorf("found %v, want %s in %s only", finding, test.rule, test.file)
				}
			}
		})
	}
}

// TestInputsOfOurActionsAreDescribed checks that each input has a description.
func TestInputsOfOurActionsAreDescribed(t *testing.T) {
	t.Parallel()
	tree := parse(t, sources(t))
	names := slices.Sorted(maps.Keys(tree.Composites))
	if want := []string{"fetch-image", "health-check", "infrastructure-up", "pulumi-login", "setup-platform", "setup-pnpm", "stacks",
		"to-release", "two-approvals"}; !slices.Equal(names, want) {
		t.Errorf("actions %v, want %v", names, want)
	}
	for _, name := range names {
		if tree.Composites[name].Description == "" {
			t.Errorf("%s has no description", name)
		}
		for input, described := range tree.Composites[name].Inputs {
			if described.Description == "" {
				t.Errorf("%s: input %s has no description", name, input)
			}
			if described.Required == (described.Default != nil) {
				t.Errorf("%s: input %s is required and has a default, or neither", name, input)
			}
		}
	}
}
