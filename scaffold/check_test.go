package scaffold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// TestCheckReportsEachMistake makes one change to what init wrote in each case, expects check to report it, and takes it back.
func TestCheckReportsEachMistake(t *testing.T) {
	t.Parallel()
	const folder = "infra/platform/"
	root := repository(t, shape(t, "monorepo"))
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	for name, test := range map[string]struct{ file, old, new, want string }{
		"another folder": {folder + "platform.yaml", "folder: infra/platform", "folder: infra",
			`platform.yaml: folder is "infra", and the file is in "infra/platform"`},
		"an unknown key": {folder + "platform.yaml", "owner: acme", "owner: acme\nowners: x", "field owners not found"},
		"another project": {folder + "Pulumi.yaml", "name: shop", "name: shops",
			`Pulumi.yaml: name is "shops", and platform.yaml says "shop"`},
		"without refresh": {folder + "Pulumi.yaml", "refresh: always", "refresh: never", `options.refresh is "never"`},
		"another version in go.mod": {folder + "go.mod", "procureflow-platform v1.2.3", "procureflow-platform v1.2.2",
			`go.mod: requires github.com/guiofsaints/procureflow-platform "v1.2.2"`},
		"a setting": {folder + "Pulumi.dev.yaml", "maxInstances: 2", "maxInstance: 2",
			"Pulumi.dev.yaml: services.web.maxInstance: is not a setting"},
		"another repository": {folder + "Pulumi.staging.yaml", "repository: Shop", "repository: Fork",
			`github.repository in the stack's settings is "Fork"`},
		"an untrusted commit": {folder + "Pulumi.dev.yaml", "refs: [" + commit + "]", "refs: [" + strings.Repeat("f", 40) + "]",
			"github.workflows does not trust guiofsaints/procureflow-platform at " + commit},
		"a trusted commit of another platform": {folder + "Pulumi.dev.yaml", "repository: guiofsaints/procureflow-platform",
			"repository: acme/platform", "github.workflows does not trust guiofsaints/procureflow-platform at " + commit},
		"a caller that starts for another branch": {".github/workflows/platform-infrastructure.yml", "branches: [main", "branches: [trunk",
			`push of ["trunk"] starts it, and not of main, the stacks' github.branch: add that branch`},
		"a shared project": {folder + "Pulumi.staging.yaml", "id: shop-staging", "id: shop-dev",
			"project.id is shop-dev, which Pulumi.dev.yaml has too"},
		"two currencies of one account": {folder + "Pulumi.staging.yaml", "currency: USD", "currency: EUR",
			"Pulumi.staging.yaml: budget.currency is EUR, and Pulumi.dev.yaml has USD with the same billing account"},
		"two repository ids": {folder + "Pulumi.staging.yaml", "repositoryId: \"stand-in:100000001\"", "repositoryId: 7",
			"another ownerId, repositoryId or branch"},
		"a policy's name": {folder + "policy/dev.json", `"run-ingress"`, `"run-ingres"`,
			`policy/dev.json: there is no policy "run-ingres"`},
		"a level": {folder + "policy/dev.json", `"run-nonroot": "advisory"`, `"run-nonroot": "warn"`,
			"run-nonroot: use advisory"},
		"not JSON":         {folder + "policy/dev.json", "{\n", "", "policy/dev.json: is not JSON"},
		"a public service": {folder + "policy/prod.json", `["shop-web"]`, `["shop-api"]`, `run-ingress.publicServices is ["shop-api"]`},
		"another registry": {folder + "policy/prod.json", "docker.pkg.dev/shop-prod", "docker.pkg.dev/shop-dev",
			"run-image-registry.registries"},
		"another region": {folder + "Pulumi.dev.yaml", "region: us-central1", "region: europe-west1",
			`allowed-regions.regions is ["us-central1"] and lacks the stack's`},
		"a release": {folder + "release.yaml", "inconclusive: hold", "inconclusive: maybe", "release.yaml: environments.prod"},
		"a hook without a job": {folder + "release.yaml", "inconclusive: hold", "inconclusive: hold\n    before: [{job: shop-migrate}]",
			"release.yaml: environments.prod runs the job shop-migrate, and the stack has none of that name: add it under jobs"},
		"another builder": {folder + "provenance.yaml", commit, strings.Repeat("f", 40), "provenance.yaml: builder is"},
		"another id": {folder + "provenance.yaml", `"100000001"`, `"100000002"`,
			`repositoryId is "100000002": write 100000001`},
		"a self-hosted runner": {folder + "provenance.yaml", "runner: github-hosted", "runner: self-hosted",
			`runner is "self-hosted"`},
		"a call of a branch instead of a commit": {".github/workflows/platform-release.yml", "@" + commit, "@main", "platform-release.yml: line"},
		"a call for another folder": {".github/workflows/platform-drift.yml", "folder: infra/platform", "folder: infra",
			"without folder: infra/platform"},
		"a removed owner": {".github/CODEOWNERS", "/infra/platform/ @acme", "/infra/platform/",
			"infra/platform/platform.yaml has no owner"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(root, test.file)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(content), test.old)
			defer write(t, root, test.file, string(content))
			write(t, root, test.file, strings.ReplaceAll(string(content), test.old, test.new))
			problems := scaffold.Check(filepath.Join(root, folder)).Problems
			assert.Contains(t, strings.Join(problems, "\n"), test.want)
		})
	}
	for name, missing := range map[string]string{
		"platform.yaml":                           "read who uses the platform",
		"policy/dev.json":                         "policy/dev.json: cannot be read",
		"provenance.yaml":                         "provenance.yaml: cannot be read",
		"../../.github/CODEOWNERS":                "CODEOWNERS: is missing",
		"../../.github/workflows/platform-ci.yml": "platform-ci.yml: is missing",
	} {
		path := filepath.Join(root, folder, name)
		require.NoError(t, os.Rename(path, path+".away"))
		assert.Contains(t, strings.Join(scaffold.Check(filepath.Join(root, folder)).Problems, "\n"), missing)
		require.NoError(t, os.Rename(path+".away", path))
	}
	assert.Empty(t, scaffold.Check(filepath.Join(root, folder)).Problems, "each change was taken back")
	assert.Contains(t, scaffold.Check(t.TempDir()).Problems[0], "is in no git repository")
}

// TestOwnSettingsPassTheCheck checks this repository's own settings, apart from their stand-ins.
func TestOwnSettingsPassTheCheck(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("..", ".git")); err != nil {
		t.Skip("this is not a git clone")
	}
	assert.Empty(t, scaffold.Check("..").Problems)
}
