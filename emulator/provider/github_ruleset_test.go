package provider

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRulesetsTravelAsLists covers every rule whose name or shape in the API differs from the property's.
func TestRulesetsTravelAsLists(t *testing.T) {
	t.Parallel()
	inputs := object{
		"repository": "r", "name": "n", "target": "branch", "enforcement": "active",
		"bypassActors": list(object{"actorId": 5.0, "actorType": "RepositoryRole", "bypassMode": "pull_request"}),
		"conditions":   object{"refName": object{"includes": list("refs/heads/main"), "excludes": list()}},
		"rules": object{
			"creation": false, "deletion": true, "nonFastForward": true, "update": true, "updateAllowsFetchAndMerge": true,
			"commitMessagePattern": object{"operator": "contains", "pattern": "x", "negate": true},
			"pullRequest": object{
				"allowedMergeMethods": list("squash"), "requiredApprovingReviewCount": 2.0, "requireCodeOwnerReview": true,
				"requiredReviewers": list(object{"filePatterns": list("infra/**"), "minimumApprovals": 1.0,
					"reviewer": object{"id": 7.0, "type": "Team"}}),
			},
			"requiredCodeScanning": object{"requiredCodeScanningTools": list(object{"tool": "CodeQL", "alertsThreshold": "errors",
				"securityAlertsThreshold": "all"})},
			"requiredStatusChecks": object{
				"requiredChecks": list(object{"context": "a", "integrationId": 15368.0},
					object{"context": "b"}), "strictRequiredStatusChecksPolicy": true,
			},
		},
	}
	const sent = `{
		"name": "n", "target": "branch", "enforcement": "active",
		"bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}],
		"conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
		"rules": [
			{"type": "commit_message_pattern", "parameters": {"operator": "contains", "pattern": "x", "negate": true}},
			{"type": "deletion"},
			{"type": "non_fast_forward"},
			{"type": "pull_request", "parameters": {
				"allowed_merge_methods": ["squash"], "required_approving_review_count": 2, "require_code_owner_review": true,
				"required_reviewers": [{"file_patterns": ["infra/**"], "minimum_approvals": 1, "reviewer": {"id": 7, "type": "Team"}}]}},
			{"type": "code_scanning", "parameters": {
				"code_scanning_tools": [{"tool": "CodeQL", "alerts_threshold": "errors", "security_alerts_threshold": "all"}]}},
			{"type": "required_status_checks", "parameters": {
				"required_status_checks": [{"context": "a", "integration_id": 15368}, {"context": "b"}], "strict_required_status_checks_policy": true}},
			{"type": "update", "parameters": {"update_allows_fetch_and_merge": true}}
		]}`
	encoded, err := json.Marshal(rulesetType.encode(inputs))
	require.NoError(t, err)
	assert.JSONEq(t, sent, string(encoded))

	var answer object
	require.NoError(t, json.Unmarshal([]byte(sent), &answer))
	answer["id"], answer["rules"] = 12.0, append(answer["rules"].([]any), object{"type": "a_rule_of_tomorrow", "parameters": object{"x": 1.0}})
	decoded := rulesetType.decode(answer)
	delete(inputs["rules"].(object), "creation") // false is no rule
	delete(inputs, "repository")
	inputs["rulesetId"] = 12.0
	assert.Equal(t, inputs, decoded, "a rule that the SDK does not know is left out")
}
