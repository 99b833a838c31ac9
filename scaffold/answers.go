// Package scaffold writes the files that an application's repository needs to use the platform: settings, a ten-line main and
// thin callers of the platform's workflows. It detects what it can, proposes lines for files that exist, and replaces nothing
// that a person wrote.
package scaffold

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Module is the platform's Go module.
const Module = "github.com/guiofsaints/procureflow-platform"

// Answers are the facts that have to be known before anything is written.
type Answers struct {
	// App is the application's name, Owner and Repository its repository on GitHub, Team the owner's team that reviews what deploys,
	// Region the Google Cloud region, Folder the folder of the platform's files, and Branch the branch that deploys.
	App, Owner, Repository, Team, Region, Folder, Branch string
	// Environments are dev, or dev and staging, or all of dev, staging and prod, in this order. Images are built in
	// dev.
	Environments []string
	// Services are the application's services, at least one.
	Services []Service
	// DefaultBranch is origin's default branch, which is the branch that deploys; "" if git does not know it.
	DefaultBranch string
	// Projects are Google Cloud project ids by environment. Default: APP-ENVIRONMENT.
	Projects map[string]string
	// Reviewers are numeric ids by GitHub environment. Default: a stand-in each.
	Reviewers map[string][]string
	// Numbers are the projects' numbers by environment. Numbers, BillingAccount, the ids and Alerts become stand-ins if they are
	// not given.
	Numbers                                       map[string]string
	BillingAccount, OwnerID, RepositoryID, Alerts string
	// Currency is the billing account's, and the budgets'.
	Currency string
	// Organization is the organization in Pulumi Cloud. Default: Owner.
	Organization string
	// Jobs are the jobs of lint, test and compile for which pnpm has a script in the folder Workspace. Web is the
	// application's folder in it, Test the script of the job test, and NodeVersion the major version of the image's Node.
	Jobs                              []string
	Workspace, Web, Test, NodeVersion string
	// PullRequests and Pushes are the branches for which platform-ci.yml runs, Branch among them.
	PullRequests, Pushes []string
	// Platform is the repository whose workflows are called. Version and Commit name one version of it.
	Platform, Version, Commit string
	// Replace is a folder to use instead of the module, for trying a change of the platform. Default: none, the module's version
	// is used.
	Replace string
}

// Service is one service of the application.
type Service struct {
	// Key is the service's key in the settings, Name its id in Cloud Run, Image its name in the registry, Account the id of its service
	// account, and Dockerfile the file that builds it.
	Key, Name, Image, Account, Dockerfile string
	// Port is the port that the container listens on.
	Port int
	// Commit is the build argument that takes the commit. Default: none.
	Commit string
}

var environments = []string{"dev", "staging", "prod"}

var (
	serviceKey = regexp.MustCompile(`^[a-z][a-z0-9-]{0,20}$`)
	regionForm = regexp.MustCompile(`^[a-z]+-[a-z]+[1-9][0-9]?$`)
	idForm     = regexp.MustCompile(`^[1-9][0-9]*$`)
	projectID  = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	billingID  = regexp.MustCompile(`^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$`)
	mailForm   = regexp.MustCompile(`^[^\s@"\\]+@[^\s@"\\]+$`)
	branchForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/*-]*$`)
	pathForm   = regexp.MustCompile(`^[A-Za-z0-9_@][A-Za-z0-9._@+/-]*$`)
)

// currencyOf is the command that prints a billing account's currency.
const currencyOf = "gcloud billing accounts describe ID --format='value(currencyCode)'"

// notInIDs lists words that Google refuses in a project's id.
var notInIDs = []string{"google", "null", "undefined", "ssl"}

// check returns all problems of the answers that the readers of platform.yaml and of the settings do not check.
func (a Answers) check() error {
	var found problems.List
	found.If(!regionForm.MatchString(a.Region), "--region is %q: use a region such as europe-west1", a.Region)
	found.If(len(a.Environments) == 0 || !slices.Equal(a.Environments, environments[:min(len(a.Environments), 3)]),
		"--environments is %q: use dev, or dev,staging, or dev,staging,prod: images are built in dev and promoted from there",
		strings.Join(a.Environments, ","))
	found.If(len(a.Services) == 0, "--service: name at least one")
	for _, s := range a.Services {
		found.If(!serviceKey.MatchString(s.Key), "--service %q: use at most 21 lower-case letters, digits and hyphens, a letter first", s.Key)
		found.If(s.Dockerfile != "" && (!pathForm.MatchString(s.Dockerfile) || s.Dockerfile != path.Clean(s.Dockerfile)),
			"--service %s=%s: use the Dockerfile's path in the repository, of letters, digits and ._@+-", s.Key, s.Dockerfile)
	}
	known := func(value string) string { return strings.TrimPrefix(value, stacks.StandInPrefix) }
	found.If(a.BillingAccount != "" && !billingID.MatchString(known(a.BillingAccount)),
		"--billing-account is %q: use XXXXXX-XXXXXX-XXXXXX, from gcloud billing accounts list", a.BillingAccount)
	found.If(!limits.Currency.MatchString(a.Currency),
		"--currency is %q: use the billing account's ISO 4217 code, for example EUR, from %s", a.Currency, currencyOf)
	found.If(a.OwnerID != "" && !idForm.MatchString(known(a.OwnerID)), "--owner-id is %q: use the number, from gh api users/%s --jq .id",
		a.OwnerID, a.Owner)
	found.If(a.RepositoryID != "" && !idForm.MatchString(known(a.RepositoryID)),
		"--repository-id is %q: use the number, from gh api repos/%s/%s --jq .id",
		a.RepositoryID, a.Owner, a.Repository)
	found.If(a.Alerts != "" && !mailForm.MatchString(a.Alerts), "--alerts is %q: use an e-mail address", a.Alerts)
	found.If(!branchForm.MatchString(a.Branch) || strings.Contains(a.Branch, "*") || strings.HasPrefix(a.Branch, "refs/"),
		"--branch is %q: use the short name of the repository's default branch, such as main", a.Branch)
	found.If(a.DefaultBranch != "" && a.Branch != a.DefaultBranch,
		"--branch is %q, and the repository's default branch, which alone is built and "+
			"released, is %q: make the other one the default on GitHub first, then git remote set-head origin --auto", a.Branch, a.DefaultBranch)
	for _, environment := range sorted(a.Numbers) {
		found.If(!slices.Contains(a.Environments, environment), "--project-number %s=…: there is no environment %s", environment, environment)
		found.If(!idForm.MatchString(a.Numbers[environment]), "--project-number %s=%s: use the number, from gcloud projects describe",
			environment, a.Numbers[environment])
	}
	for _, environment := range sorted(a.Projects) {
		project := a.Projects[environment]
		found.If(!slices.Contains(a.Environments, environment), "--project %s=%s: there is no environment %s", environment, project, environment)
		found.If(!projectID.MatchString(project), "--project %s=%s: use the project's id, 6-30 characters", environment, project)
	}
	for _, environment := range a.Environments {
		id := a.project(environment)
		at := slices.IndexFunc(notInIDs, func(word string) bool { return strings.Contains(id, word) })
		found.If(at >= 0, "--project %s=%s: Google refuses project ids that contain %q: choose another", environment, id, notInIDs[max(at, 0)])
	}
	gates := []string{}
	for _, environment := range a.Environments {
		for _, gate := range a.gates(environment) {
			gates = append(gates, gate.Name)
		}
	}
	for _, gate := range sorted(a.Reviewers) {
		ids := a.Reviewers[gate]
		found.If(!slices.Contains(gates, gate), "--reviewer %s=…: there is no GitHub environment %s: use %s", gate, gate,
			strings.Join(gates, ", "))
		for _, id := range ids {
			found.If(!idForm.MatchString(id), "--reviewer %s=%s: use the number, from gh api users/LOGIN --jq .id", gate, id)
		}
	}
	return found.Err()
}

// service fills in the names that follow from a service's key. An account's id has at most 30 characters.
func (a Answers) service(key string) Service {
	app := a.App
	if room := 29 - len(key); len(app) > room && room > 0 {
		app = strings.TrimRight(app[:room], "-")
	}
	account := app + "-" + key
	for len(account) < 6 {
		account += "-run"
	}
	name := a.App + "-" + key
	if len(name) > 37 {
		name = account
	}
	return Service{Key: key, Name: name, Image: key, Account: account, Port: 8080, Dockerfile: "Dockerfile"}
}

func (a Answers) project(environment string) string {
	if id := a.Projects[environment]; id != "" {
		return id
	}
	return a.App + "-" + environment
}

// number returns a project's number, or a stand-in. The stand-ins differ, because no two projects of a sandbox may
// share a number.
func (a Answers) number(environment string) string {
	if known := a.Numbers[environment]; known != "" {
		return known
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(a.project(environment)))
	return stacks.StandInPrefix + fmt.Sprint(100000000000+uint64(hash.Sum32()))
}

// or returns a value, or its stand-in if it is empty.
func or(known, standIn string) string { return cmp.Or(known, stacks.StandInPrefix+standIn) }

func stands(value string) bool { return strings.HasPrefix(value, stacks.StandInPrefix) }

// quoted returns a number as YAML writes it, and a stand-in as a quoted text.
func quoted(value string) string {
	if stands(value) {
		return strconv.Quote(value)
	}
	return value
}

// gate is a GitHub environment that a deployment passes.
type gate struct {
	Name      string
	Reviewers []string
	Wait      int
}

func (a Answers) gates(environment string) []gate {
	reviewers := func(name, standIn string) []string {
		if given := a.Reviewers[name]; len(given) > 0 {
			return given
		}
		return []string{strconv.Quote(stacks.StandInPrefix + standIn)}
	}
	switch environment {
	case "staging":
		return []gate{{Name: "staging", Reviewers: reviewers("staging", "1000001")}}
	case "prod":
		return []gate{
			{Name: "production-approval", Reviewers: reviewers("production-approval", "1000001")},
			{Name: "production", Reviewers: reviewers("production", "1000002"), Wait: 5},
		}
	}
	return []gate{{Name: environment}}
}
