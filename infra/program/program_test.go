package program

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// devSettings returns dev's settings with values instead of stand-ins. A test may change them.
func devSettings(t *testing.T) map[string]any {
	t.Helper()
	filled, err := stacks.Filled(filepath.Join("..", "..", "tests", "application"), "dev")
	require.NoError(t, err)
	document := map[string]any{}
	require.NoError(t, json.Unmarshal(filled, &document))
	return document
}

// run runs the program with the given settings of dev, before any service exists.
func run(t *testing.T, settings map[string]any) (outputs pulumi.MapOutput, err error) {
	t.Helper()
	document, err := json.Marshal(settings)
	require.NoError(t, err)
	_, err = pulumitest.RunErr(func(ctx *pulumi.Context) error {
		p, err := write(ctx, filepath.Join("..", "..", "tests", "application"))
		if err != nil {
			return err
		}
		outputs = p.outputs().ToMapOutput()
		return nil
	}, pulumitest.WithStack("dev"), pulumitest.WithProjectNumber("100000000001"),
		pulumitest.WithConfig(map[string]string{stacks.ConfigKey("procureflow"): string(document)}),
		pulumitest.WithKey(), pulumitest.WithCall("gcp:cloudrunv2/getService:getService", func(map[string]any) (map[string]any, error) {
			return nil, errors.New("projects/procureflow-dev/locations/us-central1/services/procureflow-web not found")
		}))
	return outputs, err
}

// TestAnEncryptedVariableIsRefused also covers the sandbox, where the engine runs a function and knows no folder. A program receives
// values decrypted.
func TestAnEncryptedVariableIsRefused(t *testing.T) {
	t.Parallel()
	from, to := filepath.Join("..", "..", "tests", "application"), t.TempDir()
	for _, name := range []string{"platform.yaml", "Pulumi.yaml", "Pulumi.dev.yaml"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		text := strings.Replace(string(content), "NODE_ENV: production", `NODE_ENV: {secure: "v1:abc:def"}`, 1)
		require.NoError(t, os.WriteFile(filepath.Join(to, name), []byte(text), 0o600))
	}
	document, err := json.Marshal(devSettings(t))
	require.NoError(t, err)
	key := stacks.ConfigKey("procureflow")
	_, err = pulumitest.RunErr(In(to), pulumitest.WithStack("dev"), pulumitest.WithSecretConfig(map[string]string{key: string(document)}))
	assert.ErrorContains(t, err, "services.web.environment.NODE_ENV: is encrypted, and would stand in the clear")
}

// TestComponentsTakeWhatSettingsAllow uses the most extreme settings that pass validation. A component that refuses one of them
// would end the program when half of an environment exists.
func TestComponentsTakeWhatSettingsAllow(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	gates := func(gates ...any) func(settings, service object) {
		return func(settings, _ object) { settings["github"].(object)["environments"] = gates }
	}
	for name, test := range map[string]struct {
		change func(settings, service object)
		// refused says that the settings are refused. Otherwise the program has to make every resource.
		refused bool
	}{
		"a liveness probe with the longest delay": {func(_, service object) {
			service["liveness"] = object{"path": "/", "initialDelaySeconds": 3600, "periodSeconds": 3600, "timeoutSeconds": 3600}
		}, false},
		"a startup probe with the longest delay": {func(_, service object) {
			service["startup"] = object{"path": "/", "initialDelaySeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
		}, false},
		"every size at its maximum": {func(_, service object) {
			service["concurrency"], service["timeoutSeconds"], service["minInstances"], service["maxInstances"], service["port"] = 1000,
				3600, 100, 100, 65535
			service["uptime"] = object{"path": "/", "periodSeconds": 900, "timeoutSeconds": 60}
		}, false},
		"the highest objective": {func(_, service object) {
			service["slo"] = object{"availabilityPercent": 99.9,
				"windowDays": 30}
		}, false},
		"a higher objective":           {func(_, service object) { service["slo"] = object{"availabilityPercent": 99.95} }, true},
		"a long wait":                  {gates(object{"name": "dev", "waitMinutes": 43200}), false},
		"a long environment":           {gates(object{"name": strings.Repeat("a-1_b", 12)}), false},
		"an environment with capitals": {gates(object{"name": "Dev"}), true},
		"a section of a runbook": {func(settings, _ object) {
			settings["monitoring"].(object)["runbookUrl"] = "https://example.com/#a"
		}, true},
		"two addresses of one logical name": {func(settings, _ object) {
			settings["monitoring"].(object)["alertEmails"] = []any{"a.b@example.com", "a-b@example.com"}
		}, true},
		"two readers of one logical name": {func(settings, _ object) {
			settings["registry"].(object)["readers"] = []any{"user:a.b@example.com", "user:a-b@example.com"}
		}, true},
		"an environment named none":            {gates(object{"name": "none"}), true},
		"two environments of one logical name": {gates(object{"name": "dev-a"}, object{"name": "dev_a"}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := devSettings(t)
			test.change(settings, settings["services"].(object)["web"].(object))
			_, err := run(t, settings)
			var problems *stacks.Problems
			if test.refused {
				assert.ErrorAs(t, err, &problems)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestOutputsOfDev(t *testing.T) {
	t.Parallel()
	outputs, err := run(t, devSettings(t))
	require.NoError(t, err)

	values := pulumitest.Value[map[string]any](t, outputs)
	assert.Regexp(t, `^https://console\.cloud\.google\.com/monitoring/dashboards/builder/[0-9]+\?project=procureflow-dev$`,
		values[stacks.OutputDashboardURL])
	delete(values, stacks.OutputDashboardURL)
	web := values[stacks.OutputServices].(map[string]any)["web"].(map[string]any)
	assert.Regexp(t, `^procureflow-web-[0-9a-f]{10}$`, web[stacks.ServiceRevision])
	delete(web, stacks.ServiceRevision)
	const url = "https://procureflow-web-100000000001.us-central1.run.app"
	assert.Equal(t, map[string]any{
		stacks.OutputEnvironment: "dev",
		stacks.OutputServices: map[string]any{"web": map[string]any{
			stacks.ServiceName: "procureflow-web", stacks.ServiceURL: url,
			stacks.ServiceImage: "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
		}},
		stacks.OutputServiceURLs:              map[string]string{"web": url},
		stacks.OutputWorkloadIdentityProvider: "projects/100000000001/locations/global/workloadIdentityPools/github/providers/github-oidc",
		stacks.OutputAccounts: map[string]string{
			"ci":      "github-actions-ci@procureflow-dev.iam.gserviceaccount.com",
			"preview": "github-actions-preview@procureflow-dev.iam.gserviceaccount.com",
			"deploy":  "github-actions-deploy@procureflow-dev.iam.gserviceaccount.com",
			"infra":   "github-actions-infra@procureflow-dev.iam.gserviceaccount.com",
		},
		stacks.OutputRegistry: "us-central1-docker.pkg.dev/procureflow-dev/procureflow",
	}, values)
}

func TestKeepImage(t *testing.T) {
	t.Parallel()
	const (
		resource  = "projects/p/locations/l/services/web"
		bootstrap = "example.com/hello@sha256:0000000000000000000000000000000000000000000000000000000000000000"
		digest    = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
		running   = "example.com/web@" + digest
	)
	as := func(user string, live *cloudrunv2.LookupServiceResult) *cloudrunv2.LookupServiceResult {
		live.Templates[0].Annotations = map[string]string{"image-user": user}
		return live
	}
	with := func(images ...string) *cloudrunv2.LookupServiceResult {
		template := cloudrunv2.GetServiceTemplate{}
		for _, image := range images {
			template.Containers = append(template.Containers, cloudrunv2.GetServiceTemplateContainer{Image: image})
		}
		return &cloudrunv2.LookupServiceResult{Templates: []cloudrunv2.GetServiceTemplate{template}}
	}
	outage := errors.New("googleapi: Error 503: backend error")
	for name, test := range map[string]struct {
		live    *cloudrunv2.LookupServiceResult
		err     error
		want    Image
		wantErr string
	}{
		"the running image is kept": {live: with(running), want: Image{Reference: running}},
		"its user is kept":          {live: as("1001@"+digest, with(running)), want: Image{Reference: running, User: "1001@" + digest}},
		"an empty user":             {live: as("@"+digest, with(running)), want: Image{Reference: running}},
		"another image's user":      {live: as("1001@sha256:2", with(running)), want: Image{Reference: running}},
		"nothing runs yet":          {err: errors.New("invoking a function: " + resource + " not found"), want: Image{Reference: bootstrap}},
		"the API fails": {err: outage, wantErr: "find out what " + resource +
			" runs, because its settings name no digest: googleapi: Error 503: backend error; put this right, or set the digest"},
		"something other than the service is not found": {err: errors.New("project p not found"), wantErr: "project p not found"},
		"a service with a longer name is not found":     {err: errors.New(resource + "-api not found"), wantErr: "find out what"},
		"it runs an image by tag": {live: with("example.com/web:latest"),
			wantErr: `runs "example.com/web:latest", which is not by digest`},
		"it has two containers": {live: with(running, running), wantErr: "does not have exactly one container"},
		"it has no template":    {live: &cloudrunv2.LookupServiceResult{}, wantErr: "does not have exactly one container"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image, err := keepImage(resource, bootstrap, test.live, test.err)
			assert.Equal(t, test.want, image)
			if test.wantErr == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.wantErr)
		})
	}
	_, err := keepImage(resource, bootstrap, nil, outage)
	assert.ErrorIs(t, err, outage)
}
