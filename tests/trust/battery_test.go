package trust_test

import "strings"

// What the providers say, in the order of their names.
var (
	nobody = []string{"github-oidc: nobody"}

	asPreview     = []string{"github-oidc: preview"}
	asCI          = []string{"github-oidc: ci"}
	asDeploy      = []string{"github-oidc: deploy"}
	asInfra       = []string{"github-oidc: infra"}
	asPreviewProd = []string{"github-preview: preview"}
)

// battery is written by hand, from DESIGN's table of identities and from what GitHub puts into tokens. A case without want is
// refused by every provider.
var battery = []token{
	// The jobs that identities are for.
	{name: "an image is pushed from main", stack: "dev", claims: run("build.yml"), want: []string{"github-oidc: ci, preview"}},
	{name: "a release", stack: "dev", claims: in("dev", "deploy.yml"), want: asDeploy},
	{name: "a change of the environment", stack: "dev", claims: in("dev", "infrastructure.yml"), want: asInfra},
	{name: "a preview of a pull request", stack: "dev", claims: pull("pulumi-preview.yml"), want: asPreview},
	{name: "a drift check on a schedule", stack: "dev", claims: run("drift-check.yml").with(claims{"event_name": "schedule"}), want: asPreview},
	{name: "a release", stack: "staging", claims: in("staging", "deploy.yml"), want: asDeploy},
	{name: "a promotion inside a release", stack: "staging", claims: promote("staging"), want: asCI},
	{name: "a change of the environment", stack: "staging", claims: in("staging", "infrastructure.yml"), want: asInfra},
	{name: "a preview of a pull request", stack: "staging", claims: pull("pulumi-preview.yml"), want: asPreview},
	{name: "a release", stack: "prod", claims: in("production", "deploy.yml").with(claims{"event_name": "workflow_dispatch"}), want: asDeploy},
	{name: "a promotion inside a release", stack: "prod", claims: promote("production"), want: []string{"github-promote: ci"}},
	{name: "a change of the environment", stack: "prod", claims: in("production", "infrastructure.yml"), want: []string{"github-infra: infra"}},
	{name: "a preview of a pull request", stack: "prod", claims: pull("pulumi-preview.yml"), want: asPreviewProd},
	{name: "a drift check on a schedule", stack: "prod", claims: run("drift-check.yml").with(claims{"event_name": "schedule"}), want: asPreviewProd},
	{name: "a preview of main", stack: "prod", claims: run("pulumi-preview.yml"), want: asPreviewProd},

	{name: "a release that CI on main calls", stack: "dev", claims: in("dev", "build.yml").with(claims{"event_name": "push"}).calls(workflows + "deploy.yml@" + mainRef), want: asDeploy},
	{name: "a rollback, which calls deploy.yml", stack: "prod", claims: in("production", "rollback.yml").with(claims{"event_name": "workflow_dispatch"}).calls(workflows + "deploy.yml@" + mainRef), want: asDeploy},
	{name: "a rollback from another branch, with its deploy.yml", stack: "prod", claims: in("production", "rollback.yml").on("refs/heads/topic").calls(workflows + "deploy.yml@refs/heads/topic"), because: "the condition does not hold"},

	// Other branches, tags and events.
	{name: "CI of a pull request", stack: "dev", claims: pull("build.yml"), want: asPreview},
	{name: "CI of another branch", stack: "dev", claims: run("build.yml").on("refs/heads/topic"), want: asPreview},
	{name: "CI of a tag", stack: "dev", claims: run("build.yml").on("refs/tags/v1.0.0").with(claims{"ref_type": "tag"}), want: asPreview},
	{name: "CI of a tag called main", stack: "dev", claims: run("build.yml").on("refs/tags/main").with(claims{"ref_type": "tag"}), want: asPreview},
	{name: "CI of a branch whose name begins with main", stack: "dev", claims: run("build.yml").on("refs/heads/main-2"), want: asPreview},
	{name: "CI of the merge queue", stack: "dev", claims: run("build.yml").on("refs/heads/gh-readonly-queue/main/pr-7-1").with(claims{"event_name": "merge_group"}), because: "the condition does not hold"},
	{name: "CI of a comment", stack: "dev", claims: run("build.yml").with(claims{"event_name": "issue_comment"}), because: "the condition does not hold"},
	{name: "CI after another workflow", stack: "dev", claims: run("build.yml").with(claims{"event_name": "workflow_run"}), because: "the condition does not hold"},
	{name: "CI of an event that GitHub has yet to invent", stack: "staging", claims: run("build.yml").with(claims{"event_name": "push_target"}), because: "the condition does not hold"},
	{name: "the event in another case", stack: "dev", claims: run("build.yml").with(claims{"event_name": "Push"}), because: "the condition does not hold"},
	{name: "a preview of a comment", stack: "prod", claims: run("pulumi-preview.yml").with(claims{"event_name": "issue_comment"}), because: "the condition does not hold"},
	{name: "a release by a push", stack: "prod", claims: in("production", "deploy.yml").with(claims{"event_name": "push"}), because: "the condition does not hold"},
	{name: "a release by the clock", stack: "prod", claims: in("production", "deploy.yml").with(claims{"event_name": "schedule"}), because: "the condition does not hold"},
	{name: "a change of the environment by a push", stack: "prod", claims: in("production", "infrastructure.yml").with(claims{"event_name": "push"}), want: []string{"github-infra: infra"}},
	{name: "a change of the environment by the clock", stack: "prod", claims: in("production", "infrastructure.yml").with(claims{"event_name": "schedule"}), because: "the condition does not hold"},
	{name: "CI of a pull request's target", stack: "dev", claims: run("build.yml").with(claims{"event_name": "pull_request_target"}), because: "the condition does not hold"},
	{name: "a release of a pull request's target", stack: "prod", claims: in("production", "deploy.yml").with(claims{"event_name": "pull_request_target"}), because: "the condition does not hold"},
	{name: "a preview of a pull request's target", stack: "prod", claims: run("pulumi-preview.yml").with(claims{"event_name": "pull_request_target"}), because: "the condition does not hold"},
	{name: "a release on request from another branch", stack: "dev", claims: in("dev", "deploy.yml").on("refs/heads/topic").with(claims{"event_name": "workflow_dispatch"}), want: nobody},
	{name: "a release on request from another branch", stack: "staging", claims: in("staging", "deploy.yml").on("refs/heads/topic").with(claims{"event_name": "workflow_dispatch"}), want: nobody},
	{name: "a release on request from another branch", stack: "prod", claims: in("production", "deploy.yml").on("refs/heads/topic").with(claims{"event_name": "workflow_dispatch"}), because: "the condition does not hold"},
	{name: "a release of a tag", stack: "prod", claims: in("production", "deploy.yml").on("refs/tags/v1.0.0"), because: "the condition does not hold"},
	{name: "a release of a pull request", stack: "dev", claims: pull("deploy.yml").with(claims{"environment": "dev"}), want: nobody},
	{name: "a change of the environment from another branch", stack: "staging", claims: in("staging", "infrastructure.yml").on("refs/heads/topic"), want: nobody},
	{name: "a change of the environment from another branch", stack: "prod", claims: in("production", "infrastructure.yml").on("refs/heads/topic"), because: "the condition does not hold"},
	{name: "the branch in another case", stack: "prod", claims: in("production", "deploy.yml").on("refs/heads/Main"), because: "the condition does not hold"},

	// Other workflows and reusable ones.
	{name: "another workflow in the environment", stack: "dev", claims: in("dev", "other.yml"), want: nobody},
	{name: "another workflow in the environment", stack: "prod", claims: in("production", "other.yml"), because: "the condition does not hold"},
	{name: "CI in the environment", stack: "dev", claims: in("dev", "build.yml"), want: nobody},
	{name: "CI on main", stack: "staging", claims: run("build.yml"), want: asPreview},
	{name: "CI on main", stack: "prod", claims: run("build.yml"), want: asPreviewProd},
	{name: "a branch calls main's CI", stack: "dev", claims: run("other.yml").on("refs/heads/topic").calls(workflows + "build.yml@" + mainRef), want: asPreview},
	{name: "a branch calls main's deploy.yml", stack: "dev", claims: in("dev", "other.yml").on("refs/heads/topic").calls(workflows + "deploy.yml@" + mainRef), want: nobody},
	{name: "a branch calls main's deploy.yml", stack: "prod", claims: in("production", "other.yml").on("refs/heads/topic").calls(workflows + "deploy.yml@" + mainRef), because: "the condition does not hold"},
	{name: "a branch calls main's promote.yml", stack: "staging", claims: in("staging", "other.yml").on("refs/heads/topic").calls(workflows + "promote.yml@" + mainRef), want: nobody},
	{name: "a branch's promote.yml", stack: "staging", claims: in("staging", "deploy.yml").on("refs/heads/topic").calls(workflows + "promote.yml@refs/heads/topic"), want: nobody},
	{name: "main calls deploy.yml at a commit", stack: "prod", claims: in("production", "other.yml").calls(workflows + "deploy.yml@" + strings.Repeat("a", 40)), because: "the condition does not hold"},
	{name: "main calls deploy.yml of a branch", stack: "prod", claims: in("production", "other.yml").calls(workflows + "deploy.yml@refs/heads/topic"), because: "the condition does not hold"},
	{name: "main's release calls a workflow of others", stack: "prod", claims: in("production", "deploy.yml").calls("somebody/actions/.github/workflows/deploy.yml@refs/heads/main"), because: "the condition does not hold"},
	{name: "another repository calls deploy.yml", stack: "prod", claims: in("production", "deploy.yml").with(claims{
		"repository": "guiofsaints/other", "repository_id": "100000002", "workflow_ref": "guiofsaints/other/.github/workflows/a.yml@refs/heads/main",
	}), because: "the condition does not hold"},
	{name: "a stranger's repository calls build.yml", stack: "dev", claims: run("build.yml").with(claims{
		"repository": "mallory/x", "repository_id": "100000066", "repository_owner": "mallory", "repository_owner_id": "66",
		"workflow_ref": "mallory/x/.github/workflows/a.yml@refs/heads/main",
	}), because: "the condition does not hold"},
	{name: "promotion without a release's environment", stack: "prod", claims: run("deploy.yml").calls(workflows + "promote.yml@" + mainRef), want: asPreviewProd},
	{name: "promotion for dev, which has none", stack: "dev", claims: promote("dev"), want: nobody},
	{name: "promotion of staging", stack: "prod", claims: promote("staging"), because: "the condition does not hold"},

	// Environments.
	{name: "a release in another environment", stack: "dev", claims: in("staging", "deploy.yml"), want: nobody},
	{name: "a release in production", stack: "staging", claims: in("production", "deploy.yml"), want: nobody},
	{name: "a release after the first gate only", stack: "prod", claims: in("production-approval", "deploy.yml"), because: "the condition does not hold"},
	{name: "infrastructure after the first gate only", stack: "prod", claims: in("production-approval", "infrastructure.yml"), because: "the condition does not hold"},
	{name: "infrastructure in another environment", stack: "staging", claims: in("dev", "infrastructure.yml"), want: nobody},
	{name: "infrastructure in no environment", stack: "dev", claims: run("infrastructure.yml"), want: asPreview},
	{name: "infrastructure in no environment", stack: "prod", claims: run("infrastructure.yml"), want: asPreviewProd},
	{name: "a release in no environment", stack: "prod", claims: run("deploy.yml"), want: asPreviewProd},
	{name: "the environment in another case", stack: "prod", claims: in("Production", "deploy.yml"), because: "the condition does not hold"},
	{name: "the environment in another case", stack: "dev", claims: in("DEV", "deploy.yml"), want: nobody},
	{name: "the stack's name as the environment", stack: "prod", claims: in("prod", "deploy.yml"), because: "the condition does not hold"},
	{name: "the environment with a space behind it", stack: "prod", claims: in("production ", "deploy.yml"), because: "the condition does not hold"},
	{name: "an environment called none", stack: "dev", claims: in("none", "deploy.yml"), because: "the condition does not hold"},
	{name: "CI in an environment called none", stack: "dev", claims: in("none", "build.yml").with(claims{"event_name": "push"}), because: "the condition does not hold"},
	{name: "an environment called None", stack: "dev", claims: in("None", "build.yml").with(claims{"event_name": "push"}), want: nobody},
	{name: "an environment called none", stack: "staging", claims: in("none", "pulumi-preview.yml"), because: "the condition does not hold"},
	{name: "an environment called none", stack: "prod", claims: in("none", "deploy.yml"), because: "the condition does not hold"},
	{name: "an empty environment", stack: "prod", claims: in("", "deploy.yml"), because: "the condition does not hold"},
	{name: "an empty environment", stack: "dev", claims: in("", "deploy.yml"), want: nobody},

	// Separators inside of names.
	{name: "an environment that spells ref and workflow", stack: "dev", claims: in("dev:"+mainRef+":"+workflows+"deploy.yml@"+mainRef, "other.yml").on("refs/heads/topic"), want: nobody},
	{name: "an environment that ends in a ref", stack: "dev", claims: in("dev:"+mainRef, "deploy.yml"), want: nobody},
	{name: "an environment with a slash", stack: "dev", claims: in("dev/deploy", "deploy.yml"), want: nobody},
	{name: "an environment with a star", stack: "dev", claims: in("*", "deploy.yml"), want: nobody},
	{name: "a branch that ends in the workflow", stack: "dev", claims: in("dev", "other.yml").on(mainRef + ":" + workflows + "deploy.yml"), want: nobody},
	{name: "a branch with a slash", stack: "dev", claims: in("dev", "deploy.yml").on("refs/heads/main/deploy"), want: nobody},
	{name: "a workflow file with an at sign", stack: "prod", claims: in("production", "deploy.yml@refs/heads/main"), because: "the condition does not hold"},
	{name: "an id that holds the composite", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"repository_id": "100000001:dev"}), because: "the condition does not hold"},
	{name: "a claim that closes the quote", stack: "prod", claims: in("production' || true || '", "deploy.yml"), because: "the condition does not hold"},

	// Repositories and owners.
	{name: "a pull request from a fork, of the repository's runs", stack: "dev", claims: pull("build.yml").with(claims{"actor": "mallory", "actor_id": "66"}), want: asPreview},
	{name: "a fork's own run", stack: "dev", claims: run("build.yml").with(claims{
		"repository": "mallory/procureflow", "repository_id": "100000067", "repository_owner": "mallory", "repository_owner_id": "66",
		"workflow_ref":     "mallory/procureflow/.github/workflows/build.yml@refs/heads/main",
		"job_workflow_ref": "mallory/procureflow/.github/workflows/build.yml@refs/heads/main",
	}), because: "the condition does not hold"},
	{name: "another repository of the owner", stack: "dev", claims: run("build.yml").with(claims{"repository": "guiofsaints/other", "repository_id": "100000002"}), because: "the condition does not hold"},
	{name: "another repository of the owner", stack: "prod", claims: run("pulumi-preview.yml").with(claims{"repository": "guiofsaints/other", "repository_id": "100000002"}), because: "the condition does not hold"},
	{name: "the name, registered again", stack: "prod", claims: in("production", "deploy.yml").with(claims{"repository_id": "100000003"}), because: "the condition does not hold"},
	{name: "owner's and repository's names, registered again", stack: "prod", claims: in("production", "deploy.yml").with(claims{"repository_id": "100000003", "repository_owner_id": "10000003"}), because: "the condition does not hold"},
	{name: "the repository, given to another owner", stack: "prod", claims: in("production", "deploy.yml").with(claims{"repository_owner_id": "10000003"}), because: "the condition does not hold"},
	{name: "the repository, renamed", stack: "prod", claims: in("production", "deploy.yml").with(claims{
		"repository": "guiofsaints/shop", "workflow_ref": "guiofsaints/shop/.github/workflows/deploy.yml@" + mainRef,
		"job_workflow_ref": "guiofsaints/shop/.github/workflows/deploy.yml@" + mainRef,
	}), because: "the condition does not hold"},
	{name: "the repository, renamed", stack: "dev", claims: in("dev", "deploy.yml").calls("guiofsaints/shop/.github/workflows/deploy.yml@" + mainRef), want: nobody},
	{name: "the owner in another case", stack: "dev", claims: in("dev", "deploy.yml").calls("GuiOfSaints/procureflow/.github/workflows/deploy.yml@" + mainRef), want: nobody},
	{name: "the id with a zero before it", stack: "dev", claims: run("build.yml").with(claims{"repository_id": "0100000001"}), because: "the condition does not hold"},

	// Issuers and audiences.
	{name: "a GitHub Enterprise Server", stack: "prod", claims: in("production", "deploy.yml").with(claims{"iss": "https://github.example.com/_services/token"}), because: "the issuer is"},
	{name: "an enterprise's own issuer", stack: "prod", claims: in("production", "deploy.yml").with(claims{"iss": "https://token.actions.githubusercontent.com/example"}), because: "the issuer is"},
	{name: "a slash behind the issuer", stack: "dev", claims: run("build.yml").with(claims{"iss": "https://token.actions.githubusercontent.com/"}), because: "the issuer is"},
	{name: "no issuer", stack: "dev", claims: run("build.yml").with(claims{"iss": nil}), because: "the issuer is absent"},
	{name: "GitHub's default audience", stack: "prod", claims: in("production", "deploy.yml").with(claims{"aud": "https://github.com/guiofsaints"}), because: "the audience is"},
	{name: "another stack's audience", stack: "prod", claims: in("production", "deploy.yml").with(claims{"aud": audience("100000000001", "github-oidc")}), because: "the audience is"},
	{name: "Pulumi Cloud's audience", stack: "dev", claims: run("build.yml").with(claims{"aud": "urn:pulumi:org:guiofsaints"}), because: "the audience is"},
	{name: "no audience", stack: "dev", claims: run("build.yml").with(claims{"aud": false}), because: "the audience is"},
	{name: "the audience without https", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"aud": strings.TrimPrefix(audience("100000000001", "github-oidc"), "https:")}), want: asDeploy},
	{name: "the audience among others", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"aud": []any{"x", audience("100000000001", "github-oidc")}}), want: asDeploy},
	{name: "a release with the infra provider's audience", stack: "prod", claims: in("production", "deploy.yml").with(claims{"aud": audience("100000000003", "github-infra")}), because: "the condition does not hold"},

	// Missing and odd claims.
	{name: "no ref", stack: "dev", claims: run("build.yml").with(claims{"ref": nil}), because: "no such key: ref"},
	{name: "no run id", stack: "prod", claims: in("production", "deploy.yml").with(claims{"run_id": nil}), because: "no such key: run_id"},
	{name: "no repository id", stack: "dev", claims: run("build.yml").with(claims{"repository_id": nil}), because: "no such key: repository_id"},
	{name: "no owner id", stack: "dev", claims: run("build.yml").with(claims{"repository_owner_id": nil}), because: "no such key: repository_owner_id"},
	{name: "no event", stack: "dev", claims: run("build.yml").with(claims{"event_name": nil}), because: "no such key: event_name"},
	{name: "no workflow", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"job_workflow_ref": nil}), want: nobody},
	{name: "no workflow", stack: "prod", claims: in("production", "deploy.yml").with(claims{"job_workflow_ref": nil}), because: "the condition does not hold"},
	{name: "no subject", stack: "prod", claims: in("production", "deploy.yml").with(claims{"sub": nil}), want: asDeploy},
	{name: "an id that is a number", stack: "dev", claims: run("build.yml").with(claims{"repository_id": 100000001.0}), because: "no such overload"},
	{name: "an environment that is a list", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"environment": []any{"dev"}}), because: "no such overload"},
	{name: "no claims at all", stack: "prod", claims: claims{}, because: "the issuer is absent"},

	// Subjects, attempts and sizes.
	{name: "an immutable subject", stack: "prod", claims: in("production", "deploy.yml").with(claims{"sub": "repo:guiofsaints@10000001/procureflow@100000001:environment:production"}), want: asDeploy},
	{name: "a subject of a customised form", stack: "dev", claims: run("build.yml").with(claims{"sub": "repository_id:100000001:job_workflow_ref:x"}), want: []string{"github-oidc: ci, preview"}},
	{name: "a subject beyond 127 bytes", stack: "prod", claims: in("production", "deploy.yml").with(claims{"sub": strings.Repeat("s", 400)}), want: asDeploy},
	{name: "a run id that makes the mapped subject 127 bytes", stack: "prod", claims: in("production", "deploy.yml").with(claims{"run_id": strings.Repeat("9", 117)}), want: asDeploy},
	{name: "a run id that makes the mapped subject 128 bytes", stack: "prod", claims: in("production", "deploy.yml").with(claims{"run_id": strings.Repeat("9", 118)}), because: "google.subject has 128 bytes"},
	{name: "a branch that makes the attributes too long", stack: "dev", claims: run("build.yml").on("refs/heads/" + strings.Repeat("b", 4000)), because: "the mapped attributes have"},
	{name: "a second attempt", stack: "prod", claims: in("production", "deploy.yml").with(claims{"run_attempt": "2"}), want: asDeploy},
	{name: "a second attempt of CI", stack: "dev", claims: run("build.yml").with(claims{"run_attempt": "2", "actor": "somebody-else"}), want: []string{"github-oidc: ci, preview"}},
	{name: "a runner of one's own", stack: "dev", claims: pull("build.yml").with(claims{"runner_environment": "self-hosted"}), because: "the condition does not hold"},
	{name: "a release on a runner of one's own", stack: "dev", claims: in("dev", "deploy.yml").with(claims{"runner_environment": "self-hosted"}), because: "the condition does not hold"},
	{name: "a release on a runner of one's own", stack: "prod", claims: in("production", "deploy.yml").with(claims{"runner_environment": "self-hosted"}), because: "the condition does not hold"},
	{name: "a runner that says nothing of itself", stack: "prod", claims: in("production", "deploy.yml").with(claims{"runner_environment": nil}), because: "no such key: runner_environment"},
}

func audience(projectNumber, provider string) string {
	return "https://iam.googleapis.com/projects/" + projectNumber + "/locations/global/workloadIdentityPools/github/providers/" + provider
}
