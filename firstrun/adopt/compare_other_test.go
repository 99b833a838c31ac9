package adopt_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

// TestCompareOther checks the reported differences of resources other than services and jobs: those that other people
// may depend on.
func TestCompareOther(t *testing.T) {
	t.Parallel()
	const (
		secretType   = "gcp:secretmanager/secret:Secret"
		registryType = "gcp:artifactregistry/repository:Repository"
		roleType     = "gcp:projects/iAMCustomRole:IAMCustomRole"
		providerType = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
		gateType     = "github:index/repositoryEnvironment:RepositoryEnvironment"
		gates        = `{"protection_rules": [{"type": "branch_policy"}, {"type": "wait_timer", "wait_timer": 30},
			{"type": "required_reviewers", "prevent_self_review": true, "reviewers": [{"type": "User", "reviewer": {"id": 7}},
				{"type": "Team", "reviewer": {"id": 8}}]}]}`
		strict = `{"dockerConfig": {"immutableTags": true}, "cleanupPolicies": [{"id": "old", "action": "DELETE"}]}`
	)
	for _, test := range []struct {
		name, token, live, planned string
		changes, added             []string
	}{
		{name: "a secret", token: secretType, live: `{"replication": {"automatic": {}}, "labels": {"a": "b"}}`,
			planned: `{"labels": {"c": "d"}}`},
		{name: "a secret that is rotated", token: secretType, live: `{"rotation": {"rotationPeriod": "3600s"}, "topics": [{"name": "t"}],
			"versionAliases": {"current": "3"}}`, planned: `{}`, changes: []string{"list of aliases is taken away; no setting keeps it",
			"list of topics is taken away; no setting keeps it", "rotation is taken away; no setting keeps it"}},
		{name: "a registry", token: registryType, live: `{"format": "DOCKER"}`, planned: strict,
			added: []string{"tags that cannot be pushed a second time", "policies that delete old images"}},
		{name: "a registry that is as strict", token: registryType, planned: strict,
			live: `{"dockerConfig": {"immutableTags": true}, "cleanupPolicies": {"mine": {"id": "mine"}}}`},
		{name: "a bucket", token: "gcp:storage/bucket:Bucket", live: `{"name": "b"}`,
			planned: `{"lifecycleRules": [{"action": {"type": "Delete"}}]}`,
			added:   []string{"rules that delete old objects"}},
		{name: "a bucket with rules", token: "gcp:storage/bucket:Bucket", live: `{"lifecycle": {"rule": [{"action": {"type": "Delete"}}]}}`,
			planned: `{"lifecycleRules": [{"action": {"type": "Delete"}}]}`},
		{name: "a role", token: roleType, live: `{"includedPermissions": ["a", "b"]}`, planned: `{"permissions": ["b", "c"]}`,
			changes: []string{"permission a is taken away; no setting keeps it"}},
		{name: "a role that is not known yet", token: roleType, live: `{"includedPermissions": ["a"]}`,
			planned: `{"permissions": "` + unknownValue + `"}`},
		{name: "a provider", token: providerType, live: `{"attributeCondition": "a", "attributeMapping": {"google.subject": "s", "attribute.x": "x",
			"attribute.y": "y"}, "oidc": {"allowedAudiences": ["https://a"]}}`,
			planned: `{"attributeCondition": "b", "attributeMapping": {"google.subject": "s", "attribute.x": "z"}, "oidc": {"issuerUri": "u"}}`,
			changes: []string{"list of audiences is taken away; no setting keeps it",
				"mapping of attribute.x becomes another value; no setting keeps it",
				"mapping of attribute.y is taken away; no setting keeps it", "who is let in becomes another value; no setting keeps it"}},
		{name: "a provider that is not known yet", token: providerType, live: `{"attributeCondition": "a"}`,
			planned: `{"attributeCondition": "` + unknownValue + `"}`},
		{name: "a gate", token: gateType, live: gates, planned: `{"waitTimer": 0, "preventSelfReview": false, "reviewers": [{"users": [7, 9]}]}`,
			changes: []string{"minutes to wait: 30 becomes 0; github.environments keeps it",
				"no review of one's own run is taken away; github.environments keeps it",
				"reviewer: team 8 is taken away; github.environments keeps it"}},
		{name: "the same gate", token: gateType, live: gates,
			planned: `{"waitTimer": 30, "preventSelfReview": true, "reviewers": [{"users": [7], "teams": [8]}]}`},
		{name: "a gate that nobody has to pass", token: gateType, live: `{"protection_rules": []}`, planned: `{"waitTimer": 30}`},
		{name: "a schedule", token: "gcp:cloudscheduler/job:Job", live: `{"schedule": "0 3 * * *", "timeZone": "UTC"}`,
			planned: `{"schedule": "0 4 * * *", "timeZone": "UTC"}`,
			changes: []string{"schedule: 0 3 * * * becomes 0 4 * * *; the job's schedule keeps it"}},
		{name: "anything else", token: "gcp:logging/metric:Metric", live: `{"filter": "a"}`, planned: `{"filter": "b"}`},
	} {
		changes, added := adopt.CompareOther(test.token, object(t, test.live), object(t, test.planned))
		var lines []string
		for _, change := range changes {
			lines = append(lines, change.String())
		}
		assert.Equal(t, test.changes, lines, test.name)
		assert.Equal(t, test.added, added, test.name)
	}
}
