// Package scaffold writes what an application's repository needs to use the platform: settings, a ten-line main and thin callers
// of the platform's workflows. It detects what it can, proposes what it would add to files that are there, and replaces nothing
// that a person wrote.
package scaffold

import (
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
)

// Module is the platform's Go module.
const Module = "github.com/guiofsaints/procureflow-platform"

// Answers are what has to be known before anything is written.
type Answers struct {
	App, Owner, Repository, Team, Region, Folder, Branch string
	// Environments are a first part of dev, staging, prod, in this order: images are built in dev.
	Environments []string
	Services     []Service
	// Projects are Google Cloud project ids by environment. Default: APP-ENVIRONMENT.
	Projects map[string]string
	// Reviewers are numeric ids by GitHub environment. Default: a stand-in each.
	Reviewers map[string][]string
	// Node says that pnpm lints, tests and compiles; Web is the folder of the application in the workspace.
	Node bool
	Web  string
	// Platform is the repository whose workflows are called; Version and Commit are the same version.
	Platform, Version, Commit string
	// Replace is a folder that takes the place of the module, for trying a change of the platform. Default: the module's version.
	Replace string
}

// Service is one service of the application.
type Service struct {
	Key, Name, Image, Account, Dockerfile string
	Port                                  int
}

var environments = []string{"dev", "staging", "prod"}

var (
	serviceKey = regexp.MustCompile(`^[a-z][a-z0-9-]{0,20}$`)
	regionForm = regexp.MustCompile(`^[a-z]+-[a-z]+[1-9][0-9]?$`)
	idForm     = regexp.MustCompile(`^[1-9][0-9]*$`)
	projectID  = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
)

// check is everything that is wrong with the answers which platform.yaml and the settings do not judge themselves.
func (a Answers) check() error {
	var problems []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	bad(!regionForm.MatchString(a.Region), "--region is %q: use a region such as europe-west1", a.Region)
	bad(len(a.Environments) == 0 || !slices.Equal(a.Environments, environments[:min(len(a.Environments), 3)]),
		"--environments is %q: use dev, or dev,staging, or dev,staging,prod: images are built in dev and promoted from there",
		strings.Join(a.Environments, ","))
	bad(len(a.Services) == 0, "--service: name at least one")
	for _, s := range a.Services {
		bad(!serviceKey.MatchString(s.Key), "--service %q: use at most 21 lower-case letters, digits and hyphens, a letter first", s.Key)
	}
	for environment, project := range a.Projects {
		bad(!slices.Contains(a.Environments, environment), "--project %s=%s: there is no environment %s", environment, project, environment)
		bad(!projectID.MatchString(project), "--project %s=%s: use the project's id, 6-30 characters", environment, project)
	}
	gates := []string{}
	for _, environment := range a.Environments {
		for _, gate := range a.gates(environment) {
			gates = append(gates, gate.Name)
		}
	}
	for gate, ids := range a.Reviewers {
		bad(!slices.Contains(gates, gate), "--reviewer %s=…: there is no GitHub environment %s: use %s", gate, gate, strings.Join(gates, ", "))
		for _, id := range ids {
			bad(!idForm.MatchString(id), "--reviewer %s=%s: use the number, from gh api users/LOGIN --jq .id", gate, id)
		}
	}
	return errors.Join(problems...)
}

// service fills what follows from a service's key. An account's id has at most 30 characters.
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

// number stands for a project's number, which Google assigns: no two projects of a sandbox share one.
func (a Answers) number(environment string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(a.project(environment)))
	return fmt.Sprint(100000000000 + uint64(hash.Sum32()))
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
		return []string{`"stand-in:` + standIn + `"`}
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
