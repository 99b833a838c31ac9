// Package adopt finds the resources of a first `pulumi up` that exist already, and writes the file with which `pulumi import`
// takes them into the state instead. It also reports changes that the `up` would make in running services, problems that
// would stop it, and existing resources that the settings do not know. It reads the cloud and changes nothing.
//
// Only resources whose name the program decides can be there before it: a repository, an account, a secret, a service, a
// custom role, an identity pool, an objective, a metric, a key, an attestor, and GitHub's environments, variables and
// rulesets. Members of IAM policies, switched-on APIs and settings that are always there (the Binary Authorization policy,
// the allowed actions, the workflow token, vulnerability alerts) need no import: making them sets them. Channels, alerts
// and dashboards get their name from Google, so one made by hand is another resource: delete it after the first run.
package adopt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	serviceType = "gcp:cloudrunv2/service:Service"
	invokerType = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
	jobType     = "gcp:cloudrunv2/job:Job"
	runnerType  = "gcp:cloudrunv2/jobIamMember:JobIamMember"
	secretType  = "gcp:secretmanager/secret:Secret"
	noteType    = "gcp:containeranalysis/note:Note"
	policyType  = "gcp:binaryauthorization/policy:Policy"
)

// Clients send requests with a person's credentials.
type Clients struct {
	// Google adds the person's token to requests to Google Cloud.
	Google *http.Client
	// GitHub is nil without a token; a plan with GitHub's resources then fails.
	GitHub *http.Client
}

// Find asks the cloud which of the planned resources exist, and what has to be done before the next `up`.
//
// It collects every failure before it gives up. During an outage it must not conclude that a resource is absent, because
// `up` would then try to make a resource that exists. GitHub answers "not found" for everything that a token may not
// read, so Find first checks that the token can see each repository.
func Find(ctx context.Context, clients Clients, apis APIs, plan []Planned) (Report, error) {
	s := search{ctx: ctx, clients: clients, apis: apis, plan: plan, owners: map[string]string{}, seen: map[string]error{},
		report: Report{Existing: []Adoption{}, Later: []string{}, Refused: []Refusal{}, Changes: []Change{}, Added: []Addition{},
			Pins:    []string{},
			Unknown: []Unknown{}}}
	for _, p := range plan {
		if isProvider(p.Type) {
			s.owners[p.URN] = p.input("owner")
		} else if p.New {
			s.report.Planned++
		}
	}
	for _, p := range plan {
		if p.New {
			s.look(p)
		}
	}
	s.survey()
	slices.Sort(s.report.Later)
	slices.SortStableFunc(s.report.Refused, func(a, b Refusal) int { return strings.Compare(a.Resource, b.Resource) })
	slices.SortStableFunc(s.report.Added, func(a, b Addition) int { return strings.Compare(a.Resource, b.Resource) })
	slices.SortStableFunc(s.report.Changes, func(a, b Change) int { return strings.Compare(a.Resource, b.Resource) })
	slices.SortFunc(s.report.Existing, func(a, b Adoption) int { return strings.Compare(a.ID, b.ID) })
	return s.report, errors.Join(s.failures...)
}

// search is one call of [Find].
type search struct {
	ctx     context.Context
	clients Clients
	apis    APIs
	plan    []Planned
	// owners are the owners that GitHub's providers are configured with, by the provider's URN. seen says why a repository cannot
	// be read.
	owners map[string]string
	seen   map[string]error

	report   Report
	failures []error
}

func (s *search) fail(format string, arguments ...any) {
	s.failures = append(s.failures, fmt.Errorf(format, arguments...))
}

func (s *search) refuse(resource, why, do string) {
	s.report.Refused = append(s.report.Refused, Refusal{Resource: resource, Why: why, Fix: do})
}

// of returns the planned resources of a type.
func (s *search) of(token string) []Planned {
	return slices.DeleteFunc(slices.Clone(s.plan), func(p Planned) bool { return p.Type != token })
}

// look finds out whether a planned resource exists.
func (s *search) look(p Planned) {
	kind, named := kinds[p.Type]
	if !named {
		return
	}
	f := finder{ctx: s.ctx, client: s.clients.Google, base: kind.api(s.apis), inputs: maps.Clone(p.Inputs)}
	if strings.HasPrefix(p.Type, "github:") {
		f.client, f.inputs["owner"] = s.clients.GitHub, s.owners[p.Provider]
		repository, _ := f.expand("repos/{owner}/{repository}")
		failure, asked := s.seen[repository]
		if !asked {
			if failure = f.sees(repository); failure != nil {
				s.failures = append(s.failures, failure)
			}
			s.seen[repository] = failure
		}
		if failure != nil {
			return
		}
	}
	path, known := f.expand(kind.path)
	if !known {
		s.report.Later = append(s.report.Later, p.Name())
		return
	}
	name, _, _ := strings.Cut(path, "?")
	live, err := f.exists(kind, path)
	if err != nil {
		s.fail("%s: find out whether %s exists: %w", p.Name(), name, err)
	}
	if live == nil || err != nil {
		return
	}
	if why, do := f.refusal(kind, live); why != "" {
		s.refuse(name, why, do)
		return
	}
	if kind.versions != "" {
		versions := s.every(f.base, path+"/"+kind.versions+"?pageSize=100", pages(kind.versions, "which versions it has"))
		if !slices.ContainsFunc(versions, func(version any) bool { return text(version, "state") == "ENABLED" }) {
			s.refuse(path, "none of its versions is enabled", "enable one, or "+kind.instead)
			return
		}
	}
	id := path
	if kind.id != "" {
		id, _ = f.expand(kind.id)
	}
	s.report.Existing = append(s.report.Existing, Adoption{Planned: p, ID: id})
	s.differs(name, p, live)
}
