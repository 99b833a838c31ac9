package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

var (
	githubOwner      = regexp.MustCompile(`^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$`)
	githubRepository = regexp.MustCompile(`^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`)
	githubBranch     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]*$`)
	// GitHub allows more characters. Here the name becomes part of a principal, in which upper and lower case differ.
	githubEnvironment = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	githubBranches    = regexp.MustCompile(`^[A-Za-z0-9_*][A-Za-z0-9._/*-]*$`)
	githubPinned      = regexp.MustCompile(`^([0-9a-f]{40}|refs/tags/[A-Za-z0-9_][A-Za-z0-9._/-]*)$`)
	githubCheck       = regexp.MustCompile(`^\S(.{0,98}\S)?$`)
)

// maxWorkflowRefs keeps a provider's condition below Google's 4,096 characters, with names as long as GitHub has them.
const maxWorkflowRefs = 5

// prodWaitMinutes is how long the last gate of prod waits at least: time to stop a deployment that was approved by mistake.
const prodWaitMinutes = 5

func validateGitHub(g GitHub, stack string, found *findings) {
	found.shape("github.owner", g.Owner, githubOwner, "is not a GitHub login", "use at most 39 letters, digits and single hyphens")
	found.shape("github.repository", g.Repository, githubRepository, "is not a repository name",
		"use letters, digits, dots, underscores and hyphens, without the owner")
	if g.OwnerID < 1 {
		found.add("github.ownerId", "is not an account's number", "use "+findReal("github.ownerId"))
	}
	if g.RepositoryID < 1 {
		found.add("github.repositoryId", "is not a repository's number", "use "+findReal("github.repositoryId"))
	}
	// Trust compares the branch as text, so a pattern would match nothing, and refs/heads/ is put before it.
	if !githubBranch.MatchString(g.Branch) || strings.HasPrefix(g.Branch, "refs/") {
		found.add("github.branch", "is not one branch", "use a branch's short name, for example main, without refs/heads/ and without *")
	}
	if g.Workflows != nil {
		validateWorkflows(*g.Workflows, found)
	}
	found.count("github.environments", len(g.Environments), 1, 0, "gates a deployment passes")
	for i := range g.Environments {
		validateGate(g.Environments, i, found)
	}
	validateApprovals(g.Environments, stack, found)
	if g.Protection != nil {
		validateProtection(g, stack, found)
	}
}

// validateWorkflows refuses refs that somebody can move after their review.
func validateWorkflows(w GitHubWorkflows, found *findings) {
	const path = "github.workflows"
	owner, name, _ := strings.Cut(w.Repository, "/")
	if !githubOwner.MatchString(owner) || !githubRepository.MatchString(name) {
		found.add(path+".repository", "is not a repository", "use OWNER/NAME")
	}
	found.count(path+".refs", len(w.Refs), 1, maxWorkflowRefs, "refs")
	for i, ref := range w.Refs {
		at := fmt.Sprintf("%s.refs[%d]", path, i)
		if !githubPinned.MatchString(ref) {
			found.add(at, "can move", "use a full commit, or refs/tags/TAG of a protected tag: a branch's writers would decide what deploys")
		}
		// Resources are named by the slug.
		slug := func(ref string) string { return naming.Slug(strings.TrimPrefix(ref, "refs/tags/")) }
		if slices.ContainsFunc(w.Refs[:i], func(other string) bool { return slug(other) == slug(ref) }) {
			found.add(at, "is there twice", "remove one of the two")
		}
	}
}

// isRefs says whether text is the short name of a branch or tag, or a pattern of some.
func isRefs(text string) bool {
	return githubBranches.MatchString(text) && !strings.HasPrefix(text, "refs/")
}

// validateProtection checks the settings for the whole repository.
func validateProtection(g GitHub, stack string, found *findings) {
	const path = "github.protection"
	if stack != prod {
		found.add(path, "applies to the whole repository, which all stacks share", "remove it: only prod's file may have it, or the last "+
			"stack to run would win")
	}
	p := g.Protection
	for _, list := range []struct {
		path    string
		values  []string
		least   int
		fits    func(string) bool
		message string
		fix     string
	}{
		{path + ".branches", p.Branches, 1, isRefs, "is not a branch",
			"use short names such as main, or patterns such as release/*, without refs/heads/"},
		{path + ".checks", p.Checks, 1, githubCheck.MatchString, "is not a check", "use the name of a job, at most 100 characters"},
		{path + ".tags", p.Tags, 0, isRefs, "is not a tag", "use short names or patterns such as policy/v*, without refs/tags/"},
		{path + ".actions", p.Actions, 1, limits.Action.MatchString, "is not a pattern of one owner's actions",
			"use OWNER/NAME@*, or a full commit in the place of *"},
	} {
		found.count(list.path, len(list.values), list.least, 0, strings.TrimPrefix(list.path, path+"."))
		for i, value := range list.values {
			at := fmt.Sprintf("%s[%d]", list.path, i)
			if !list.fits(value) {
				found.add(at, list.message, list.fix)
			}
			if slices.Contains(list.values[:i], value) {
				found.add(at, "is there twice", "remove one of the two")
			}
		}
	}
	if found.readable("github.branch", path+".branches") && len(p.Branches) > 0 && !slices.Contains(p.Branches, g.Branch) {
		found.add(path+".branches", "leave out the branch that deploys", "add the value of github.branch")
	}
	if p.WideningLabel != "" && !slices.Contains(p.Checks, verdictCheck) {
		found.add(path+".wideningLabel", fmt.Sprintf("is asked for by the check %q, which is not required", verdictCheck),
			"add that check to "+path+".checks")
	}
	found.between(path+".approvals", p.Approvals, 1, limits.MaxApprovals, "approvals")
}

// verdictCheck is the job of preview.yml that asks for the label, as GitHub names it: with the calling job's name in front.
const verdictCheck = "preview / verdict"

// validateGate checks one GitHub environment. Its name has to differ from the names before it.
func validateGate(gates []GitHubEnvironment, i int, found *findings) {
	gate, path := gates[i], gatePath(i)
	found.shape(path+".name", gate.Name, githubEnvironment, "is not an environment name",
		"use at most 63 lower-case letters, digits, underscores and hyphens, a letter or digit first")
	if gate.Name == naming.NoEnvironment {
		found.add(path+".name", "is the name that trust uses for jobs without an environment", "choose another name")
	}
	// Resources are named by the slug.
	same := func(other GitHubEnvironment) bool { return naming.Slug(other.Name) == naming.Slug(gate.Name) }
	if gate.Name != "" && slices.ContainsFunc(gates[:i], same) {
		found.add(path+".name", "is there twice", "give each gate a name of its own, with a difference in letters or digits")
	}
	found.count(path+".reviewers", len(gate.Reviewers), 0, limits.MaxReviewers, "reviewers")
	found.between(path+".waitMinutes", gate.WaitMinutes, 0, limits.MaxWaitMinutes, "minutes")
	for j, reviewer := range gate.Reviewers {
		reviewerPath := fmt.Sprintf("%s.reviewers[%d]", path, j)
		if reviewer < 1 {
			found.add(reviewerPath, "is not a user's number", "use "+findReal(reviewerPath))
		} else if slices.Contains(gate.Reviewers[:j], reviewer) {
			found.add(reviewerPath, "is there twice", "remove one of the two")
		}
	}
}

// validateApprovals checks the approvals of each environment: dev has no approval, staging needs one, prod needs two by different
// people.
func validateApprovals(gates []GitHubEnvironment, stack string, found *findings) {
	if len(gates) == 0 {
		return
	}
	last := len(gates) - 1
	switch stack {
	case dev:
		for i, gate := range gates {
			if len(gate.Reviewers) > 0 {
				found.add(gatePath(i)+".reviewers", "stop a deployment to dev", "remove them: dev deploys on every merge")
			}
		}
	case staging:
		// deploy.yml runs in this environment, and only its jobs may become the deploy account.
		if !reviewed(gates[last]) {
			found.add(gatePath(last)+".reviewers", "let a deployment to staging pass without approval",
				"name a reviewer: the deployment runs in the last environment")
		}
	case prod:
		if len(gates) < 2 {
			found.add("github.environments", "ask for one approval, and prod needs two",
				"list two with different reviewers: GitHub lets any one reviewer of an environment approve")
		}
		for i, gate := range gates {
			validateProdGate(gates[:i], gate, gatePath(i), found)
		}
		if gates[last].WaitMinutes < prodWaitMinutes {
			found.add(gatePath(last)+".waitMinutes", "leaves no time to stop a deployment",
				fmt.Sprintf("use %d minutes or more for prod's last gate", prodWaitMinutes))
		}
	}
}

// validateProdGate requires reviewers who do not already approve at a gate before.
func validateProdGate(before []GitHubEnvironment, gate GitHubEnvironment, path string, found *findings) {
	if !reviewed(gate) {
		found.add(path+".reviewers", "are missing", "list at least one: every gate of prod needs an approval")
	}
	for j, reviewer := range gate.Reviewers {
		shared := func(other GitHubEnvironment) bool { return slices.Contains(other.Reviewers, reviewer) }
		if reviewer > 0 && slices.ContainsFunc(before, shared) {
			found.add(fmt.Sprintf("%s.reviewers[%d]", path, j), "can approve at an earlier gate as well",
				"remove them from one of the gates: two people have to approve")
		}
	}
}

func gatePath(i int) string { return fmt.Sprintf("github.environments[%d]", i) }

func reviewed(gate GitHubEnvironment) bool { return len(gate.Reviewers) > 0 }
