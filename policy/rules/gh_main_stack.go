package rules

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// protected collects what all rulesets of a repository together require for the branch that deploys. GitHub adds rulesets up.
type protected struct {
	first                                    *crossguard.Resource   // the first that concerns the branch
	missed                                   *crossguard.Resource   // requires reviews or checks, but only for another branch
	idle                                     []*crossguard.Resource // not in force
	force, deletion, checks, reviews, owners bool
	lasting                                  bool // new commits do not keep an earlier approval
	approvals                                int64
}

// checkMain judges each repository, and an organization's rulesets separately.
func checkMain(s *crossguard.Stack) {
	repositories := map[string]*protected{}
	at := func(r *crossguard.Resource) *protected {
		name := repositoryOf(r)
		if repositories[name] == nil {
			repositories[name] = &protected{}
		}
		return repositories[name]
	}
	branches := s.Config.Strings("branches")
	s.Each([]string{ghRuleset, ghOrgRuleset}, func(r *crossguard.Resource) {
		if r.StringOr("target", "branch") == "branch" {
			p := at(r)
			if r.StringOr("enforcement", "absent") != "active" {
				p.idle = append(p.idle, r)
			}
			p.ruleset(r, branches)
		}
	})
	s.Each([]string{ghBranchProtection, ghBranchProtectionV3}, func(r *crossguard.Resource) {
		p := at(r)
		if !matchesBranch(r.StringOr(branchOf(r), ""), branches) {
			if r.Len("requiredPullRequestReviews")+r.Len("requiredStatusChecks") > 0 && p.missed == nil {
				p.missed = r
			}
			return
		}
		p.force, p.deletion, p.checks, p.reviews, p.owners, p.lasting = true, true, true, true, true, true // these are judged one by one
		p.approvals = s.Config.Int("approvals")
		p.first = r
	})
	for _, name := range slices.Sorted(maps.Keys(repositories)) {
		repositories[name].judge(s)
	}
}

// repositoryOf names the repository that a ruleset or a protection is for.
func repositoryOf(r *crossguard.Resource) string {
	if r.Type == ghOrgRuleset {
		return "all repositories"
	}
	name := "all repositories"
	for _, path := range []string{"repository", "repositoryId"} {
		if !r.IsKnown(path) {
			name = "the repository"
		} else if text, set := r.String(path); set {
			name = text
		}
	}
	return name
}

// ruleset adds a ruleset if it is in force for a branch that deploys.
func (p *protected) ruleset(r *crossguard.Resource, branches []string) {
	demands := r.Has("rules.pullRequest") || r.Has("rules.requiredStatusChecks")
	if !coversBranch(r, branches) {
		if demands && p.missed == nil {
			p.missed = r
		}
		return
	}
	if p.first == nil {
		p.first = r
	}
	if r.StringOr("enforcement", "") != "active" {
		return
	}
	p.force = p.force || r.BoolOr("rules.nonFastForward", false)
	p.deletion = p.deletion || r.BoolOr("rules.deletion", false)
	r.Each("rules.requiredStatusChecks.requiredChecks", func(check crossguard.Object) {
		_, named := check.String("context")
		p.checks = p.checks || named
	})
	p.reviews = p.reviews || r.Has("rules.pullRequest")
	p.approvals = max(p.approvals, r.IntOr("rules.pullRequest.requiredApprovingReviewCount", 0))
	p.lasting = p.lasting || r.BoolOr("rules.pullRequest.dismissStaleReviewsOnPush", false) ||
		r.BoolOr("rules.pullRequest.requireLastPushApproval", false)
	p.owners = p.owners || r.BoolOr("rules.pullRequest.requireCodeOwnerReview", false)
}

// whole reports whether everything that the rule asks for is required. Another ruleset may then be tried out (evaluate).
func (p *protected) whole(least int64) bool {
	return p.first != nil && p.force && p.deletion && p.checks && p.reviews && p.approvals >= least
}

func (p *protected) judge(s *crossguard.Stack) {
	if !p.whole(s.Config.Int("approvals")) {
		for _, r := range p.idle {
			r.Violation("enforcement is %s: set it to active", r.StringOr("enforcement", "absent"))
		}
	}
	if p.first == nil {
		if p.missed != nil {
			p.missed.Violation("does not cover %s, the branch that deploys: name refs/heads/%s, or ~DEFAULT_BRANCH, in "+
				"conditions.refName.includes",
				list(s.Config.Strings("branches")), s.Config.Strings("branches")[0])
		}
		return
	}
	for _, demand := range []struct {
		path string
		met  bool
	}{{"rules.nonFastForward", p.force}, {"rules.deletion", p.deletion}} {
		if !demand.met {
			p.first.Violation("%s is not true: set it", demand.path)
		}
	}
	if !p.checks {
		p.first.Violation("rules.requiredStatusChecks.requiredChecks is empty: name the checks that must pass")
	}
	if least := s.Config.Int("approvals"); !p.reviews || p.approvals < least {
		p.first.Violation("rules.pullRequest.requiredApprovingReviewCount is %d: set it to %d or more", p.approvals, least)
	}
	if p.reviews && s.Config.Int("approvals") > 0 && !p.lasting {
		p.first.Violation("rules.pullRequest keeps approvals when new commits are pushed: set requireLastPushApproval or " +
			"dismissStaleReviewsOnPush")
	}
	if s.Config.Bool("codeOwners") && !p.owners {
		p.first.Violation("rules.pullRequest.requireCodeOwnerReview is not true: set it")
	}
}

// coversBranch reports whether a ruleset's conditions include a branch that deploys. A ruleset without conditions includes no
// branch.
func coversBranch(r *crossguard.Resource, branches []string) bool {
	matches := func(list string) bool {
		return slices.ContainsFunc(r.Strings("conditions.refName."+list), func(pattern string) bool {
			branch, is := strings.CutPrefix(pattern, "refs/heads/")
			return pattern == "~ALL" || pattern == "~DEFAULT_BRANCH" || is && matchesBranch(branch, branches)
		})
	}
	return matches("includes") && !matches("excludes")
}

// matchesBranch reports whether a pattern of GitHub's matches one of the branches. In it, * stands for any characters except a
// slash, ** for any characters, and **/ also for nothing. [!x] is any character but x, which Go writes as [^x].
func matchesBranch(pattern string, branches []string) bool {
	pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, "[!", "[^"), "**/*", "**")
	return slices.ContainsFunc(branches, func(branch string) bool {
		if strings.Contains(pattern, "**") && crossguard.Wildcard(strings.ReplaceAll(pattern, "**", "*"), branch) {
			return true
		}
		matched, err := path.Match(pattern, branch)
		return err == nil && matched
	})
}

// branchOf returns the path of the property that names the protected branch.
func branchOf(r *crossguard.Resource) string {
	if r.Type == ghBranchProtectionV3 {
		return "branch"
	}
	return "pattern"
}
