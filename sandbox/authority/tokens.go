package authority

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// TokenParts are the parts from which test tokens are made.
type TokenParts struct {
	OwnerID, RepositoryID     string
	Owner, Repository, Branch string
	// Others are repositories that a side trusts besides the first side's own: their ids, by OWNER/NAME.
	Others map[string][2]string
	// Environments are GitHub environments. Workflows are workflow files at refs, OWNER/NAME/.github/workflows/FILE@REF.
	Environments, Workflows []string
}

// workflowAt matches a workflow file in a provider's condition or in a binding.
var workflowAt = regexp.MustCompile(`[\w.-]+/[\w.-]+/\.github/workflows/[\w.-]+@[\w./-]+`)

// TokenPartsOf collects the words of one or two sides of a comparison: their settings, and the workflow files that their providers and
// bindings name. The first side decides which repository is the own one.
func TokenPartsOf(settings []stacks.Settings, resources ...[]inventory.Resource) TokenParts {
	g := settings[0].GitHub
	words := TokenParts{OwnerID: fmt.Sprint(g.OwnerID), RepositoryID: fmt.Sprint(g.RepositoryID), Owner: g.Owner, Repository: g.Repository,
		Branch: g.Branch}
	words.Others = map[string][2]string{}
	for _, s := range settings {
		if s.GitHub.RepositoryID != g.RepositoryID || s.GitHub.OwnerID != g.OwnerID {
			words.Others[s.GitHub.Owner+"/"+s.GitHub.Repository] = [2]string{fmt.Sprint(s.GitHub.OwnerID), fmt.Sprint(s.GitHub.RepositoryID)}
		}
		for _, environment := range s.GitHub.Environments {
			words.Environments = append(words.Environments, environment.Name)
		}
	}
	for _, side := range resources {
		for _, r := range side {
			words.Workflows = append(words.Workflows, workflowAt.FindAllString(r.Text("attributeCondition")+" "+r.Text("member"), -1)...)
		}
	}
	for i, workflow := range words.Workflows { // In a member, the prefix ID:ENVIRONMENT:REF: precedes the workflow.
		words.Workflows[i] = workflow[strings.LastIndexByte(workflow, ':')+1:]
	}
	for _, list := range []*[]string{&words.Environments, &words.Workflows} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return words
}

// token is one kind of job for which GitHub may issue a token.
type token struct {
	text   string
	claims map[string]any
}

// choice is one possible value of a part of a token.
type choice struct {
	text   string
	claims map[string]any
}

// tokens returns the combinations of repository, event, file, ref and environment, the plainest first.
func (w TokenParts) tokens() (all []token) {
	slug := w.Owner + "/" + w.Repository
	mine := func(owner, ownerID, repository, id string) map[string]any {
		return map[string]any{"repository_owner": owner, "repository_owner_id": ownerID, "repository": owner + "/" + repository,
			"repository_id": id}
	}
	repositories := []choice{
		{"", mine(w.Owner, w.OwnerID, w.Repository, w.RepositoryID)},
		{" of another repository of the owner", mine(w.Owner, w.OwnerID, "another", "9"+w.RepositoryID)},
		{" of a stranger's repository", mine("stranger", "9"+w.OwnerID, w.Repository, "8"+w.RepositoryID)},
		{" of the repository's former name, with another owner", mine("stranger", "9"+w.OwnerID, w.Repository, w.RepositoryID)},
	}
	for _, name := range slices.Sorted(maps.Keys(w.Others)) {
		owner, repository, _ := strings.Cut(name, "/")
		ids := w.Others[name]
		repositories = append(repositories, choice{fmt.Sprintf(" of %s, which has the number %s", name, ids[1]), mine(owner, ids[0], repository,
			ids[1])})
	}
	run := func(text, event, ref string) choice {
		kind := "branch"
		if strings.HasPrefix(ref, "refs/tags/") {
			kind = "tag"
		}
		return choice{text, map[string]any{"event_name": event, "ref": ref, "ref_type": kind}}
	}
	on := "refs/heads/" + w.Branch
	runs := []choice{
		run("a push to "+w.Branch, "push", on), run("a pull request", "pull_request", "refs/pull/7/merge"), run("a run by hand on "+w.Branch,
			"workflow_dispatch", on),
		run("a schedule", "schedule", on), run("a push to another branch", "push", "refs/heads/another"), run("a tag", "push", "refs/tags/v1"),
		run("a run by hand on another branch", "workflow_dispatch", "refs/heads/another"), run("a pull request's target", "pull_request_target",
			on),
		run("a comment", "issue_comment", on), run("the end of another workflow", "workflow_run", on), run("a release", "release",
			"refs/tags/v1"),
	}
	var files []choice
	for _, workflow := range w.Workflows {
		files = append(files, choice{", " + strings.Replace(workflow, "/.github/workflows/", ":", 1),
			map[string]any{"job_workflow_ref": workflow}})
	}
	files = append(files, choice{", another workflow", map[string]any{"job_workflow_ref": slug + "/.github/workflows/another.yml@" + on}},
		choice{", a stranger's workflow", map[string]any{"job_workflow_ref": "stranger/x/.github/workflows/deploy.yml@refs/heads/main"}})
	environments := []choice{{"", nil}}
	for _, environment := range append(slices.Clone(w.Environments), "another-environment") {
		environments = append(environments, choice{", in " + environment, map[string]any{"environment": environment}})
	}
	runners := []choice{{"", map[string]any{"runner_environment": "github-hosted"}}, {", on a self-hosted runner",
		map[string]any{"runner_environment": "self-hosted"}}}
	for i, repository := range repositories {
		for j, runner := range runners {
			if i > 0 && j > 0 {
				break // A token has at most one unusual part.
			}
			for _, r := range runs {
				for _, file := range files {
					for _, environment := range environments {
						claims := map[string]any{"iss": issuer, "run_id": "1", "sub": "repo:" + slug, "actor": "somebody",
							"workflow_ref": slug + "/.github/workflows/a.yml@" + on}
						for _, part := range []choice{repository, runner, r, file, environment} {
							for name, value := range part.claims {
								claims[name] = value
							}
						}
						all = append(all, token{r.text + repository.text + file.text + environment.text + runner.text, claims})
					}
				}
			}
		}
	}
	return all
}

const issuer = "https://token.actions.githubusercontent.com"

// becomes returns the accounts that each token becomes, at any provider.
func becomes(deployed trust.Deployed, words TokenParts) (facts []review.Fact, err error) {
	simulator, err := trust.New(deployed)
	if err != nil {
		return nil, err
	}
	for _, token := range words.tokens() {
		seen := map[string]bool{}
		for _, provider := range deployed.Providers {
			token.claims["aud"] = "https://iam.googleapis.com/" + provider.Name
			for _, identity := range simulator.Exchange(token.claims).Identities {
				account := accountOf(identity.Account)
				if identity.Account == "" {
					account = "what holds " + identity.Member
				}
				if !seen[account] {
					seen[account] = true
					facts = append(facts, review.Fact{Kind: review.Becomes, Subject: account, Text: token.text})
				}
			}
		}
	}
	return facts, nil
}
