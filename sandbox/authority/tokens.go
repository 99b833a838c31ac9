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
	// OwnerID and RepositoryID are GitHub's numbers.
	OwnerID, RepositoryID string
	// Owner and Repository are the names, and Branch is the default branch.
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

// part is a part of a token for which GitHub may choose among values, or the whole token that such parts make.
type part struct {
	text   string
	claims map[string]any
}

// tokens returns one token for each kind of job, the plainest first: the combinations of repository, runner, event, file and environment.
func (w TokenParts) tokens() (all []part) {
	hosted := part{"", map[string]any{"runner_environment": "github-hosted"}}
	selfHosted := part{", on a self-hosted runner", map[string]any{"runner_environment": "self-hosted"}}
	repositories := w.repositories()
	origins := [][2]part{{repositories[0], hosted}, {repositories[0], selfHosted}}
	for _, other := range repositories[1:] { // A token has at most one unusual part.
		origins = append(origins, [2]part{other, hosted})
	}
	runs, files, environments := w.runs(), w.files(), w.environments()
	for _, origin := range origins {
		for _, run := range runs {
			for _, file := range files {
				for _, environment := range environments {
					all = append(all, w.join(run, origin[0], file, environment, origin[1]))
				}
			}
		}
	}
	return all
}

// join makes a token of its parts.
func (w TokenParts) join(parts ...part) part {
	slug := w.Owner + "/" + w.Repository
	token := part{claims: map[string]any{"iss": issuer, "run_id": "1", "sub": "repo:" + slug, "actor": "somebody",
		"workflow_ref": slug + "/.github/workflows/a.yml@" + w.main()}}
	for _, one := range parts {
		token.text += one.text
		maps.Copy(token.claims, one.claims)
	}
	return token
}

func (w TokenParts) main() string { return "refs/heads/" + w.Branch }

// repositories returns where a job may run. The first is the own repository.
func (w TokenParts) repositories() []part {
	of := func(text, owner, ownerID, repository, id string) part {
		return part{text, map[string]any{"repository_owner": owner, "repository_owner_id": ownerID, "repository": owner + "/" + repository,
			"repository_id": id}}
	}
	all := []part{
		of("", w.Owner, w.OwnerID, w.Repository, w.RepositoryID),
		of(" of another repository of the owner", w.Owner, w.OwnerID, "another", "9"+w.RepositoryID),
		of(" of a stranger's repository", "stranger", "9"+w.OwnerID, w.Repository, "8"+w.RepositoryID),
		of(" of the repository's former name, with another owner", "stranger", "9"+w.OwnerID, w.Repository, w.RepositoryID),
	}
	for _, name := range slices.Sorted(maps.Keys(w.Others)) {
		owner, repository, _ := strings.Cut(name, "/")
		ids := w.Others[name]
		all = append(all, of(fmt.Sprintf(" of %s, which has the number %s", name, ids[1]), owner, ids[0], repository, ids[1]))
	}
	return all
}

// runs returns what may have started a job, and at which ref.
func (w TokenParts) runs() []part {
	run := func(text, event, ref string) part {
		kind := "branch"
		if strings.HasPrefix(ref, "refs/tags/") {
			kind = "tag"
		}
		return part{text, map[string]any{"event_name": event, "ref": ref, "ref_type": kind}}
	}
	on := w.main()
	return []part{
		run("a push to "+w.Branch, "push", on),
		run("a pull request", "pull_request", "refs/pull/7/merge"),
		run("a run by hand on "+w.Branch, "workflow_dispatch", on),
		run("a schedule", "schedule", on),
		run("a push to another branch", "push", "refs/heads/another"),
		run("a tag", "push", "refs/tags/v1"),
		run("a run by hand on another branch", "workflow_dispatch", "refs/heads/another"),
		run("a pull request's target", "pull_request_target", on),
		run("a comment", "issue_comment", on),
		run("the end of another workflow", "workflow_run", on),
		run("a release", "release", "refs/tags/v1"),
	}
}

// files returns the workflow files that a job may be written in.
func (w TokenParts) files() (all []part) {
	file := func(text, workflow string) {
		all = append(all, part{text, map[string]any{"job_workflow_ref": workflow}})
	}
	for _, workflow := range w.Workflows {
		file(", "+strings.Replace(workflow, "/.github/workflows/", ":", 1), workflow)
	}
	file(", another workflow", w.Owner+"/"+w.Repository+"/.github/workflows/another.yml@"+w.main())
	file(", a stranger's workflow", "stranger/x/.github/workflows/deploy.yml@refs/heads/main")
	return all
}

// environments returns the environments that a job may name; the first names none.
func (w TokenParts) environments() []part {
	all := []part{{}}
	for _, environment := range append(slices.Clone(w.Environments), "another-environment") {
		all = append(all, part{", in " + environment, map[string]any{"environment": environment}})
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
			for _, identity := range simulator.Identities(token.claims) {
				account := accountOf(identity.Account, deployed.Accounts)
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
