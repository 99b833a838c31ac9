// Package adopt finds which of the resources that a first `pulumi up` would make exist already, and writes the file with
// which `pulumi import` takes them into the state instead. It reads the cloud and changes nothing.
//
// Only resources whose name the program decides can be there before it: a repository, an account, a secret, a service, a
// custom role, an identity pool, an objective, a metric, a key, an attestor, and GitHub's environments, variables and
// rulesets. Members of IAM policies, switched-on APIs and settings that are always there (the Binary Authorization policy,
// the allowed actions, the workflow token, vulnerability alerts) need no import: making them sets them. Channels, alerts
// and dashboards get their name from Google, so one made by hand is another resource: delete it after the first run.
package adopt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Planned is a resource that a preview would create, or a provider, whatever the preview does to it.
type Planned struct {
	URN    string
	Type   string
	Custom bool
	// Parent and Provider are URNs; empty for the stack itself and for components.
	Parent, Provider string
	Inputs           map[string]any
}

// Name is the logical name.
func (p Planned) Name() string { return p.URN[strings.LastIndex(p.URN, "::")+2:] }

// Adoption is a resource that exists already.
type Adoption struct {
	Planned
	// ID is what `pulumi import` takes.
	ID string
	// Pin is the command that keeps a service's requests where they are, to be given before the first `up`; empty where that
	// moves none.
	Pin string
}

// APIs are the base addresses that are asked, each ending with a slash.
type APIs struct {
	ArtifactRegistry, IAM, SecretManager, Run, Monitoring, Logging, KMS, ContainerAnalysis, BinaryAuthorization string

	GitHub string
}

// Public are the addresses of Google Cloud and GitHub.
var Public = APIs{
	ArtifactRegistry: "https://artifactregistry.googleapis.com/v1/", IAM: "https://iam.googleapis.com/v1/",
	SecretManager: "https://secretmanager.googleapis.com/v1/", Run: "https://run.googleapis.com/v2/",
	Monitoring: "https://monitoring.googleapis.com/v3/", Logging: "https://logging.googleapis.com/v2/",
	KMS: "https://cloudkms.googleapis.com/v1/", ContainerAnalysis: "https://containeranalysis.googleapis.com/v1/",
	BinaryAuthorization: "https://binaryauthorization.googleapis.com/v1/", GitHub: "https://api.github.com/",
}

// Clients ask as a person.
type Clients struct {
	Google *http.Client
	// GitHub is nil without a token; a plan with GitHub's resources then fails.
	GitHub *http.Client
}

// kind is a type that can be there before the program. Its patterns have inputs in braces: {input} is the last part of a
// resource name, {+input} all of it. {owner} is the owner that the GitHub provider is set to.
type kind struct {
	api func(APIs) string
	// path is where it is read.
	path string
	// With list, path is a list under that field (or bare, as "-"), found by the entry whose name is the input named by by; {id} is its number.
	list, by string
	// id is what the provider imports by. Default: path.
	id string
	// undelete is the command that brings one back. Default: what is deleted is gone.
	undelete string
	// gone is how long one that was deleted keeps its name, and can be brought back.
	gone string
}

// The ids are those of the providers' documentation, in each resource's section Import.
var kinds = map[string]kind{
	"gcp:artifactregistry/repository:Repository": {
		api: func(a APIs) string { return a.ArtifactRegistry }, path: "projects/{project}/locations/{location}/repositories/{repositoryId}"},
	"gcp:serviceaccount/account:Account": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"},
	"gcp:projects/iAMCustomRole:IAMCustomRole": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/roles/{roleId}",
		undelete: "gcloud iam roles undelete {roleId} --project {project}",
		gone:     "that works for 7 days, and the name is free again after 37: until then rename the role in infra/program/project.go"},
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
		undelete: "gcloud iam workload-identity-pools undelete {workloadIdentityPoolId} --location global --project {project}",
		gone:     "that works for 30 days, and then the name is free again"},
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
		api:  func(a APIs) string { return a.IAM },
		path: "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}/providers/{workloadIdentityPoolProviderId}",
		undelete: "gcloud iam workload-identity-pools providers undelete {workloadIdentityPoolProviderId} " +
			"--workload-identity-pool {workloadIdentityPoolId} --location global --project {project}",
		gone: "that works for 30 days, and then the name is free again"},
	"gcp:secretmanager/secret:Secret": {
		api: func(a APIs) string { return a.SecretManager }, path: "projects/{project}/secrets/{secretId}"},
	"gcp:cloudrunv2/service:Service": {
		api: func(a APIs) string { return a.Run }, path: "projects/{project}/locations/{location}/services/{name}"},
	"gcp:monitoring/genericService:GenericService": {
		api: func(a APIs) string { return a.Monitoring }, path: "projects/{project}/services/{serviceId}"},
	"gcp:monitoring/slo:Slo": {
		api: func(a APIs) string { return a.Monitoring }, path: "projects/{project}/services/{service}/serviceLevelObjectives/{sloId}"},
	"gcp:logging/metric:Metric": {
		api: func(a APIs) string { return a.Logging }, path: "projects/{project}/metrics/{name}", id: "{name}"},
	"gcp:kms/keyRing:KeyRing": {
		api: func(a APIs) string { return a.KMS }, path: "projects/{project}/locations/{location}/keyRings/{name}"},
	"gcp:kms/cryptoKey:CryptoKey": {
		api: func(a APIs) string { return a.KMS }, path: "{+keyRing}/cryptoKeys/{name}"},
	"gcp:containeranalysis/note:Note": {
		api: func(a APIs) string { return a.ContainerAnalysis }, path: "projects/{project}/notes/{name}"},
	"gcp:binaryauthorization/attestor:Attestor": {
		api: func(a APIs) string { return a.BinaryAuthorization }, path: "projects/{project}/attestors/{name}"},
	"github:index/repositoryEnvironment:RepositoryEnvironment": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}", id: "{repository}:{environment}"},
	"github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies?per_page=100",
		list: "branch_policies", by: "branchPattern", id: "{repository}:{environment}:{id}"},
	"github:index/actionsVariable:ActionsVariable": {
		api: gitHub, path: "repos/{owner}/{repository}/actions/variables/{variableName}", id: "{repository}:{variableName}"},
	"github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}/variables/{variableName}",
		id: "{repository}:{environment}:{variableName}"},
	"github:index/repositoryRuleset:RepositoryRuleset": {
		api: gitHub, path: "repos/{owner}/{repository}/rulesets?per_page=100&includes_parents=false", list: "-", by: "name", id: "{repository}:{id}"},
}

func gitHub(a APIs) string { return a.GitHub }

// ReadPlan reads the output of `pulumi preview --json`.
func ReadPlan(in io.Reader) ([]Planned, error) {
	var plan struct {
		Steps []struct {
			Op       string
			NewState *struct {
				URN, Type, Parent, Provider string
				Custom                      bool
				Inputs                      map[string]any
			}
		}
		Diagnostics []struct{ Severity, Message string }
	}
	if err := json.NewDecoder(in).Decode(&plan); err != nil {
		return nil, fmt.Errorf("read the plan: %w; give the output of `pulumi preview --json`", err)
	}
	var failures []error
	for _, diagnostic := range plan.Diagnostics {
		if diagnostic.Severity == "error" {
			failures = append(failures, errors.New(strings.TrimSpace(diagnostic.Message)))
		}
	}
	if len(failures) > 0 {
		return nil, fmt.Errorf("the preview failed, so its plan is not whole: %w", errors.Join(failures...))
	}
	var planned []Planned
	for _, step := range plan.Steps {
		if step.NewState == nil || !Counts(step.Op, step.NewState.Type) {
			continue
		}
		s := step.NewState
		provider := s.Provider
		if cut := strings.LastIndex(provider, "::"); cut >= 0 {
			provider = provider[:cut]
		}
		planned = append(planned, Planned{URN: s.URN, Type: s.Type, Custom: s.Custom, Parent: s.Parent, Provider: provider, Inputs: s.Inputs})
	}
	return planned, nil
}

// Counts says whether a step of a preview belongs to a plan: what would be created, and providers whatever is done to them, because GitHub's
// resources take their owner from theirs.
func Counts(op, token string) bool { return op == "create" || isProvider(token) }

func isProvider(token string) bool { return strings.HasPrefix(token, "pulumi:providers:") }

// Find asks the cloud which of the planned resources exist. later are the names of those that cannot be looked for
// because they stand in something that is not made or adopted yet: ask again after the import.
//
// It collects every failure before it gives up: an outage must not be taken for an absence, or `up` would try to make what
// is there. GitHub hides from a token what it may not read as if it were absent, so each repository must be seen first.
func Find(ctx context.Context, clients Clients, apis APIs, planned []Planned) (adoptions []Adoption, later []string, err error) {
	owners := map[string]string{}
	for _, p := range planned {
		if owner, _ := p.Inputs["owner"].(string); isProvider(p.Type) {
			owners[p.URN] = owner
		}
	}
	var failures []error
	seen := map[string]error{}
	for _, p := range planned {
		kind, named := kinds[p.Type]
		if !named {
			continue
		}
		f := finder{ctx: ctx, client: clients.Google, base: kind.api(apis), inputs: maps.Clone(p.Inputs)}
		path, known := f.expand(kind.path)
		if strings.HasPrefix(p.Type, "github:") {
			f.client, f.inputs["owner"] = clients.GitHub, owners[p.Provider]
			repository, _ := f.expand("repos/{owner}/{repository}")
			failure, asked := seen[repository]
			if !asked {
				if failure = f.sees(repository); failure != nil {
					failures = append(failures, failure)
				}
				seen[repository] = failure
			}
			if failure != nil {
				continue
			}
			path, known = f.expand(kind.path)
		}
		if !known {
			later = append(later, p.Name())
			continue
		}
		found, body, err := f.exists(kind, path)
		if err != nil {
			name, _, _ := strings.Cut(path, "?")
			failures = append(failures, fmt.Errorf("%s: find out whether %s exists: %w", p.Name(), name, err))
			continue
		}
		if !found {
			continue
		}
		id := path
		if kind.id != "" {
			id, _ = f.expand(kind.id)
		}
		adoption := Adoption{Planned: p, ID: id}
		if p.Type == "gcp:cloudrunv2/service:Service" {
			if adoption.Pin, err = f.pin(body); err != nil {
				failures = append(failures, fmt.Errorf("%s: find out what serves: %w", p.Name(), err))
				continue
			}
		}
		adoptions = append(adoptions, adoption)
	}
	slices.SortFunc(adoptions, func(a, b Adoption) int { return strings.Compare(a.ID, b.ID) })
	return adoptions, later, errors.Join(failures...)
}

// finder asks one API for one planned resource.
type finder struct {
	ctx    context.Context
	client *http.Client
	base   string
	inputs map[string]any
}

// sees says why GitHub's repository cannot be looked into.
func (f finder) sees(repository string) error {
	name := strings.TrimPrefix(repository, "repos/")
	if f.client == nil {
		return fmt.Errorf("the plan has resources of GitHub's repository %s: set GITHUB_TOKEN to a token that administers it (gh auth token)", name)
	}
	there, _, err := f.get(repository)
	if err == nil && !there {
		err = errors.New("it does not exist, or the token may not read it")
	}
	if err != nil {
		return fmt.Errorf("look into GitHub's repository %s: %w", name, err)
	}
	return nil
}

// pin is the command that gives to revisions by name what a service gives to the newest one, whichever that is: the next `up`
// makes a newer one (docs/adr/0001).
func (f finder) pin(body []byte) (string, error) {
	var service struct {
		LatestReadyRevision string
		Traffic             []struct {
			Type, Revision string
			Percent        int
		}
	}
	if err := json.Unmarshal(body, &service); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	ready := service.LatestReadyRevision[strings.LastIndex(service.LatestReadyRevision, "/")+1:]
	percents, moves := map[string]int{}, len(service.Traffic) == 0
	for _, target := range service.Traffic {
		if target.Percent > 0 && target.Revision == "" {
			target.Revision, moves = ready, true
		}
		if target.Percent > 0 {
			percents[target.Revision] += target.Percent
		}
	}
	if !moves || ready == "" {
		return "", nil
	}
	if len(service.Traffic) == 0 {
		percents[ready] = 100
	}
	var split []string
	for _, revision := range slices.Sorted(maps.Keys(percents)) {
		split = append(split, fmt.Sprintf("%s=%d", revision, percents[revision]))
	}
	line, _ := f.expand("gcloud run services update-traffic {name} --project {project} --region {location} --to-revisions ")
	return line + strings.Join(split, ","), nil
}

// exists says whether the resource is there. Of one that is found in a list, it puts the number into the inputs, as id.
func (f finder) exists(k kind, path string) (bool, []byte, error) {
	there, body, err := f.get(path)
	if err != nil || !there {
		return false, nil, err
	}
	if k.undelete != "" {
		var state struct {
			State   string
			Deleted bool
		}
		if err := json.Unmarshal(body, &state); err != nil {
			return false, nil, fmt.Errorf("read the answer: %w", err)
		}
		if state.Deleted || state.State == "DELETED" {
			command, _ := f.expand(k.undelete)
			return false, nil, fmt.Errorf("it was deleted and its name is still taken: bring it back with `%s`, then adopt it (%s)", command, k.gone)
		}
	}
	if k.list == "" {
		return true, body, nil
	}
	list := json.RawMessage(body)
	if k.list != "-" {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return false, nil, fmt.Errorf("read the answer: %w", err)
		}
		list = fields[k.list]
	}
	var entries []struct {
		ID   json.Number
		Name string
	}
	if err := json.Unmarshal(list, &entries); err != nil {
		return false, nil, fmt.Errorf("read the answer: %w", err)
	}
	for _, entry := range entries {
		if entry.Name == f.inputs[k.by] {
			f.inputs["id"] = entry.ID.String()
			return true, body, nil
		}
	}
	return false, nil, nil
}

func (f finder) get(path string) (bool, []byte, error) {
	request, err := http.NewRequestWithContext(f.ctx, http.MethodGet, f.base+path, nil)
	if err != nil {
		return false, nil, err
	}
	if rest, ofGoogle := strings.CutPrefix(path, "projects/"); ofGoogle {
		// A person's credentials are gcloud's own project's, where APIs are off: that would be taken for a project's without them.
		project, _, _ := strings.Cut(rest, "/")
		request.Header.Set("X-Goog-User-Project", project)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return false, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return false, nil, err
	case response.StatusCode == http.StatusOK:
		return true, body, nil
	case response.StatusCode == http.StatusNotFound:
		return false, nil, nil
	// A project whose APIs are still off has none of their resources.
	case response.StatusCode == http.StatusForbidden && strings.Contains(string(body), "SERVICE_DISABLED"):
		return false, nil, nil
	}
	return false, nil, fmt.Errorf("answered %s", response.Status)
}

// unknown is how the engine writes a value that is not known before something is made, in previews
// (plugin.UnknownStringValue in Pulumi's SDK).
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// expand puts inputs in the place of {input} and {+input}, and says whether all of them are known.
func (f finder) expand(pattern string) (string, bool) {
	var out strings.Builder
	for {
		before, rest, more := strings.Cut(pattern, "{")
		out.WriteString(before)
		if !more {
			return out.String(), true
		}
		key, after, _ := strings.Cut(rest, "}")
		name, whole := strings.CutPrefix(key, "+")
		value, _ := f.inputs[name].(string)
		if value == "" || value == unknown {
			return "", false
		}
		if !whole {
			value = value[strings.LastIndex(value, "/")+1:]
		}
		out.WriteString(value)
		pattern = after
	}
}
