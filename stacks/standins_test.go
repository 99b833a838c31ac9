package stacks

import (
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// standIns has the lines with which every committed file is refused, and those of single stacks.
var standIns = struct {
	all []string
	of  map[string][]string
}{
	all: []string{
		"github.ownerId: is a stand-in for a value that only the owner knows; replace it by the output of: gh api users/OWNER --jq .id",
		"github.repositoryId: is a stand-in for a value that only the owner knows; replace it by the output of: gh api " +
			"repos/OWNER/REPOSITORY --jq .id",
		"monitoring.alertEmails[0]: is a stand-in for a value that only the owner knows; replace it by an address that somebody reads at night",
		"project.billingAccount: is a stand-in for a value that only the owner knows; " +
			"replace it by the ACCOUNT_ID that pays for the project, from: gcloud billing accounts list",
		"project.number: is a stand-in for a value that only the owner knows; " +
			"replace it by the output of: gcloud projects describe PROJECT --format='value(projectNumber)'",
	},
	of: map[string][]string{
		staging: {
			"github.environments[0].reviewers[0]: is a stand-in for a value that only the owner knows; " +
				"replace it by a reviewer's number, the output of: gh api users/LOGIN --jq .id",
		},
		prod: {
			"github.environments[0].reviewers[0]: is a stand-in for a value that only the owner knows; " +
				"replace it by a reviewer's number, the output of: gh api users/LOGIN --jq .id",
			"github.environments[1].reviewers[0]: is a stand-in for a value that only the owner knows; " +
				"replace it by a reviewer's number, the output of: gh api users/LOGIN --jq .id",
		},
	},
}

func TestCommittedFilesNeedTheirOwner(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{dev, staging, prod} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			want := append(append([]string{}, standIns.of[stack]...), standIns.all...)

			// Pulumi reads the file as it does for the program, with its own interpretation of YAML's types.
			text, err := os.ReadFile(application + "/Pulumi." + stack + ".yaml")
			require.NoError(t, err)
			var file struct {
				Config config.Map `yaml:"config"`
			}
			require.NoError(t, yaml.Unmarshal(text, &file))
			require.Len(t, file.Config, 1)
			value := file.Config[config.MustParseKey(ConfigKey("procureflow"))]
			document, err := value.Value(config.NopDecrypter)
			require.NoError(t, err)
			_, err = Parse([]byte(document), stack)
			require.Equal(t, want, lines(t, err))

			// Check again after the sandbox has filled the stand-ins and Pulumi has read the result.
			filled, replaced := FillStandIns(committed(t, stack))
			require.Equal(t, len(want), replaced)
			_, err = Parse(toJSON(t, filled), stack)
			require.NoError(t, err)
			require.NoError(t, pulumiReads(filled, stack))
		})
	}
}

// pulumiReads writes a document as YAML, lets Pulumi read it, and parses what the program would get.
func pulumiReads(document any, stack string) error {
	text, err := yaml.Marshal(map[string]any{ConfigKey("procureflow"): document})
	if err != nil {
		return err
	}
	var read config.Map
	if err := yaml.Unmarshal(text, &read); err != nil {
		return err
	}
	value := read[config.MustParseKey(ConfigKey("procureflow"))]
	settings, err := value.Value(config.NopDecrypter)
	if err != nil {
		return err
	}
	_, err = Parse([]byte(settings), stack)
	return err
}

// TestCommittedFiles pins the values in the three files that people and workflows rely on.
func TestCommittedFiles(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]struct {
		environments []GitHubEnvironment
		protected    bool
		availability float64
		number       string
	}{
		dev:     {[]GitHubEnvironment{{Name: "dev"}}, false, 99, "100000000001"},
		staging: {[]GitHubEnvironment{{Name: "staging", Reviewers: []int64{1000001}}}, false, 99.5, "100000000002"},
		prod: {[]GitHubEnvironment{
			{Name: "production-approval", Reviewers: []int64{1000001}},
			{Name: "production", Reviewers: []int64{1000002}, WaitMinutes: 5},
		}, true, 99.5, "100000000003"},
	} {
		filled, _ := FillStandIns(committed(t, stack))
		got, err := Parse(toJSON(t, filled), stack)
		require.NoError(t, err)

		require.Equal(t, stack, got.Environment)
		require.Equal(t, Project{
			ID: "procureflow-" + stack, Number: want.number, Region: "us-central1", BillingAccount: "012345-6789AB-CDEF01",
		}, got.Project)
		if stack == prod {
			require.Equal(t, []string{"main", "dev"}, got.GitHub.Protection.Branches)
			require.Equal(t, []string{"ci-ok"}, got.GitHub.Protection.Checks)
			require.Equal(t, 1, got.GitHub.Protection.Approvals)
			got.GitHub.Protection = nil
		}
		require.Equal(t, GitHub{
			Owner: "guiofsaints", OwnerID: 10000001, Repository: "procureflow", RepositoryID: 100000001, Branch: "main",
			Environments: want.environments,
		}, got.GitHub)
		require.Equal(t, map[string]string{"environment": stack, "app": "procureflow", "managed-by": "pulumi"}, got.Labels)
		require.Equal(t, Registry{ID: "procureflow", UntaggedRetentionDays: 30, KeepMostRecent: 20}, got.Registry)
		pinned := Secret{Version: "1"}
		require.Equal(t, map[string]Secret{"nextauth-secret": pinned, "openai-api-key": pinned, "mongodb-uri": pinned}, got.Secrets)
		require.Equal(t, Budget{Amount: 10, Currency: "USD", CurrentPercent: []int{50, 75, 90}, ForecastPercent: []int{100}}, got.Budget)
		require.Equal(t, []string{"web"}, sortedKeys(got.Services))
		idle := true
		require.Equal(t, Service{
			Name: "procureflow-web", Image: "web",
			BootstrapImage: "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
			RuntimeAccount: "procureflow-cloudrun", Port: 3000, CPU: "1", Memory: "512Mi", CPUIdle: &idle, Concurrency: 80,
			TimeoutSeconds: 300, MinInstances: 0, MaxInstances: 2, Public: true, Ingress: "all", DeletionProtection: &want.protected,
			Environment:          map[string]string{"NODE_ENV": "production", "NEXT_TELEMETRY_DISABLED": "1"},
			ExecutionEnvironment: "gen2",
			URLVariables:         URLVariables{Own: []string{"NEXTAUTH_URL"}},
			Secrets: map[string]string{"NEXTAUTH_SECRET": "nextauth-secret", "OPENAI_API_KEY": "openai-api-key",
				"MONGODB_URI": "mongodb-uri"},
			Startup:    Probe{Path: "/", PeriodSeconds: 10, TimeoutSeconds: 5, FailureThreshold: 12},
			Liveness:   Probe{Path: "/", PeriodSeconds: 30, TimeoutSeconds: 5, FailureThreshold: 3},
			SmokePaths: []string{"/api/health", "/api/items?limit=1"},
			Uptime:     Uptime{Path: "/api/health", PeriodSeconds: 60, TimeoutSeconds: 10},
			SLO:        SLO{AvailabilityPercent: want.availability, WindowDays: 28},
		}, got.Services["web"])
	}
}

func TestStandInsAreJudgedByTheirValue(t *testing.T) {
	t.Parallel()
	const standIn = ": is a stand-in for a value that only the owner knows; replace it by "
	checkRefused(t, []refused{
		{"good value", "", change{"github.ownerId": "stand-in:12"}, []string{"github.ownerId" + standIn +
			"the output of: gh api users/OWNER --jq .id"}},
		{"wrong type", "", change{"github.ownerId": "stand-in:me"}, []string{
			"github.ownerId" + standIn + "the output of: gh api users/OWNER --jq .id",
			"github.ownerId: must be a whole number, not text; write a whole number without quotes",
		}},
		{"wrong shape", "", change{"monitoring.alertEmails[0]": "stand-in:me"}, []string{
			"monitoring.alertEmails[0]" + standIn + "an address that somebody reads at night",
			"monitoring.alertEmails[0]: is not an e-mail address; use NAME@DOMAIN, without a display name",
		}},
		{"where none is expected", "", change{"services.web.port": "stand-in:3000", "registry.id": "stand-in:shop",
			"labels.app": "stand-in:shop"}, []string{
			"labels.app" + standIn + "the real value",
			"registry.id" + standIn + "the real value",
			"services.web.port" + standIn + "the real value",
		}},
		{"instead of a map", "", change{"budget": "stand-in:10"}, []string{
			"budget" + standIn + "the real value",
			"budget: must be a map, not text; write one 'key: value' on each line, indented",
		}},
		{"a stand-in without a value", "", change{"project.number": "stand-in:"}, []string{
			"project.number" + standIn + "the output of: gcloud projects describe PROJECT --format='value(projectNumber)'",
			"project.number: is not a project number; use digits only, in quotes; the id is not the number",
		}},
	})
}

func TestFillStandIns(t *testing.T) {
	t.Parallel()
	document := map[string]any{
		"project":    map[string]any{"number": "stand-in:12", "id": "shop"},
		"github":     map[string]any{"ownerId": "stand-in:12", "environments": []any{map[string]any{"reviewers": []any{"stand-in:7", 8}}}},
		"monitoring": map[string]any{"alertEmails": []any{"stand-in:a@example.com"}},
		"services": map[string]any{"web": map[string]any{"port": "stand-in:3000", "cpuIdle": true,
			"environment": map[string]any{"N": "stand-in:1"}}},
		"registry": "stand-in:9",
		"unknown":  []any{"stand-in:9", nil, 1.5, map[string]any{"a": "stand-in:8"}},
		"budget":   map[string]any{"amount": "stand-in:ten"},
	}
	filled, replaced := FillStandIns(document)
	require.Equal(t, 10, replaced)
	require.Equal(t, map[string]any{
		"project":    map[string]any{"number": "12", "id": "shop"},
		"github":     map[string]any{"ownerId": int64(12), "environments": []any{map[string]any{"reviewers": []any{int64(7), 8}}}},
		"monitoring": map[string]any{"alertEmails": []any{"a@example.com"}},
		"services":   map[string]any{"web": map[string]any{"port": int64(3000), "cpuIdle": true, "environment": map[string]any{"N": "1"}}},
		"registry":   "9",
		"unknown":    []any{"9", nil, 1.5, map[string]any{"a": "8"}},
		"budget":     map[string]any{"amount": "ten"},
	}, filled)
	require.Equal(t, "stand-in:12", document["project"].(map[string]any)["number"], "the original document must not change")

	none, replaced := FillStandIns(nil)
	require.Nil(t, none)
	require.Zero(t, replaced)
}
