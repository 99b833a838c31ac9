package scaffold

import (
	"maps"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// detectBranch finds origin's default branch, which a clone remembers. In a repository that was not cloned, it takes a branch with one
// of the usual names, or the branch that will get the first commit.
func (r *Repository) detectBranch() {
	here := git(r.Root, "symbolic-ref", "--quiet", "--short", "HEAD")
	r.Detached = here == ""
	_, r.DefaultBranch, _ = strings.Cut(git(r.Root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"), "/")
	if r.Branch = r.DefaultBranch; r.Branch != "" {
		return
	}
	branches := strings.Fields(git(r.Root, "for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads", "refs/remotes/origin"))
	if len(branches) == 0 && here != "" {
		r.Branch = here
		return
	}
	r.Branch = "main"
	for _, usual := range []string{"main", "master", "trunk", "develop"} {
		if slices.Contains(branches, usual) {
			r.Branch = usual
			return
		}
	}
}

func (r *Repository) detectBranches(content []byte) {
	on := branchesOf(content)
	for event, to := range map[string]*[]string{"pull_request": &r.PullRequests, "push": &r.Pushes} {
		for _, branch := range on[event] {
			if branch != "" && !strings.HasPrefix(branch, "!") && !slices.Contains(*to, branch) {
				*to = append(*to, branch)
			}
		}
	}
}

// branchesOf returns the branches for which events start a workflow, by event. Events without branches are left out.
func branchesOf(content []byte) map[string][]string {
	var workflow struct{ On yaml.Node }
	if yaml.Unmarshal(content, &workflow) != nil {
		return nil
	}
	var on map[string]struct{ Branches yaml.Node }
	if workflow.On.Decode(&on) != nil {
		return nil
	}
	all := map[string][]string{}
	for event, of := range on {
		var branches []string
		if of.Branches.Decode(&branches) != nil {
			branches = []string{of.Branches.Value} // one, without a list
		}
		if len(branches) > 0 {
			all[event] = branches
		}
	}
	return all
}

// triggers checks that one of the platform's callers starts for the branch that deploys.
func (r *Report) triggers(name string, content []byte) {
	if !strings.HasPrefix(path.Base(name), "platform-") || len(r.settings) == 0 {
		return
	}
	branch := r.settings[slices.Min(slices.Collect(maps.Keys(r.settings)))].GitHub.Branch
	on := branchesOf(content)
	for _, event := range sorted(on) {
		if !slices.Contains(on[event], branch) {
			r.bad(name, "%s of %q starts it, and not of %s, the stacks' github.branch: add that branch", event, on[event], branch)
		}
	}
}

// Branch checks the settings against the repository's default branch, the only branch that is built and released.
func (r *Report) Branch(name string) {
	for _, stack := range slices.Sorted(maps.Keys(r.settings)) {
		if branch := r.settings[stack].GitHub.Branch; branch != name {
			r.bad("Pulumi."+stack+".yaml", "github.branch is %q, and the repository's default branch, which alone is built and released, is %q: "+
				"write that, or make the other one the default on GitHub", branch, name)
		}
	}
}
