// Package adopt finds which of the resources that a first `pulumi up` would make exist already, and writes the file with
// which `pulumi import` takes them into the state instead. It reads the cloud and changes nothing.
//
// Only resources whose name the program decides can be there before it: a repository, an account, a secret, a service, a
// custom role, an identity pool, an objective, a metric. Members of IAM policies and switched-on APIs need no import: making them again changes
// nothing. Channels, alerts and dashboards get their name from Google, so one made by hand is another resource: delete it
// after the first run.
package adopt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Planned is a resource that a preview would create.
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
}

// APIs are the base addresses that are asked, each ending with a slash.
type APIs struct{ ArtifactRegistry, IAM, SecretManager, Run, Monitoring, Logging string }

// Google are the addresses of Google Cloud.
var Google = APIs{
	ArtifactRegistry: "https://artifactregistry.googleapis.com/v1/", IAM: "https://iam.googleapis.com/v1/",
	SecretManager: "https://secretmanager.googleapis.com/v1/", Run: "https://run.googleapis.com/v2/",
	Monitoring: "https://monitoring.googleapis.com/v3/", Logging: "https://logging.googleapis.com/v2/",
}

// kinds are the types that can be there before the program, the API that has them, and their names. The name is also the
// id that the provider imports by.
var kinds = map[string]struct {
	api  func(APIs) string
	name string // {input} is the input's value; of a resource name, its last part
}{
	"gcp:artifactregistry/repository:Repository": {
		func(a APIs) string { return a.ArtifactRegistry }, "projects/{project}/locations/{location}/repositories/{repositoryId}"},
	"gcp:serviceaccount/account:Account": {
		func(a APIs) string { return a.IAM }, "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"},
	"gcp:projects/iAMCustomRole:IAMCustomRole": {
		func(a APIs) string { return a.IAM }, "projects/{project}/roles/{roleId}"},
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
		func(a APIs) string { return a.IAM }, "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}"},
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
		func(a APIs) string { return a.IAM },
		"projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}/providers/{workloadIdentityPoolProviderId}"},
	"gcp:secretmanager/secret:Secret": {
		func(a APIs) string { return a.SecretManager }, "projects/{project}/secrets/{secretId}"},
	"gcp:cloudrunv2/service:Service": {
		func(a APIs) string { return a.Run }, "projects/{project}/locations/{location}/services/{name}"},
	"gcp:monitoring/genericService:GenericService": {
		func(a APIs) string { return a.Monitoring }, "projects/{project}/services/{serviceId}"},
	"gcp:monitoring/slo:Slo": {
		func(a APIs) string { return a.Monitoring }, "projects/{project}/services/{service}/serviceLevelObjectives/{sloId}"},
	"gcp:logging/metric:Metric": {
		func(a APIs) string { return a.Logging }, "projects/{project}/metrics/{name}"},
}

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
		if step.Op != "create" || step.NewState == nil {
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

// Find asks the cloud which of the planned resources exist. later are the names of those that cannot be looked for
// because they stand in something that is not made or adopted yet: ask again after the import.
//
// It collects every failure before it gives up: an outage must not be taken for an absence, or `up` would try to make what
// is there.
func Find(ctx context.Context, client *http.Client, apis APIs, planned []Planned) (adoptions []Adoption, later []string, err error) {
	var failures []error
	for _, p := range planned {
		kind, named := kinds[p.Type]
		if !named {
			continue
		}
		id, known := expand(kind.name, p.Inputs)
		if !known {
			later = append(later, p.Name())
			continue
		}
		found, err := exists(ctx, client, kind.api(apis)+id)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: find out whether %s exists: %w", p.Name(), id, err))
		} else if found {
			adoptions = append(adoptions, Adoption{Planned: p, ID: importID(p, id)})
		}
	}
	slices.SortFunc(adoptions, func(a, b Adoption) int { return strings.Compare(a.ID, b.ID) })
	return adoptions, later, errors.Join(failures...)
}

// importID is what the provider imports by: the resource's name, but for a metric, which it knows by its short name.
func importID(p Planned, name string) string {
	if p.Type == "gcp:logging/metric:Metric" {
		return name[strings.LastIndex(name, "/")+1:]
	}
	return name
}

func exists(ctx context.Context, client *http.Client, url string) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case response.StatusCode == http.StatusOK:
		var state struct{ State string }
		_ = json.Unmarshal(body, &state)
		if state.State == "DELETED" {
			return false, errors.New("it was deleted less than 30 days ago and its name is still taken: undelete it (gcloud iam … undelete), then adopt it")
		}
		return true, nil
	case response.StatusCode == http.StatusNotFound:
		return false, nil
	// A project whose APIs are still off has none of their resources.
	case response.StatusCode == http.StatusForbidden && strings.Contains(string(body), "SERVICE_DISABLED"):
		return false, nil
	}
	return false, fmt.Errorf("answered %s", response.Status)
}

// unknown is how the engine writes a value that is not known before something is made, in previews
// (plugin.UnknownStringValue in Pulumi's SDK).
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// expand puts inputs in the place of {input}, and says whether all of them are known.
func expand(pattern string, inputs map[string]any) (string, bool) {
	for {
		before, rest, more := strings.Cut(pattern, "{")
		if !more {
			return pattern, true
		}
		key, after, _ := strings.Cut(rest, "}")
		value, _ := inputs[key].(string)
		if value == "" || value == unknown {
			return "", false
		}
		pattern = before + value[strings.LastIndex(value, "/")+1:] + after
	}
}
