package adopter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

const valid = `application: shop
owner: acme
repository: shop-app
team: web
folder: infra/platform
platform:
  repository: guiofsaints/procureflow-platform
  version: v1.2.3
  commit: 0123456789abcdef0123456789abcdef01234567
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := adopter.Parse([]byte(valid))
	require.NoError(t, err)
	assert.Equal(t, adopter.Adopter{Application: "shop", Owner: "acme", Repository: "shop-app", Team: "web", Organization: "acme",
		Folder: "infra/platform", Platform: adopter.Platform{Repository: "guiofsaints/procureflow-platform", Version: "v1.2.3",
			Commit: "0123456789abcdef0123456789abcdef01234567"}}, got)
	assert.Equal(t, "@acme/web", got.CodeOwner())
	assert.Equal(t, "acme/shop-app", got.Slug())
	assert.Equal(t, "acme/shop/dev", got.StackName("dev"))
	assert.Equal(t, "infra/platform/policy/dev.json", got.Path("policy/dev.json"))
	assert.Equal(t, "guiofsaints/procureflow-platform/.github/workflows/deploy.yml@0123456789abcdef0123456789abcdef01234567",
		got.Workflow("deploy.yml"))

	alone, err := adopter.Parse([]byte(strings.Replace(valid, "team: web\n", "organization: acme-cloud\n", 1)))
	require.NoError(t, err)
	assert.Equal(t, "@acme", alone.CodeOwner(), "a user has no teams")
	assert.Equal(t, "acme-cloud/shop/prod", alone.StackName("prod"))
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, new, want string }{
		"an unknown key":       {"team: web", "teams: web", "field teams not found"},
		"a key twice":          {"team: web", "team: web\nteam: ops", "already defined"},
		"two documents":        {"team: web", "team: web\n---\nowner: b", "has a second document"},
		"upper case":           {"application: shop", "application: Shop", `application is "Shop"`},
		"a name for a slug":    {"team: web", "team: acme/web", `team is "acme/web"`},
		"a folder above":       {"folder: infra/platform", "folder: ../platform", "inside the repository"},
		"an absolute folder":   {"folder: infra/platform", "folder: /infra", `folder is "/infra"`},
		"a folder twice":       {"folder: infra/platform", "folder: infra/./platform", "spelled in one way"},
		"no folder":            {"folder: infra/platform\n", "", `folder is ""`},
		"a branch":             {"version: v1.2.3", "version: main", `platform.version is "main"`},
		"a short commit":       {"commit: 0123456789abcdef0123456789abcdef01234567", "commit: 0123456", `platform.commit is "0123456"`},
		"a line in a name":     {"repository: shop-app", `repository: "shop\nx=y"`, "repository is"},
		"a repository of dots": {"repository: shop-app", "repository: ..", `repository is ".."`},
		"shell in an owner":    {"owner: acme", "owner: $(id)", "owner is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, valid, test.old)
			_, err := adopter.Parse([]byte(strings.Replace(valid, test.old, test.new, 1)))
			assert.ErrorContains(t, err, test.want)
		})
	}
	_, err := adopter.Parse([]byte("application: S\nowner: a/b\n"))
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 8, "all mistakes in one error: %v", err)
	_, err = adopter.Parse(nil)
	assert.ErrorContains(t, err, "platform.yaml is empty")
}

// TestStandIns checks that values that only the owner knows are listed as stand-ins. Code that depends on them for credentials can
// then refuse.
func TestStandIns(t *testing.T) {
	t.Parallel()
	got, err := adopter.Parse([]byte(strings.Replace(valid, "commit: ", "commit: stand-in:", 1)))
	require.NoError(t, err)
	assert.Equal(t, []string{"platform.commit"}, got.StandIns)
	assert.Equal(t, "0123456789abcdef0123456789abcdef01234567", got.Platform.Commit)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := adopter.Load(folder)
	assert.ErrorContains(t, err, "cmd/init` writes it")
	require.NoError(t, os.WriteFile(filepath.Join(folder, adopter.File), []byte(valid), 0o600))
	got, err := adopter.Load(folder)
	require.NoError(t, err)
	assert.Equal(t, "shop", got.Application)
}
