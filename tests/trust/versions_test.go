package trust_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
)

// platform is the path of the reusable workflows, which tests use at a commit and at a tag.
const platform = "guiofsaints/procureflow-platform/.github/workflows/"

var (
	older = strings.Repeat("a", 40)
	newer = "refs/tags/v1.5.0"
)

// trusting returns what a stack deploys if it trusts the platform's workflows at these refs.
func trusting(t *testing.T, stack string, refs ...string) trust.Deployed {
	t.Helper()
	var document map[string]any
	require.NoError(t, json.Unmarshal(settings(t, stack), &document))
	document["github"].(map[string]any)["workflows"] = map[string]any{"repository": "guiofsaints/procureflow-platform", "refs": refs}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	deployed, err := trust.Deploy(program.In(application), application, stack, text)
	require.NoError(t, err)
	return deployed
}

// TestTokensOfThePlatformsWorkflows checks that the deploying repository is trusted by its numbers, and its workflow by the
// platform's file at a ref that the settings name.
func TestTokensOfThePlatformsWorkflows(t *testing.T) {
	t.Parallel()
	stacks := map[string]doors{}
	for _, stack := range []string{"dev", "prod"} {
		stacks[stack] = open(t, trusting(t, stack, older, newer))
	}
	tag := func(file string) string { return platform + file + "@" + newer }
	for _, test := range []token{
		{name: "a release by the commit", stack: "prod", claims: in("production", "release.yml").calls(platform + "deploy.yml@" + older),
			want: asDeploy},
		{name: "a release by the tag", stack: "prod", claims: in("production", "release.yml").calls(tag("deploy.yml")), want: asDeploy},
		{name: "a promotion", stack: "prod", claims: in("production", "release.yml").calls(tag("promote.yml")),
			want: []string{"github-promote: ci"}},
		{name: "a change of the environment", stack: "prod", claims: in("production", "change.yml").calls(tag("infrastructure.yml")),
			want: []string{"github-infra: infra"}},
		{name: "a release in dev", stack: "dev",
			claims: in("dev", "build.yml").with(claims{"event_name": "push"}).calls(tag("deploy.yml")), want: asDeploy},
		{name: "another commit", stack: "prod", claims: in("production",
			"release.yml").calls(platform + "deploy.yml@" + strings.Repeat("b", 40)), because: "the condition does not hold"},
		{name: "another commit in dev", stack: "dev", claims: in("dev",
			"release.yml").calls(platform + "deploy.yml@" + strings.Repeat("b", 40)), want: nobody},
		{name: "the commit, shortened", stack: "prod", claims: in("production",
			"release.yml").calls(platform + "deploy.yml@" + older[:39]), because: "the condition does not hold"},
		{name: "another tag", stack: "prod", claims: in("production", "release.yml").calls(platform + "deploy.yml@refs/tags/v1.5.0-evil"),
			because: "the condition does not hold"},
		{name: "a branch called like the tag", stack: "prod", claims: in("production",
			"release.yml").calls(platform + "deploy.yml@refs/heads/v1.5.0"), because: "the condition does not hold"},
		{name: "the platform's main", stack: "dev", claims: in("dev", "release.yml").calls(platform + "deploy.yml@" + mainRef), want: nobody},
		{name: "another file of the platform", stack: "prod", claims: in("production", "release.yml").calls(tag("other.yml")),
			because: "the condition does not hold"},
		{name: "the repository's own file", stack: "prod", claims: in("production", "deploy.yml"), because: "the condition does not hold"},
		{name: "the repository's own file in dev", stack: "dev", claims: in("dev", "deploy.yml"), want: nobody},
		{name: "another platform", stack: "prod", claims: in("production",
			"release.yml").calls("mallory/procureflow-platform/.github/workflows/deploy.yml@" + newer), because: "the condition does not hold"},
		{name: "a release of another branch", stack: "prod", claims: in("production",
			"release.yml").on("refs/heads/topic").calls(tag("deploy.yml")), because: "the condition does not hold"},
		{name: "a release of another branch in dev", stack: "dev", claims: in("dev",
			"release.yml").on("refs/heads/topic").calls(tag("deploy.yml")), want: nobody},
		{name: "another repository that calls the platform", stack: "prod", claims: in("production", "release.yml").with(claims{
			"repository": "guiofsaints/other", "repository_id": "100000002"}).calls(tag("deploy.yml")), because: "the condition does not hold"},
		{name: "the platform's own run", stack: "prod", claims: in("production", "deploy.yml").with(claims{
			"repository": "guiofsaints/procureflow-platform", "repository_id": "100000009", "workflow_ref": tag("deploy.yml"), "ref": newer,
		}).calls(tag("deploy.yml")), because: "the condition does not hold"},
		{name: "the platform's file in no environment", stack: "prod", claims: run("release.yml").calls(tag("deploy.yml")), want: asPreviewProd},
	} {
		t.Run(test.stack+": "+test.name, func(t *testing.T) {
			t.Parallel()
			got, reasons := stacks[test.stack].try(t, test)
			assert.Equal(t, test.want, got, reasons)
			if test.because != "" {
				assert.Contains(t, reasons, test.because)
			}
		})
	}
}

// TestRaisingTheVersionLocksNobodyOut follows the order of docs/bootstrap.md: trust both versions, switch the callers, trust only
// the newer one. At every step, main's callers and those of older runs can deploy and roll back.
func TestRaisingTheVersionLocksNobodyOut(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"dev", "staging", "prod"} {
		environment := map[string]string{"dev": "dev", "staging": "staging", "prod": "production"}[stack]
		for _, step := range []struct {
			trusted, works, refused []string
		}{
			{[]string{older}, []string{older}, []string{newer}},
			{[]string{older, newer}, []string{older, newer}, nil},
			{[]string{newer}, []string{newer}, []string{older}},
			{[]string{newer, older}, []string{older, newer}, nil}, // and back, in the same way
		} {
			doors := open(t, trusting(t, stack, step.trusted...))
			deploys := func(ref string) bool {
				got, _ := doors.try(t, shownWith(in(environment, "release.yml").calls(platform+"deploy.yml@"+ref)))
				return len(got) == 1 && got[0] == "github-oidc: deploy"
			}
			for _, ref := range step.works {
				assert.True(t, deploys(ref), "%s trusts %v: %s", stack, step.trusted, ref)
			}
			for _, ref := range step.refused {
				assert.False(t, deploys(ref), "%s trusts %v: %s", stack, step.trusted, ref)
			}
		}
	}
}

// TestRaisingTheVersionTouchesNoOtherBinding checks that the bindings of the version that stays are unchanged, so that no update
// removes one before it adds it again.
func TestRaisingTheVersionTouchesNoOtherBinding(t *testing.T) {
	t.Parallel()
	bindings := func(refs ...string) map[string]string {
		found := map[string]string{}
		for _, membership := range trusting(t, "prod", refs...).Memberships {
			if strings.HasPrefix(membership.Member, "principal") {
				found[membership.Name] = membership.Account + " " + membership.Member
			}
		}
		return found
	}
	before, both, after := bindings(older), bindings(older, newer), bindings(newer)
	assert.Len(t, before, 4)
	assert.Len(t, both, 7)
	merged := maps.Clone(before)
	maps.Copy(merged, after)
	assert.Equal(t, merged, both)
	assert.Contains(t, before, "federation-binding-deploy-"+older)
	assert.Contains(t, after, "federation-binding-deploy-v1-5-0")
}
