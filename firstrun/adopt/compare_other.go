package adopt

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// CompareOther returns what a plan changes in, and adds to, an existing resource that is not a service. It compares only fields
// that somebody may depend on. After the import `pulumi preview --diff` shows the others.
func CompareOther(token string, live, planned map[string]any) (changes []Change, added []string) {
	planned = inAPI(planned).(map[string]any)
	switch token {
	case secretType:
		for what, path := range map[string]string{"rotation": "rotation", "list of topics": "topics", "list of aliases": "versionAliases"} {
			changes = append(changes, changeUnshown(what, flat(field(live, path)), flat(field(planned, path)))...)
		}
	case "gcp:artifactregistry/repository:Repository":
		if text(planned, "dockerConfig", "immutableTags") == "true" && text(live, "dockerConfig", "immutableTags") != "true" {
			added = append(added, "tags that cannot be pushed a second time")
		}
		if len(list(planned, "cleanupPolicies")) > 0 && flat(field(live, "cleanupPolicies")) == "" {
			added = append(added, "policies that delete old images")
		}
	case "gcp:storage/bucket:Bucket":
		if len(list(planned, "lifecycleRules")) > 0 && flat(field(live, "lifecycle")) == "" {
			added = append(added, "rules that delete old objects")
		}
	case "gcp:projects/iAMCustomRole:IAMCustomRole":
		kept := list(planned, "permissions")
		for _, permission := range list(live, "includedPermissions") {
			if kept != nil && !slices.Contains(kept, permission) {
				changes = append(changes, Change{What: "permission " + scalarText(permission)})
			}
		}
	case "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider":
		changes = append(changes, changeUnshown("who is let in", text(live, "attributeCondition"), text(planned, "attributeCondition"))...)
		audiences, wanted := flat(field(live, "oidc", "allowedAudiences")), flat(field(planned, "oidc", "allowedAudiences"))
		changes = append(changes, changeUnshown("list of audiences", audiences, wanted)...)
		mapped, _ := field(live, "attributeMapping").(map[string]any)
		for _, attribute := range slices.Sorted(maps.Keys(mapped)) {
			wanted := text(planned, "attributeMapping", attribute)
			changes = append(changes, changeUnshown("mapping of "+attribute, scalarText(mapped[attribute]), wanted)...)
		}
	case "gcp:cloudscheduler/job:Job":
		for _, what := range []string{"schedule", "timeZone"} {
			now, then := text(live, what), text(planned, what)
			if now != then && then != unknown {
				changes = append(changes, Change{What: what, Live: now, After: then, Setting: "the job's schedule"})
			}
		}
	case "github:index/repositoryEnvironment:RepositoryEnvironment":
		return environment(live, planned), nil
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.What, b.What) })
	return changes, added
}

// changeUnshown returns the change of a value that should not be shown whole, or nothing if it does not change.
func changeUnshown(what, live, planned string) []Change {
	switch {
	case live == "" || live == planned || planned == unknown:
		return nil
	case planned == "":
		return []Change{{What: what}}
	}
	return []Change{{What: what, After: "another value"}}
}

// environment returns the protections of a GitHub environment that `up` would remove.
func environment(live, planned map[string]any) []Change {
	var changes []Change
	const setting = "github.environments"
	for _, rule := range list(live, "protection_rules") {
		switch text(rule, "type") {
		case "wait_timer":
			now, then := text(rule, "wait_timer"), cmp.Or(text(planned, "waitTimer"), "0")
			if now != then && then != unknown {
				changes = append(changes, Change{What: "minutes to wait", Live: now, After: then, Setting: setting})
			}
		case "required_reviewers":
			if text(rule, "prevent_self_review") == "true" && text(planned, "preventSelfReview") != "true" {
				changes = append(changes, Change{What: "no review of one's own run", Setting: setting})
			}
			for _, reviewer := range list(rule, "reviewers") {
				kind, id := strings.ToLower(text(reviewer, "type")), text(reviewer, "reviewer", "id")
				if !reviews(planned, kind, id) {
					changes = append(changes, Change{What: "reviewer", Live: kind + " " + id, Setting: setting})
				}
			}
		}
	}
	return changes
}

// reviews reports whether the planned environment has the reviewer, a user or a team. One that is not known yet may be anybody.
func reviews(planned map[string]any, kind, id string) bool {
	return slices.ContainsFunc(list(planned, "reviewers"), func(group any) bool {
		return slices.ContainsFunc(list(group, kind+"s"), func(one any) bool {
			return scalarText(one) == id || scalarText(one) == unknown
		})
	})
}
