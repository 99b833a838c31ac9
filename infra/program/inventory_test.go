// Package program_test runs the whole program of each stack against mocks and compares what it registers with golden
// files, so that a change of the platform is read in a review as a change of text. The mocks check no schema; the sandbox's
// tests run the same program through the real engine.
package program_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

const (
	serviceType     = "gcp:cloudrunv2/service:Service"
	getService      = "gcp:cloudrunv2/getService:getService"
	projectRoleType = "gcp:projects/iAMMember:IAMMember"
)

var (
	update = flag.Bool("update", false, "write the golden files again")
	all    = []string{"dev", "staging", "prod"}
)

func TestMain(m *testing.M) {
	// The program reads these for the GitHub provider, and the caller's values are not the platform's.
	os.Unsetenv("GITHUB_BASE_URL")
	os.Unsetenv("GITHUB_TOKEN")
	os.Exit(m.Run())
}

// settings returns a stack's settings of the tests' own application, after change.
func settings(t *testing.T, stack string, change func(document map[string]any)) string {
	t.Helper()
	filled, err := stacks.Filled(filepath.Join("..", "..", "tests", "application"), stack)
	require.NoError(t, err)
	document := map[string]any{}
	require.NoError(t, json.Unmarshal(filled, &document))
	if change != nil {
		change(document)
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	return string(text)
}

// notThere is the provider's answer for a service that does not exist yet.
func notThere(args map[string]any) (map[string]any, error) {
	return nil, errors.New("projects/" + args["project"].(string) + "/locations/" + args["location"].(string) + "/services/" +
		args["name"].(string) + " not found")
}

// run runs a stack's program as its first up does.
func run(t *testing.T, stack string, change func(map[string]any), opts ...pulumitest.Option) *pulumitest.Inventory {
	t.Helper()
	inventory, err := runErr(t, stack, change, opts...)
	require.NoError(t, err)
	return inventory
}

func runErr(t *testing.T, stack string, change func(map[string]any), opts ...pulumitest.Option) (*pulumitest.Inventory, error) {
	t.Helper()
	document := settings(t, stack, change)
	var numbered struct{ Project struct{ Number string } }
	require.NoError(t, json.Unmarshal([]byte(document), &numbered))
	opts = append([]pulumitest.Option{
		pulumitest.WithStack(stack), pulumitest.WithProjectNumber(numbered.Project.Number),
		pulumitest.WithKey(), pulumitest.WithCall(getService,
			notThere), pulumitest.WithConfig(map[string]string{stacks.ConfigKey("procureflow"): document}),
	}, opts...)
	return pulumitest.RunErr(program.In(filepath.Join("..", "..", "tests", "application")), opts...)
}

func TestInventoryOfEachStack(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			inventory := run(t, stack, nil)
			pulumitest.CheckParents(t, inventory)
			golden.Check(t, filepath.Join("testdata", stack+".txt"), inventory.String(), *update)
		})
	}
}

func TestOnlyTheProgramMakesProviders(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", nil)
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "region": "us-central1", "userProjectOverride": true, "billingProject": "procureflow-dev",
	}, only(inventory.One(t, "pulumi:providers:gcp", "gcp").Inputs, "project", "region", "userProjectOverride", "billingProject"))
	assert.Equal(t, "guiofsaints", inventory.One(t, "pulumi:providers:github", "github").Inputs["owner"])
}

// only returns the given keys of inputs.
func only(inputs map[string]any, keys ...string) map[string]any {
	kept := map[string]any{}
	for _, key := range keys {
		kept[key] = inputs[key]
	}
	return kept
}

// TestEveryResourceAsksForTheProviderInGoMod compares the provider version of resources registered by their token with the version
// of the SDK's constructors. Another version, or none, would mean another plugin and another provider in the state.
func TestEveryResourceAsksForTheProviderInGoMod(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	for _, resource := range run(t, "dev", everything(t)).Resources {
		sdk, _, _ := strings.Cut(resource.Type, ":")
		if resource.Custom && (sdk == "gcp" || sdk == "github") {
			require.NotEmpty(t, resource.Version, resource.Name)
			required := regexp.MustCompile(`pulumi/pulumi-` + sdk + `/sdk/v\d+ v` + regexp.QuoteMeta(resource.Version) + `\b`)
			assert.Regexp(t, required, string(module), resource.Name)
		}
	}
}

func TestSecondServiceTakesOnlySettings(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", func(document map[string]any) {
		services := document["services"].(map[string]any)
		web := services["web"].(map[string]any)
		api := map[string]any{}
		for key, value := range web {
			api[key] = value
		}
		api["name"], api["image"], api["runtimeAccount"], api["public"] = "procureflow-api", "api", "procureflow-api", false
		api["secrets"] = map[string]any{"MONGODB_URI": "mongodb-uri"}
		services["api"] = api
	})
	pulumitest.CheckParents(t, inventory)
	assert.Equal(t, []string{"service-api-service", "service-web-service"}, inventory.Names(serviceType))
	assert.Equal(t, []string{"account-deploy-grant-service-api-run-invoker", "service-web-public", "watch-api-uptime-invoker"},
		inventory.Names("gcp:cloudrunv2/serviceIamMember:ServiceIamMember"), "api is not public: a release probes it, and its check")
	assert.Equal(t, []string{"watch-api-uptime", "watch-web-uptime"}, inventory.Names("gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"))
	check := inventory.One(t, "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", "watch-api-uptime").Inputs["httpCheck"].(map[string]any)
	assert.Equal(t, map[string]any{"type": "OIDC_TOKEN"}, check["serviceAgentAuthentication"])
	assert.Len(t, inventory.OfType("gcp:monitoring/dashboard:Dashboard"), 1)
	assert.Equal(t, []string{
		"secrets-mongodb-uri-accessor-api", "secrets-mongodb-uri-accessor-web", "secrets-nextauth-secret-accessor-web",
		"secrets-openai-api-key-accessor-web",
	}, inventory.Names("gcp:secretmanager/secretIamMember:SecretIamMember"), "each service reads its own secrets only")
	// A service waits for its own grants only. If it waited for all, the state would grow with the square of the services.
	for _, grant := range inventory.OfType("gcp:secretmanager/secretIamMember:SecretIamMember") {
		for _, key := range []string{"api", "web"} {
			needs := inventory.One(t, "procureflow:cloudrun:Service", "service-"+key).DependsOn
			assert.Equal(t, strings.HasSuffix(grant.Name, "-accessor-"+key), slices.Contains(needs, grant.URN), "%s %s", key, grant.Name)
		}
	}
	for _, account := range []string{"deploy", "infra"} {
		for _, key := range []string{"api", "web"} {
			inventory.One(t, "gcp:serviceaccount/iAMMember:IAMMember", "account-"+account+"-grant-service-account-"+key+"-iam-serviceaccountuser")
		}
	}
}

func TestServiceWaitsForItsSecrets(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		needs := inventory.One(t, "procureflow:cloudrun:Service", "service-web").DependsOn
		for _, accessor := range inventory.OfType("gcp:secretmanager/secretIamMember:SecretIamMember") {
			assert.Contains(t, needs, accessor.URN)
		}
	}
}

func TestResourcesWaitForTheirAPIs(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", nil)
	apis := inventory.OfType("gcp:projects/service:Service")
	require.NotEmpty(t, apis)
	for _, resource := range inventory.Resources {
		component := !resource.Custom && resource.Type != "procureflow:project:Project" && resource.Type != "procureflow:repository:Repository"
		if !component {
			continue
		}
		for _, api := range apis {
			assert.Contains(t, resource.DependsOn, api.URN, "%s %s", resource.Type, resource.Name)
		}
	}
}

// TestOneStackProtectsTheRepository checks that resources that a repository has only once are registered by one stack. Otherwise the
// stack that ran last would win.
func TestOneStackProtectsTheRepository(t *testing.T) {
	t.Parallel()
	for typ, want := range map[string][]string{
		"github:index/repositoryRuleset:RepositoryRuleset":                         {"prod repository-ruleset", "prod repository-tags-ruleset"},
		"github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions":   {"prod repository-actions"},
		"github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions": {"prod repository-workflow-token"},
		"github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts": {"prod repository-vulnerability-alerts"},
	} {
		var have []string
		for _, stack := range all {
			for _, name := range run(t, stack, nil).Names(typ) {
				have = append(have, stack+" "+name)
			}
		}
		assert.Equal(t, want, have, typ)
	}
}

func TestBudgetsAndAlertsReachTheSamePeople(t *testing.T) {
	t.Parallel()
	inventory := run(t, "prod", nil)
	budget := inventory.One(t, "gcp:billing/budget:Budget", "budget-budget")
	channels := budget.Inputs["allUpdatesRule"].(map[string]any)["monitoringNotificationChannels"]
	assert.NotEmpty(t, channels)
	for _, policy := range inventory.OfType("gcp:monitoring/alertPolicy:AlertPolicy") {
		assert.Equal(t, channels, policy.Inputs["notificationChannels"], policy.Name)
	}
}

func TestBadSettingsRegisterNothing(t *testing.T) {
	t.Parallel()
	inventory, err := runErr(t, "dev", func(document map[string]any) { document["unknown"] = true })
	var problems *stacks.Problems
	require.ErrorAs(t, err, &problems)
	assert.Empty(t, inventory.Resources)
}

func TestStandInsRegisterNothing(t *testing.T) {
	t.Parallel()
	inventory, err := runErr(t, "prod", func(document map[string]any) {
		document["project"].(map[string]any)["number"] = stacks.StandInPrefix + "1"
	})
	require.ErrorContains(t, err, "project.number")
	assert.Empty(t, inventory.Resources)
}

// TestNoGitHubVariableIsMade checks that the program sets no GitHub variables. Anybody with write access to the repository may set
// them, so no workflow may act on one.
func TestNoGitHubVariableIsMade(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		for _, typ := range []string{"github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
			"github:index/actionsVariable:ActionsVariable"} {
			assert.Empty(t, inventory.OfType(typ), stack)
		}
	}
}
