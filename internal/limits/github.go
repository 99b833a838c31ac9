package limits

import "regexp"

// Limits of a GitHub environment's protection rules.
// Source: https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
const (
	MaxReviewers   = 6
	MaxWaitMinutes = 43200
)

// MaxApprovals is the largest number of approvals in a ruleset's pull request rule. Source:
// https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset
const MaxApprovals = 10

// Action matches a pattern of the actions that workflows may use (patterns_allowed of GitHub's REST API). The owner
// cannot be a wildcard, because that would allow every action of that name.
var Action = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.*][A-Za-z0-9_.*/-]*@(\*|[0-9a-f]{40})$`)
