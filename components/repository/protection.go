package repository

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The rulesets' names on GitHub, which no other ruleset of the repository may have.
const (
	RulesetName     = "protected-branches"
	TagsRulesetName = "protected-tags"
)

// administrators is GitHub's number for the role of a repository's administrators.
// Source: https://docs.github.com/en/rest/repos/rules, bypass_actors; the provider's own documentation has the number.
const administrators = 5

// actionsApp is GitHub's number for the app "GitHub Actions". A required check that names its app is not satisfied by a
// status of the same name that somebody with write access set by hand.
const actionsApp = 15368

// DefaultApprovals is how many approvals a pull request needs if [Protection] names no number.
const DefaultApprovals = 1

// Protection is the protection of the whole repository. Only one of several stacks may have it, because all of them
// share the repository: otherwise the last stack to run would win.
//
// In addition to the fields below, protected branches cannot be deleted or force-pushed, nobody can bypass their rules, and
// a pull request needs a review by a code owner of the files that it changes (.github/CODEOWNERS), who is not the person
// that pushed last, after the last push. Actions run at a full commit only, a workflow's token can read unless the workflow
// asks for more and cannot approve pull requests, and GitHub reports vulnerable dependencies.
type Protection struct {
	// Branches are names of branches without refs/heads/, or patterns of GitHub's rulesets such as release/*. Required: at
	// least one.
	Branches []string
	// Tags are names of tags without refs/tags/, or patterns of GitHub's rulesets such as policy/v*, that only the repository's
	// administrators may make, move or delete. Otherwise everybody who may push a tag could choose the commit whose workflows
	// run with the tag's rights. Default: none.
	Tags []string
	// Checks are the names of jobs of GitHub Actions that have to pass before a merge. A job that does not run for every
	// pull request blocks the others for ever. Required: at least one.
	Checks []string
	// Approvals is how many approvals a pull request needs, 1-10. Default: 1.
	Approvals int
	// Actions are patterns of the actions that workflows may use, OWNER/NAME@* for any commit of an action. The
	// repository's own actions are always allowed. Actions that an allowed action uses in turn have to be listed as well.
	// Required: at least one.
	Actions []string
}

func (protection *Protection) approvals() int {
	if protection.Approvals == 0 {
		return DefaultApprovals
	}
	return protection.Approvals
}

// addProtection makes the ruleset and the repository's switches.
func (repository *Repository) addProtection(ctx *pulumi.Context, name string, args *RepositoryArgs) error {
	if err := repository.add(ctx, "RepositoryRuleset", name+"-ruleset", ruleset(args)); err != nil {
		return fmt.Errorf("ruleset: %w", err)
	}
	if len(args.Protection.Tags) > 0 {
		if err := repository.add(ctx, "RepositoryRuleset", name+"-tags-ruleset", tagsRuleset(args)); err != nil {
			return fmt.Errorf("ruleset of tags: %w", err)
		}
	}
	err := repository.add(ctx, "ActionsRepositoryPermissions", name+"-actions", pulumi.Map{
		"repository": args.Repository, "enabled": pulumi.Bool(true), "allowedActions": pulumi.String("selected"),
		"allowedActionsConfig": pulumi.Map{
			// GitHub's own actions are listed one by one, like all others.
			"githubOwnedAllowed": pulumi.Bool(false), "verifiedAllowed": pulumi.Bool(false),
			"patternsAlloweds": pulumi.ToStringArray(slices.Sorted(slices.Values(args.Protection.Actions))),
		},
		"shaPinningRequired": pulumi.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("permissions of actions: %w", err)
	}
	err = repository.add(ctx, "WorkflowRepositoryPermissions", name+"-workflow-token", pulumi.Map{
		"repository": args.Repository, "defaultWorkflowPermissions": pulumi.String("read"),
		"canApprovePullRequestReviews": pulumi.Bool(false),
	})
	if err != nil {
		return fmt.Errorf("permissions of workflow tokens: %w", err)
	}
	err = repository.add(ctx, "RepositoryVulnerabilityAlerts", name+"-vulnerability-alerts", pulumi.Map{
		"repository": args.Repository, "enabled": pulumi.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("vulnerability alerts: %w", err)
	}
	return nil
}

func ruleset(args *RepositoryArgs) pulumi.Map {
	checks := pulumi.Array{}
	for _, check := range slices.Sorted(slices.Values(args.Protection.Checks)) {
		checks = append(checks, pulumi.Map{"context": pulumi.String(check), "integrationId": pulumi.Int(actionsApp)})
	}
	return pulumi.Map{
		"repository": args.Repository, "name": pulumi.String(RulesetName), "target": pulumi.String("branch"),
		"enforcement": pulumi.String("active"), "conditions": refs("refs/heads/", args.Protection.Branches),
		"rules": pulumi.Map{
			"deletion": pulumi.Bool(true), "nonFastForward": pulumi.Bool(true),
			"pullRequest": pulumi.Map{
				"requiredApprovingReviewCount": pulumi.Int(args.Protection.approvals()), "requireCodeOwnerReview": pulumi.Bool(true),
				"dismissStaleReviewsOnPush": pulumi.Bool(true), "requireLastPushApproval": pulumi.Bool(true),
			},
			"requiredStatusChecks": pulumi.Map{
				"requiredChecks": checks,
				// The checks run again on the branch after a merge, and nothing deploys before they pass there.
				"strictRequiredStatusChecksPolicy": pulumi.Bool(false),
			},
		},
	}
}

func tagsRuleset(args *RepositoryArgs) pulumi.Map {
	return pulumi.Map{
		"repository": args.Repository, "name": pulumi.String(TagsRulesetName), "target": pulumi.String("tag"),
		"enforcement": pulumi.String("active"), "conditions": refs("refs/tags/", args.Protection.Tags),
		"bypassActors": pulumi.Array{pulumi.Map{
			"actorId": pulumi.Int(administrators), "actorType": pulumi.String("RepositoryRole"), "bypassMode": pulumi.String("always"),
		}},
		"rules": pulumi.Map{"creation": pulumi.Bool(true), "update": pulumi.Bool(true), "deletion": pulumi.Bool(true)},
	}
}

// refs returns the conditions of a ruleset for short names or patterns.
func refs(prefix string, names []string) pulumi.Map {
	included := pulumi.StringArray{}
	for _, name := range names {
		included = append(included, pulumi.String(prefix+name))
	}
	return pulumi.Map{"refName": pulumi.Map{"includes": included, "excludes": pulumi.StringArray{}}}
}
