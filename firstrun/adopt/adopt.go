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

// Clients ask as a person.
type Clients struct {
	Google *http.Client
	// GitHub is nil without a token; a plan with GitHub's resources then fails.
	GitHub *http.Client
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

// Counts says whether a step of a preview belongs to a plan: what would be created, and providers whatever is done to them,
// because GitHub's resources take their owner from theirs.
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
