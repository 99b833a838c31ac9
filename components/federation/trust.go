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
	// AttributeRepository is the numeric repository id. It covers every job of the repository that a provider admits.
	AttributeRepository = "repository_id"
	// AttributeEnvironment is repository and environment; see [EnvironmentValue].
	AttributeEnvironment = "repo_env"
	// AttributeWorkflow is the workflow file and the ref it came from; see [WorkflowRef]. It does not say the ref of the run:
	// if a provider admits other refs, a run of another branch that calls the file as a reusable workflow has the same value.
	AttributeWorkflow = "job_workflow_ref"
	// AttributeEnvironmentWorkflow is repository, environment, the run's ref and workflow; see [EnvironmentWorkflowValue].
	AttributeEnvironmentWorkflow = "env_workflow"
	// AttributeEventWorkflow is repository, environment, the run's event and workflow; see [EventWorkflowValue]. It is for runs whose
	// ref changes each time, such as a pull request's refs/pull/7/merge.
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

// Trust says which jobs a provider admits. The job has to run on a runner of GitHub's own, because any other runner can pass
// the token on to anybody. An optional field that is empty asks for nothing.
type Trust struct {
	// OwnerID is the numeric id of the user or organization that owns the repository. Required.
	OwnerID int64
	// RepositoryID is the repository's numeric id. Required.
	RepositoryID int64
	// Ref is the ref of the run, for example refs/heads/main. Default: any.
	Ref string
	// Workflows are workflow files with the ref they were read from, as [WorkflowRef] and [WorkflowAt] spell them. The job
	// has to belong to one of them. With several, a version can be raised while the one before still works. Default: any.
	Workflows []string
	// Environment is the GitHub environment of the job, or [NoEnvironment]. Default: any, allowed only for the one
	// provider of a pool.
	Environment string
	// Events are the events that may have started the run: merge_group, pull_request, push, release, repository_dispatch,
	// schedule and workflow_dispatch. These take write access or a schedule. Other events, such as pull_request_target and
	// issue_comment, let somebody with only a fork or a comment run main's workflow, and are refused. Required.
	Events []string
	// Description says which jobs the provider is for, up to 256 characters. Default: none.
	Description string
}

// Mapping returns the attribute mapping of every provider. The subject consists of numbers only, so that it stays under
// Google's limit of 127 bytes.
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

// eventMapping is the expression for [AttributeEventWorkflow]. Only pools with a binding to that attribute map it, so that other pools
// do not change.
const eventMapping = repositoryExpression + " + ':' + " + environmentExpression + " + ':' + " + eventExpression + " + ':' + (" +
	workflowExpression + ")"

// Condition returns the attribute condition, in the Common Expression Language, that holds for exactly the tokens that
// trust describes. The provider gets this text. Condition refuses an environment with the name that stands for no
// environment, because the mapped attributes could not tell their jobs apart.
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

// WorkflowRef returns the value of the claim job_workflow_ref for a workflow file of a repository on a branch. For a
// job inside a reusable workflow the claim names the reusable workflow.
func WorkflowRef(owner, repository, file, branch string) string {
	return WorkflowAt(owner+"/"+repository, file, "refs/heads/"+branch)
}

// WorkflowAt returns the same claim for a workflow file of a repository, OWNER/NAME, that was called at a ref: a full
// commit, refs/tags/TAG or refs/heads/BRANCH.
func WorkflowAt(repository, file, ref string) string {
	return repository + "/.github/workflows/" + file + "@" + ref
}

// EnvironmentValue returns the value of [AttributeEnvironment] for jobs of a repository in an environment, or in
// [NoEnvironment].
func EnvironmentValue(repositoryID int64, environment string) string {
	return strconv.FormatInt(repositoryID, 10) + ":" + environment
}

// EnvironmentWorkflowValue returns the value of [AttributeEnvironmentWorkflow] for runs of the branch; workflow is
// spelled by [WorkflowRef]. The workflow's own ref is not enough, because any branch can call a reusable workflow at
// main.
func EnvironmentWorkflowValue(repositoryID int64, environment, branch, workflow string) string {
	return EnvironmentValue(repositoryID, environment) + ":refs/heads/" + branch + ":" + workflow
}

// EventWorkflowValue returns the value of [AttributeEventWorkflow] for runs that an event started; workflow is spelled by
// [WorkflowRef].
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
