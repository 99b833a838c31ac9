package limits

import "regexp"

// Limits of a GitHub environment's protection rules.
// Source: https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
const (
	MaxReviewers   = 6
	MaxWaitMinutes = 43200
)

// MaxApprovals is what a ruleset's pull request rule takes.
// Source: https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset
const MaxApprovals = 10

// Action is a pattern of the actions that workflows may use (patterns_allowed of GitHub's REST API). It has no wildcard
// for the owner: that would be every action there is.
var Action = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.*][A-Za-z0-9_.*/-]*@(\*|[0-9a-f]{40})$`)
