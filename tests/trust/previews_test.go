package trust_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// previewing returns dev's settings with slots for pull requests' images, which trust the platform's workflows at a commit.
func previewing(t *testing.T) []byte {
	t.Helper()
	overlay, err := pulumitest.Overlay(filepath.Join(application, "previews.yaml"))
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, json.Unmarshal(settings(t, "dev"), &document))
	pulumitest.Lay(document, overlay)
	text, err := json.Marshal(document)
	require.NoError(t, err)
	return text
}

func deployedPreviews(t *testing.T) trust.Deployed {
	t.Helper()
	deployed, err := trust.Deploy(program.In(application), application, "dev", previewing(t))
	require.NoError(t, err)
	return deployed
}

const slotsFile = platform + "preview-environment.yml@"

var (
	asSlots = []string{"github-oidc: preview, slots"}
	// looked is the job of a pull request that puts its image into a slot, and cleared the job that the clock starts.
	looked  = pull("platform-preview-environment.yml").calls(slotsFile + older)
	cleared = run("platform-preview-environment.yml").with(claims{"event_name": "schedule"}).calls(slotsFile + older)
)

// looking has the tokens that may become the slots' account, and those that may not. A token that may can also become preview, as
// every job without an environment can.
var looking = []token{
	{name: "a pull request", claims: looked, want: asSlots},
	{name: "another pull request", claims: looked.with(claims{"ref": "refs/pull/8/merge", "head_ref": "other"}), want: asSlots},
	{name: "a pull request into another branch", claims: looked.with(claims{"base_ref": "dev"}), want: asSlots},
	{name: "the clock", claims: cleared, want: asSlots},

	{name: "a push to main", claims: cleared.with(claims{"event_name": "push"}), want: asPreview},
	{name: "a push to a branch", claims: cleared.with(claims{"event_name": "push", "ref": "refs/heads/topic"}), want: asPreview},
	{name: "by hand", claims: cleared.with(claims{"event_name": "workflow_dispatch"}), want: asPreview},
	{name: "a pull request's target", claims: looked.with(claims{"event_name": "pull_request_target", "ref": mainRef}),
		because: "the condition does not hold"},
	{name: "a review of a pull request", claims: looked.with(claims{"event_name": "pull_request_review"}),
		because: "the condition does not hold"},
	{name: "a comment", claims: cleared.with(claims{"event_name": "issue_comment"}), because: "the condition does not hold"},
	{name: "after another workflow", claims: cleared.with(claims{"event_name": "workflow_run"}), because: "the condition does not hold"},
	{name: "the merge queue", claims: looked.with(claims{"event_name": "merge_group"}), because: "the condition does not hold"},
	{name: "the event in another case", claims: looked.with(claims{"event_name": "Pull_Request"}), because: "the condition does not hold"},

	{name: "the pull request's own workflow", claims: pull("preview-environment.yml"), want: asPreview},
	{name: "main's own workflow", claims: looked.calls(workflows + "preview-environment.yml@" + mainRef), want: asPreview},
	{name: "the platform's main", claims: looked.calls(slotsFile + mainRef), want: asPreview},
	{name: "another commit", claims: looked.calls(slotsFile + strings.Repeat("b", 40)), want: asPreview},
	{name: "the commit, shortened", claims: looked.calls(slotsFile + older[:39]), want: asPreview},
	{name: "a tag called like the commit", claims: looked.calls(slotsFile + "refs/tags/" + older), want: asPreview},
	{name: "another platform", claims: looked.calls("mallory/procureflow-platform/.github/workflows/preview-environment.yml@" + older),
		want: asPreview},
	{name: "the build of its image", claims: looked.calls(platform + "image.yml@" + older), want: asPreview},
	{name: "the plan of its infrastructure", claims: looked.calls(platform + "preview.yml@" + older), want: asPreview},
	{name: "no workflow", claims: looked.with(claims{"job_workflow_ref": nil}), want: asPreview},

	{name: "in an environment", claims: looked.with(claims{"environment": "dev"}), want: nobody},
	{name: "in a slot's environment", claims: looked.with(claims{"environment": "procureflow-web-preview-1"}), want: nobody},
	{name: "in an environment called none", claims: looked.with(claims{"environment": "none"}), because: "the condition does not hold"},
	{name: "an environment that spells event and workflow", claims: looked.with(claims{"event_name": "push",
		"environment": "none:pull_request:" + slotsFile + older}), want: nobody},
	{name: "a workflow that begins with the event", claims: looked.with(claims{"event_name": "push"}).calls("pull_request:" + slotsFile +
		older), want: asPreview},

	// GitHub gives a fork's run no token. If a private repository were set to give it one, nothing in the token would tell it from
	// the repository's own. The condition of the platform's job then keeps it out (tests/workflows).
	{name: "a fork's pull request, if GitHub gave it a token", claims: looked.with(claims{"actor": "mallory", "actor_id": "66"}),
		want: asSlots},
	{name: "a run in a fork", claims: looked.with(claims{"repository": "mallory/procureflow", "repository_id": "100000067",
		"repository_owner": "mallory", "repository_owner_id": "66"}), because: "the condition does not hold"},
	{name: "another repository of the owner", claims: looked.with(claims{"repository": "guiofsaints/other", "repository_id": "100000002"}),
		because: "the condition does not hold"},
	{name: "the name, registered again", claims: looked.with(claims{"repository_id": "100000003"}), because: "the condition does not hold"},
	{name: "a self-hosted runner", claims: looked.with(claims{"runner_environment": "self-hosted"}), because: "the condition does not hold"},
	{name: "no event", claims: looked.with(claims{"event_name": nil}), because: "no such key: event_name"},

	// Other identities stay as they are.
	{name: "a release", claims: in("dev", "release.yml").calls(platform + "deploy.yml@" + older), want: asDeploy},
	{name: "an image is pushed from main", claims: run("ci.yml").calls(platform + "build.yml@" + older),
		want: []string{"github-oidc: ci, preview"}},
	{name: "a change of the environment", claims: in("dev", "change.yml").calls(platform + "infrastructure.yml@" + older), want: asInfra},
}

func TestTokensThatBecomeTheSlotsAccount(t *testing.T) {
	t.Parallel()
	doors := open(t, deployedPreviews(t))
	for _, test := range looking {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, reasons := doors.try(t, test)
			assert.Equal(t, test.want, got, reasons)
			if test.because != "" {
				assert.Contains(t, reasons, test.because)
			}
		})
	}
}

// TestSlotCasesNoticeHoles leaves out one part of the attribute at a time, and names the cases that have to fail then.
func TestSlotCasesNoticeHoles(t *testing.T) {
	t.Parallel()
	const attribute = "attribute.event_workflow"
	for name, test := range map[string]struct{ part, value, noticed string }{
		"any event":       {" + ':' + assertion.event_name", ":pull_request:", "a push to main"},
		"any environment": {" + ':' + (has(assertion.environment) ? assertion.environment : 'none')", ":none:", "in an environment"},
		"any workflow": {" + ':' + (has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none')", ":" + slotsFile + older,
			"the build of its image"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := deployedPreviews(t)
			for i := range of.Providers {
				mapping := maps.Clone(of.Providers[i].Mapping)
				require.Contains(t, mapping[attribute], test.part)
				mapping[attribute] = strings.Replace(mapping[attribute], test.part, "", 1)
				of.Providers[i].Mapping = mapping
			}
			for i, membership := range of.Memberships {
				if strings.Contains(membership.Member, "/"+attribute+"/") {
					separator := ":"
					if !strings.HasSuffix(test.value, ":") {
						separator = ""
					}
					of.Memberships[i].Member = strings.Replace(membership.Member, test.value, separator, 1)
				}
			}
			widened := open(t, of)
			var noticed []string
			for _, token := range looking {
				if got, _ := widened.try(t, token); !assert.ObjectsAreEqual(token.want, got) {
					noticed = append(noticed, token.name)
				}
			}
			assert.Contains(t, noticed, test.noticed)
		})
	}
}

// TestOtherStacksHaveNoSlots checks that without previews the token of the same job is that of a job that reads.
func TestOtherStacksHaveNoSlots(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string][]string{"dev": asPreview, "prod": asPreviewProd} {
		for _, claims := range []claims{looked, cleared} {
			got, reasons := open(t, trusting(t, stack, older)).try(t, shownWith(claims))
			assert.Equal(t, want, got, "%s: %s", stack, reasons)
		}
	}
	of, err := stacks.Parse(previewing(t), "dev")
	require.NoError(t, err)
	assert.Equal(t, "github-actions-slots@procureflow-dev.iam.gserviceaccount.com", of.AccountEmail(stacks.AccountSlots))
}
