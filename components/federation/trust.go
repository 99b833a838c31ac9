package federation

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// Issuer signs the tokens of GitHub Actions on github.com.
const Issuer = "https://token.actions.githubusercontent.com"

// NoEnvironment as [Trust.Environment] admits only jobs that run in no GitHub environment. It is also what the mapped
// attributes hold for such jobs.
const NoEnvironment = naming.NoEnvironment

// Attributes that a binding may match, without their prefix "attribute.". The ref is mapped too, but says nothing about
// the repository, so no binding may use it.
const (
	// AttributeRepository is the numeric repository id: every job of the repository that a provider admits.
	AttributeRepository = "repository_id"
	// AttributeEnvironment is repository and environment; see [EnvironmentValue].
	AttributeEnvironment = "repo_env"
	// AttributeWorkflow is the workflow file and the ref it came from; see [WorkflowRef]. It does not say which ref the run is
	// of: where a provider admits other refs, a branch that calls the file as a reusable workflow has it too.
	AttributeWorkflow = "job_workflow_ref"
	// AttributeEnvironmentWorkflow is repository, environment, the run's ref and workflow; see [EnvironmentWorkflowValue].
	AttributeEnvironmentWorkflow = "env_workflow"
	// AttributeEventWorkflow is repository, environment, the run's event and workflow; see [EventWorkflowValue]. It is for runs whose
	// ref is another one each time, as a pull request's refs/pull/7/merge.
	AttributeEventWorkflow = "event_workflow"
)

// Expressions of GitHub's claims. A claim that a token lacks fails the whole exchange unless has() asks first.
const (
	repositoryExpression  = "assertion.repository_id"
	environmentExpression = "(has(assertion.environment) ? assertion.environment : '" + NoEnvironment + "')"
	refExpression         = "assertion.ref"
	eventExpression       = "assertion.event_name"
	workflowExpression    = "has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none'"
)

// Trust says which jobs a provider admits. It always asks for a runner of GitHub's own: one that somebody else runs can hand
// the token to whom it likes. An empty field asks nothing, except those that are required.
type Trust struct {
	// OwnerID is the numeric id of the user or organization that owns the repository. Required.
	OwnerID int64
	// RepositoryID is the repository's numeric id. Required.
	RepositoryID int64
	// Ref is the ref that the run is of, for example refs/heads/main. Default: any.
	Ref string
	// Workflows are workflow files with the ref they were read from, as [WorkflowRef] and [WorkflowAt] spell them; the job is
	// of one of them. Several let a version be raised while the one before still works. Default: any.
	Workflows []string
	// Environment is the GitHub environment of the job, or [NoEnvironment]. Default: any, allowed only for the one
	// provider of a pool.
	Environment string
	// Events are the events that may have started the run, of those that take write access or a schedule: merge_group,
	// pull_request, push, release, repository_dispatch, schedule and workflow_dispatch. The others, pull_request_target and
	// issue_comment among them, run main's workflow when somebody with a fork or a comment wants it. Required.
	Events []string
	// Description says whom the provider is for, up to 256 characters. Default: none.
	Description string
}

// Mapping is the attribute mapping of every provider. The subject is made of numbers only, so that it stays under
// Google's 127 bytes.
func Mapping() map[string]string {
	return map[string]string{
		"google.subject":             "assertion.repository_id + ':' + assertion.run_id",
		"attribute.repository_id":    repositoryExpression,
		"attribute.ref":              refExpression,
		"attribute.repo_env":         repositoryExpression + " + ':' + " + environmentExpression,
		"attribute.job_workflow_ref": workflowExpression,
		"attribute.env_workflow": repositoryExpression + " + ':' + " + environmentExpression + " + ':' + " + refExpression +
			" + ':' + (" + workflowExpression + ")",
	}
}

// eventMapping is what [AttributeEventWorkflow] is mapped from, in pools with a binding to it: others keep the mapping that they have.
const eventMapping = repositoryExpression + " + ':' + " + environmentExpression + " + ':' + " + eventExpression + " + ':' + (" +
	workflowExpression + ")"

// Condition is the attribute condition, in the Common Expression Language, that holds for exactly the tokens that trust
// describes. It is the text the provider gets. An environment that is called like the absence of one is refused: the mapped
// attributes could not tell its jobs from those in no environment.
func Condition(trust Trust) string {
	terms := []string{
		"assertion.repository_owner_id == " + quote(strconv.FormatInt(trust.OwnerID, 10)),
		"assertion.repository_id == " + quote(strconv.FormatInt(trust.RepositoryID, 10)),
		"assertion.event_name in " + quoteList(trust.Events),
		"assertion.runner_environment == 'github-hosted'",
	}
	if trust.Ref != "" {
		terms = append(terms, "assertion.ref == "+quote(trust.Ref))
	}
	if len(trust.Workflows) > 0 {
		terms = append(terms, "has(assertion.job_workflow_ref)", "assertion.job_workflow_ref in "+quoteList(trust.Workflows))
	}
	switch trust.Environment {
	case "":
		terms = append(terms, "(!has(assertion.environment) || assertion.environment != '"+NoEnvironment+"')")
	case NoEnvironment:
		terms = append(terms, "!has(assertion.environment)")
	default:
		terms = append(terms, "has(assertion.environment)", "assertion.environment == "+quote(trust.Environment))
	}
	return strings.Join(terms, " && ")
}

// WorkflowRef is how GitHub names a workflow file of a repository on a branch in the claim job_workflow_ref. For a job
// inside a reusable workflow the claim names the reusable one.
func WorkflowRef(owner, repository, file, branch string) string {
	return WorkflowAt(owner+"/"+repository, file, "refs/heads/"+branch)
}

// WorkflowAt is how GitHub names a workflow file of a repository, OWNER/NAME, that was called at a ref: a full commit, or
// refs/tags/TAG or refs/heads/BRANCH for one that was called by its name.
func WorkflowAt(repository, file, ref string) string {
	return repository + "/.github/workflows/" + file + "@" + ref
}

// EnvironmentValue is the value of [AttributeEnvironment] for jobs of a repository in an environment, or in
// [NoEnvironment].
func EnvironmentValue(repositoryID int64, environment string) string {
	return strconv.FormatInt(repositoryID, 10) + ":" + environment
}

// EnvironmentWorkflowValue is the value of [AttributeEnvironmentWorkflow] for runs of the branch; workflow is spelled by
// [WorkflowRef]. The workflow's own ref does not do: a branch can call a reusable workflow at another ref.
func EnvironmentWorkflowValue(repositoryID int64, environment, branch, workflow string) string {
	return EnvironmentValue(repositoryID, environment) + ":refs/heads/" + branch + ":" + workflow
}

// EventWorkflowValue is the value of [AttributeEventWorkflow] for runs that an event started; workflow is spelled by [WorkflowRef].
func EventWorkflowValue(repositoryID int64, environment, event, workflow string) string {
	return EnvironmentValue(repositoryID, environment) + ":" + event + ":" + workflow
}

// quoteList writes texts as a CEL list.
func quoteList(texts []string) string {
	quoted := make([]string, 0, len(texts))
	for _, text := range texts {
		quoted = append(quoted, quote(text))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes text as a CEL string, so that no value of a setting can become part of the expression.
func quote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('\'')
	for _, r := range text {
		switch {
		case r == '\'' || r == '\\':
			quoted.WriteByte('\\')
			quoted.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&quoted, `\u%04x`, r)
		default:
			quoted.WriteRune(r)
		}
	}
	quoted.WriteByte('\'')
	return quoted.String()
}
