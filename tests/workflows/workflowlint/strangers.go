package workflowlint

import (
	"slices"
	"strings"
)

// afterStrangers is the one workflow that runs after others which anybody may have started, with the default branch's rights
// (docs/adr/0033). Whatever it reads of them was made by a stranger.
const afterStrangers = "platform-comment.yml"

// strangersRights are all that it and what it calls may have: read, and write comments.
var strangersRights = []string{"actions: read", "contents: read", "pull-requests: write"}

// strangersActions are all that it and what it calls may use. None of them runs what it finds.
var strangersActions = []string{"actions/checkout", "actions/setup-go", "actions/upload-artifact"}

// checkAfterStrangers holds the workflow and those that it calls to what makes it safe: no identity, no cache, and no action that may run
// what it finds. That only the platform is checked out is the rule foreign-action's to say.
func checkAfterStrangers(t *Tree, file string, report reporter) {
	for _, name := range sorted(t.Workflows[file].Jobs) {
		job, path := t.Workflows[file].Jobs[name], "workflows/"+file
		if call := job.WorkflowCall; call != nil {
			if called := strings.TrimPrefix(text(call.Uses), "./.github/workflows/"); t.Workflows[called] != nil {
				checkAfterStrangers(t, called, report)
			}
		}
		if job.Permissions != nil {
			for _, scope := range job.Permissions.Scopes {
				if right := text(scope.Name) + ": " + text(scope.Value); !slices.Contains(strangersRights, right) {
					report("dangerous-triggers", path, "%s: %s, in a workflow that reads what strangers made", name, right)
				}
			}
		}
		for _, s := range t.jobSteps(file, name) {
			action, _, _ := strings.Cut(s.Uses, "@")
			if action != "" && !slices.Contains(strangersActions, action) {
				report("dangerous-triggers", path, "%s: %s, in a workflow that reads what strangers made", name, action)
			}
			if action == "actions/setup-go" && s.With["cache"] != "false" {
				report("dangerous-triggers", path, "%s: a cache of the default branch, which jobs with an identity restore", name)
			}
		}
	}
}
