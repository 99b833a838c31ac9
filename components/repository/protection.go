package repository

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-github/sdk/v6/go/github"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
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

// DefaultApprovals is how many approvals a pull request takes where [Protection] names no number.
const DefaultApprovals = 1

// Protection is what holds for the whole repository. The repository has it once, so that of several stacks only one may
// have it: the last one to run would win.
//
// Besides what the fields say, protected branches cannot be deleted or force-pushed, nobody bypasses their rules, and a pull
// request takes the review of a code owner of what it changes (.github/CODEOWNERS), of somebody other than who pushed
// last, after the last push. Actions run at a full commit only, a workflow's token can read unless the workflow asks for
// more and cannot approve pull requests, and GitHub tells of vulnerable dependencies.
type Protection struct {
	// Branches are names of branches without refs/heads/, or patterns of GitHub's rulesets such as release/*. Required: at
	// least one.
	Branches []string
	// Tags are names of tags without refs/tags/, or patterns of GitHub's rulesets such as policy/v*, that only the repository's
	// administrators may make, move or delete. Whoever may push a tag otherwise chooses the commit whose workflows run with
	// the tag's rights. Default: none.
	Tags []string
	// Checks are the names of jobs of GitHub Actions that have to pass before a merge. One that does not run for every pull
	// request blocks those for ever. Required: at least one.
	Checks []string
	// Approvals are those that a pull request takes, 1-10. Default: 1.
	Approvals int
	// Actions are patterns of the actions that workflows may use, OWNER/NAME@* for any commit of one; the repository's own
	// are allowed without. Actions that an allowed action uses in turn have to be listed as well. Required: at least one.
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
	if _, err := github.NewRepositoryRuleset(ctx, name+"-ruleset", ruleset(args), pulumiopt.Child(repository)...); err != nil {
		return fmt.Errorf("ruleset: %w", err)
	}
	if len(args.Protection.Tags) > 0 {
		if _, err := github.NewRepositoryRuleset(ctx, name+"-tags-ruleset", tagsRuleset(args), pulumiopt.Child(repository)...); err != nil {
			return fmt.Errorf("ruleset of tags: %w", err)
		}
	}
	_, err := github.NewActionsRepositoryPermissions(ctx, name+"-actions", &github.ActionsRepositoryPermissionsArgs{
		Repository:     args.Repository,
		Enabled:        pulumi.Bool(true),
		AllowedActions: pulumi.String("selected"),
		AllowedActionsConfig: &github.ActionsRepositoryPermissionsAllowedActionsConfigArgs{
			// GitHub's own are listed one by one like all others.
			GithubOwnedAllowed: pulumi.Bool(false),
			VerifiedAllowed:    pulumi.Bool(false),
			PatternsAlloweds:   pulumi.ToStringArray(slices.Sorted(slices.Values(args.Protection.Actions))),
		},
		ShaPinningRequired: pulumi.Bool(true),
	}, pulumiopt.Child(repository)...)
	if err != nil {
		return fmt.Errorf("permissions of actions: %w", err)
	}
	_, err = github.NewWorkflowRepositoryPermissions(ctx, name+"-workflow-token", &github.WorkflowRepositoryPermissionsArgs{
		Repository:                   args.Repository,
		DefaultWorkflowPermissions:   pulumi.String("read"),
		CanApprovePullRequestReviews: pulumi.Bool(false),
	}, pulumiopt.Child(repository)...)
	if err != nil {
		return fmt.Errorf("permissions of workflow tokens: %w", err)
	}
	_, err = github.NewRepositoryVulnerabilityAlerts(ctx, name+"-vulnerability-alerts", &github.RepositoryVulnerabilityAlertsArgs{
		Repository: args.Repository,
		Enabled:    pulumi.Bool(true),
	}, pulumiopt.Child(repository)...)
	if err != nil {
		return fmt.Errorf("vulnerability alerts: %w", err)
	}
	return nil
}

func ruleset(args *RepositoryArgs) *github.RepositoryRulesetArgs {
	checks := github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArray{}
	for _, check := range slices.Sorted(slices.Values(args.Protection.Checks)) {
		checks = append(checks, &github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs{
			Context: pulumi.String(check), IntegrationId: pulumi.Int(actionsApp),
		})
	}
	return &github.RepositoryRulesetArgs{
		Repository:  args.Repository,
		Name:        pulumi.String(RulesetName),
		Target:      pulumi.String("branch"),
		Enforcement: pulumi.String("active"),
		Conditions:  refs("refs/heads/", args.Protection.Branches),
		Rules: &github.RepositoryRulesetRulesArgs{
			Deletion:       pulumi.Bool(true),
			NonFastForward: pulumi.Bool(true),
			PullRequest: &github.RepositoryRulesetRulesPullRequestArgs{
				RequiredApprovingReviewCount: pulumi.Int(args.Protection.approvals()),
				RequireCodeOwnerReview:       pulumi.Bool(true),
				DismissStaleReviewsOnPush:    pulumi.Bool(true),
				RequireLastPushApproval:      pulumi.Bool(true),
			},
			RequiredStatusChecks: &github.RepositoryRulesetRulesRequiredStatusChecksArgs{
				RequiredChecks: checks,
				// The checks run again on the branch after a merge, and nothing deploys before they pass there.
				StrictRequiredStatusChecksPolicy: pulumi.Bool(false),
			},
		},
	}
}

func tagsRuleset(args *RepositoryArgs) *github.RepositoryRulesetArgs {
	return &github.RepositoryRulesetArgs{
		Repository:  args.Repository,
		Name:        pulumi.String(TagsRulesetName),
		Target:      pulumi.String("tag"),
		Enforcement: pulumi.String("active"),
		Conditions:  refs("refs/tags/", args.Protection.Tags),
		BypassActors: github.RepositoryRulesetBypassActorArray{&github.RepositoryRulesetBypassActorArgs{
			ActorId: pulumi.Int(administrators), ActorType: pulumi.String("RepositoryRole"), BypassMode: pulumi.String("always"),
		}},
		Rules: &github.RepositoryRulesetRulesArgs{Creation: pulumi.Bool(true), Update: pulumi.Bool(true), Deletion: pulumi.Bool(true)},
	}
}

// refs are the conditions of a ruleset for short names or patterns.
func refs(prefix string, names []string) *github.RepositoryRulesetConditionsArgs {
	included := pulumi.StringArray{}
	for _, name := range names {
		included = append(included, pulumi.String(prefix+name))
	}
	return &github.RepositoryRulesetConditionsArgs{
		RefName: &github.RepositoryRulesetConditionsRefNameArgs{Includes: included, Excludes: pulumi.StringArray{}},
	}
}
