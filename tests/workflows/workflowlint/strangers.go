package workflowlint

import (
	"slices"
	"strings"
)

// afterStrangers is the only workflow that runs, with the default branch's rights, after workflows that anybody may have started
// (docs/adr/0033). A stranger may have written everything that it reads from them.
const afterStrangers = "platform-comment.yml"

// strangersRights are all rights that it, and the workflows it calls, may have: read, and write comments.
var strangersRights = []string{"actions: read", "contents: read", "pull-requests: write"}

// strangersActions are all actions that it, and the workflows it calls, may use. None of them runs what it finds.
var strangersActions = []string{"actions/checkout", "actions/setup-go", "actions/upload-artifact"}

// checkAfterStrangers checks that workflow and those that it calls: no identity, no cache, and no action that may run what it finds.
// The rule foreign-action checks that only the platform is checked out.
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
