package command_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"
)

// application copies the tests' own application to a folder. edit may change each file.
func application(t *testing.T, edit func(name, content string) string) string {
	t.Helper()
	folder := t.TempDir()
	from := filepath.Join("..", "..", "tests", "application")
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, entry.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, entry.Name()), []byte(edit(entry.Name(), string(content))), 0o600))
	}
	return folder
}

func settings(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = command.Run(t.Context(), append([]string{"settings"}, args...),
		command.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestSettingsOfProd(t *testing.T) {
	t.Parallel()
	code, out, errs := settings(t, "--folder", filepath.Join("..", "..", "tests", "application"), "--stack", "prod", "--service", "web",
		"--stand-ins")
	require.Equal(t, command.ExitDone, code, errs)
	const account, pool = "@procureflow-prod.iam.gserviceaccount.com",
		"projects/100000000003/locations/global/workloadIdentityPools/github/providers/"
	assert.Equal(t, []string{
		"application=procureflow", "repository=guiofsaints/procureflow", "repository-id=100000001", "branch=main", "folder=.",
		"policy-config=policy/prod.json", "provenance=provenance.yaml", "release-policy=",
		"platform-repository=guiofsaints/procureflow-platform", "platform-version=v1.0.0",
		"platform-commit=0123456789abcdef0123456789abcdef01234567",
		"organization=guiofsaints", "stack=prod", "pulumi-stack=guiofsaints/procureflow/prod",
		"pulumi-team=procureflow-prod", "pulumi-read-team=procureflow-read", "pulumi-policies-team=procureflow-policies",
		"environment=production", `environments=["production-approval","production"]`,
		"project=procureflow-prod", "project-number=100000000003", "region=us-central1", "registry-host=us-central1-docker.pkg.dev",
		"registry=us-central1-docker.pkg.dev/procureflow-prod/procureflow",
		"ci-provider=" + pool + "github-promote", "ci-account=github-actions-ci" + account,
		"preview-provider=" + pool + "github-preview", "preview-account=github-actions-preview" + account,
		"deploy-provider=" + pool + "github-oidc", "deploy-account=github-actions-deploy" + account,
		"infra-provider=" + pool + "github-infra", "infra-account=github-actions-infra" + account,
		"slots-provider=", "slots-account=", "slots=[]", "preview-time-to-live=",
		"attestor=projects/procureflow-prod/attestors/release",
		"attestor-key-version=projects/procureflow-prod/locations/us-central1/keyRings/attestation/cryptoKeys/release/cryptoKeyVersions/1",
		`services={"web":{"image":"web","name":"procureflow-web","smokePaths":["/api/health","/api/items?limit=1"],"url":"https://procureflow-web-100000000003.us-central1.run.app"}}`,
		"source-registry=us-central1-docker.pkg.dev/procureflow-dev/procureflow",
		"service=web", "service-name=procureflow-web", "service-url=https://procureflow-web-100000000003.us-central1.run.app",
		"service-image=us-central1-docker.pkg.dev/procureflow-prod/procureflow/web", "service-image-name=web",
		`service-paths=["/api/health","/api/items?limit=1"]`,
		"service-slots=[]", "service-preview-image=us-central1-docker.pkg.dev/procureflow-prod/procureflow-previews/web",
		`service-targets=["urn:pulumi:prod::procureflow::**gcp:cloudrunv2/service:Service::service-web-service"]`,
	}, strings.Split(strings.TrimSpace(out), "\n"))
}

func TestSettingsOfASubfolderAsJSON(t *testing.T) {
	t.Parallel()
	folder := application(t, func(name, content string) string {
		content = strings.ReplaceAll(content, "stand-in:", "")
		if name == "platform.yaml" {
			content = strings.Replace(content, "folder: .", "folder: infra/run\nteam: web", 1)
		}
		if name == "Pulumi.dev.yaml" { // ids are numbers
			content = strings.NewReplacer(`Id: "`, "Id: ", `01"`+"\n      repository:", "01\n      repository:", `01"`+"\n      branch:",
				"01\n      branch:").Replace(content)
		}
		return content
	})
	require.NoError(t, os.WriteFile(filepath.Join(folder, "release.yaml"), nil, 0o600))
	code, out, errs := settings(t, "--folder", folder, "--stack", "dev", "--json")
	require.Equal(t, command.ExitDone, code, errs)
	var told map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &told))
	assert.Equal(t, "infra/run/policy/dev.json", told["policy-config"])
	assert.Equal(t, "infra/run/provenance.yaml", told["provenance"])
	assert.Equal(t, "infra/run/release.yaml", told["release-policy"])
	assert.Equal(t, told["registry"], told["source-registry"], "dev builds its own images")
	assert.Empty(t, told["attestor"])
	assert.NotContains(t, told, "service-name")
}

// TestSettingsRefuses checks that nothing is printed if anything is wrong. A workflow's job would otherwise continue with half of
// the values.
func TestSettingsRefuses(t *testing.T) {
	t.Parallel()
	same := func(_, content string) string { return content }
	replace := func(file, old, new string) func(string, string) string {
		return func(name, content string) string {
			if name != file {
				return content
			}
			require.Contains(t, content, old)
			return strings.ReplaceAll(content, old, new)
		}
	}
	for name, test := range map[string]struct {
		edit func(name, content string) string
		args []string
		want string
	}{
		"a stand-in of platform.yaml": {same, nil, "platform.commit: a stand-in"},
		"a stand-in of the stack": {replace("platform.yaml", `"stand-in:0123456789abcdef0123456789abcdef01234567"`,
			"0123456789abcdef0123456789abcdef01234567"), nil, "project.number: is a stand-in"},
		"another project": {replace("Pulumi.yaml", "name: procureflow", "name: shop"), []string{"--stand-ins"},
			"write shop:platform, or call the project as before"},
		"another owner": {replace("Pulumi.dev.yaml", "owner: guiofsaints", "owner: somebody"), []string{"--stand-ins"},
			`github.owner in the stack's settings is "somebody", and platform.yaml says "guiofsaints"`},
		"another repository": {replace("Pulumi.dev.yaml", "repository: procureflow", "repository: fork"),
			[]string{"--stand-ins"}, "github.repository in the stack's settings"},
		"no such stack":   {same, []string{"--stand-ins", "--stack", "qa"}, "stacks here are dev, staging, prod"},
		"no such service": {same, []string{"--stand-ins", "--service", "api"}, `no service "api": it has web`},
		"no such format":  {same, []string{"--stand-ins", "--format", "yaml"}, `--format is "yaml"`},
		"a wrong setting": {replace("Pulumi.dev.yaml", "us-central1", "$(id)"), []string{"--stand-ins"},
			"project.region: is not a region"},
		"a line in a branch": {replace("Pulumi.dev.yaml", "branch: main", `branch: "main\nproject=other"`),
			[]string{"--stand-ins"}, "branch"},
		"a wrong source": {replace("Pulumi.dev.yaml", "memory: 512Mi", "memory: 64Mi"),
			[]string{"--stand-ins", "--stack", "prod"}, "services.web.memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := settings(t, append([]string{"--folder", application(t, test.edit), "--stack", "dev"}, test.args...)...)
			assert.Equal(t, command.ExitUsage, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, test.want)
		})
	}
}

// TestControllerDoesNotImportPulumi checks the imports of the command. A rollback must not need Pulumi.
func TestControllerDoesNotImportPulumi(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("go", "list", "-deps", "github.com/guiofsaints/procureflow-platform/cmd/release").Output()
	require.NoError(t, err)
	assert.NotContains(t, string(output), "github.com/pulumi/")
}
