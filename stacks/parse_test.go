package stacks

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseAcceptsTheMinimum(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{dev, staging, prod} {
		_, err := parseChanged(t, stack, nil)
		require.NoError(t, err)
	}
}

func TestParseSetsDefaultsOfAbsentKeys(t *testing.T) {
	t.Parallel()
	settings, err := parseChanged(t, dev, nil)
	require.NoError(t, err)
	yes := true
	require.Equal(t, Settings{
		Environment: "dev",
		Project:     Project{ID: "shop-project", Number: "123456789012", Region: "us-central1", BillingAccount: "0A1B2C-3D4E5F-678901"},
		GitHub: GitHub{
			Owner: "somebody", OwnerID: 7, Repository: "shop", RepositoryID: 8, Branch: "main",
			Environments: []GitHubEnvironment{{Name: "dev"}},
		},
		Labels:   map[string]string{"environment": "dev", "app": "shop", "managed-by": "pulumi"},
		Registry: Registry{ID: "shop", UntaggedRetentionDays: 30, KeepMostRecent: 20},
		Services: map[string]Service{"web": {
			Name: "shop-web", Image: "web", BootstrapImage: "us-docker.pkg.dev/cloudrun/container/hello@" + someDigest,
			RuntimeAccount: "shop-web", Port: 8080, CPU: "1", Memory: "512Mi", CPUIdle: &yes, Concurrency: 80, TimeoutSeconds: 300,
			MaxInstances: 2, Ingress: "all",
			ExecutionEnvironment: "gen2",
			Startup:              Probe{Path: "/", PeriodSeconds: 10, TimeoutSeconds: 1, FailureThreshold: 3},
			Liveness:             Probe{Path: "/", PeriodSeconds: 10, TimeoutSeconds: 1, FailureThreshold: 3},
			SmokePaths:           []string{"/"},
			Uptime:               Uptime{Path: "/", PeriodSeconds: 60, TimeoutSeconds: 10},
			SLO:                  SLO{AvailabilityPercent: 99.5, WindowDays: 28},
		}},
		Monitoring: Monitoring{AlertEmails: []string{"a@example.com"}, RunbookURL: "https://example.com/runbooks"},
		Budget:     Budget{Amount: 10, Currency: "USD", CurrentPercent: []int{50, 90}},
	}, settings)
}

func TestParseKeepsGivenValues(t *testing.T) {
	t.Parallel()
	settings, err := parseChanged(t, dev, change{
		"services.web.cpuIdle":   false,
		"services.web.port":      3000,
		"services.web.digest":    someDigest,
		"services.web.traffic":   map[string]any{"LATEST": 10, "shop-web-blue": 90},
		"services.web.secrets":   map[string]any{"TOKEN": "token"},
		"secrets.token.version":  "3",
		"github.repositoryId":    int64(9007199254740993), // A float64 would make it ...992.
		"services.web.liveness":  map[string]any{"path": "/live", "initialDelaySeconds": 3600, "timeoutSeconds": 10},
		"budget.forecastPercent": []any{100, 150},
	})
	require.NoError(t, err)
	web := settings.Services["web"]
	require.False(t, *web.CPUIdle)
	require.Equal(t, 3000, web.Port)
	require.Equal(t, someDigest, web.Digest)
	require.Equal(t, map[string]int{"LATEST": 10, "shop-web-blue": 90}, web.Traffic)
	require.Equal(t, map[string]string{"TOKEN": "token"}, web.Secrets)
	require.Equal(t, map[string]Secret{"token": {Version: "3"}}, settings.Secrets)
	require.Equal(t, int64(9007199254740993), settings.GitHub.RepositoryID)
	require.Equal(t, Probe{Path: "/live", InitialDelaySeconds: 3600, PeriodSeconds: 10, TimeoutSeconds: 10, FailureThreshold: 3}, web.Liveness)
	require.Equal(t, []int{100, 150}, settings.Budget.ForecastPercent)
}

// TestParseReportsEverythingAtOnce checks that all problems are in one message, sorted by path: unknown, mistyped, missing, null and
// impossible values.
func TestParseReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parseChanged(t, prod, change{
		"enviroment":                          "prod",
		"project.number":                      "stand-in:twelve",
		"project.region":                      "us-central1-a",
		"github.ownerId":                      "7",
		"github.environments[1].waitMinutes":  1,
		"github.environments[1].reviewers[0]": 1,
		"labels.app":                          nil,
		"registry.id":                         absent{},
		"secrets.token":                       map[string]any{"version": 1},
		"secrets.key":                         map[string]any{"version": "latest"},
		"services.web.memory":                 "8Gi",
		"services.web.minInstances":           3,
		"services.web.public":                 "yes",
		"services.web.deletionProtection":     absent{},
		"services.web.secrets":                map[string]any{"TOKEN": "tokn"},
		"monitoring":                          absent{},
		"budget.currentPercent":               []any{90, 50},
	})
	require.EqualError(t, err, `stack prod: 18 problems in Pulumi.prod.yaml under platform:
  budget.currentPercent[1]: is not over the threshold before it; write the thresholds in ascending order, each once
  enviroment: is not a setting; did you mean environment?
  github.environments[1].reviewers[0]: can approve at an earlier gate as well; remove them from one of the gates: two people have to approve
  github.environments[1].waitMinutes: leaves no time to stop a deployment; use 5 minutes or more for prod's last gate
  github.ownerId: must be a whole number, not text; write a whole number without quotes
  labels.app: has no value; give it one, or remove the key if it is optional
  monitoring: is missing; add a map with alertEmails, channels, runbookUrl
  project.number: is a stand-in for a value that only the owner knows; replace it by the output of: gcloud projects describe PROJECT --format='value(projectNumber)'
  project.number: is not a project number; use digits only, in quotes; the id is not the number
  project.region: is not a region; use a region such as us-central1, not a zone and not a multi-region
  registry.id: is missing; add text
  secrets.key.version: does not name one version; pin a number, for example "1": a rollback has to restore the revision's value
  secrets.token.version: must be text, not a number; write it in quotes
  services.web.deletionProtection: is missing in prod; write true: one wrong change must not delete the service
  services.web.memory: is not sold with 1 vCPU; use 512Mi to 4Gi, or another cpu
  services.web.minInstances: is over maxInstances; lower it, or raise maxInstances
  services.web.public: must be true or false, not text; write true or false without quotes
  services.web.secrets.TOKEN: names a secret that is not declared; declare it under secrets at the top level, or use one of key, token`)
}

func TestParseRefusesWhatIsNotADocument(t *testing.T) {
	t.Parallel()
	notJSON := []string{"platform: is not one JSON document; write it as YAML keys in Pulumi.dev.yaml"}
	for text, want := range map[string][]string{
		"":         notJSON,
		"{":        notJSON,
		"{} {}":    notJSON,
		"{}]":      notJSON,
		"hunter2":  notJSON,
		"null":     {"platform: has no value; give it one, or remove the key if it is optional"},
		`"prod"`:   {"platform: must be a map, not text; write one 'key: value' on each line, indented"},
		"[1]":      {"platform: must be a map, not a list; write one 'key: value' on each line, indented"},
		`{"a": 1}`: {"a: is not a setting; known here: " + topLevel},
	} {
		_, err := Parse([]byte(text), dev)
		got := lines(t, err)
		require.Equal(t, want, got[:len(want)], text)
		require.Len(t, got, len(want)+map[bool]int{true: 8}[text == `{"a": 1}`],
			"%s: a document without keys lacks the eight required ones", text)
	}
}

// running is a program that Pulumi runs, as far as the settings ask it. infra/program loads them in a real one.
type running struct {
	stack   string
	config  map[string]string
	secrets []string // keys of config
}

func (r running) Stack() string { return r.stack }

func (running) Project() string { return "procureflow" }

func (r running) GetConfig(key string) (string, bool) { value, is := r.config[key]; return value, is }

func (r running) IsConfigSecret(key string) bool { return slices.Contains(r.secrets, key) }

func TestLoad(t *testing.T) {
	t.Parallel()
	withValue := minimal(dev)
	put(withValue, "secrets.token.value", "hunter2")
	valid := string(toJSON(t, withValue))
	put(withValue, "project.region", "nowhere")
	twoFaults := string(toJSON(t, withValue))
	clear := "secrets.token.value: is not encrypted in the file; revoke it where it came from, then: " +
		"pulumi config set --secret --path 'platform.secrets.token.value'"

	for _, test := range []struct {
		name    string
		stack   string
		config  map[string]string
		secrets []string
		want    []string
	}{
		{"settings with an encrypted value", dev, map[string]string{ConfigKey("procureflow"): valid}, []string{ConfigKey("procureflow")}, nil},
		{"value in the clear", dev, map[string]string{ConfigKey("procureflow"): valid}, nil, []string{clear}},
		{"value in the clear among others", dev, map[string]string{ConfigKey("procureflow"): twoFaults}, nil, []string{
			"project.region: is not a region; use a region such as us-central1, not a zone and not a multi-region", clear,
		}},
		{"no settings", staging, map[string]string{"gcp:project": "shop"}, nil, []string{
			"platform: is missing; write the settings as procureflow:platform under config in Pulumi.staging.yaml",
		}},
		{"another stack's file", staging, map[string]string{ConfigKey("procureflow"): string(toJSON(t, minimal(dev)))}, nil, []string{
			"environment: is not the name of the stack; each stack has a file of its own: write staging in Pulumi.staging.yaml",
			"github.environments[0].reviewers: let a deployment to staging pass without approval; name a reviewer: the deployment runs in the " +
				"last environment",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			settings, err := Load(running{test.stack, test.config, test.secrets}, "")
			require.Equal(t, test.want, lines(t, err))
			if test.want == nil {
				require.Equal(t, "hunter2", settings.Secrets["token"].Value)
			} else {
				require.Equal(t, Settings{}, settings)
			}
		})
	}
}
