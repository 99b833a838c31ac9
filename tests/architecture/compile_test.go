package architecture_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// uncompiled lists packages that cmd/sandbox must not import. A first `sandbox up` compiles everything that it imports, and the user
// waits for that. The costs are seconds of processor time; docs/performance.md says how they were measured.
var uncompiled = []struct {
	prefix string
	// but lists packages below the prefix that are needed.
	but    []string
	reason string
}{
	{prefix: "github.com/pulumi/pulumi-github", reason: "its one package takes 25 s: register GitHub's resources by their tokens"},
	{
		prefix: "github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/",
		but: []string{"artifactregistry", "billing", "binaryauthorization", "cloudrunv2", "cloudscheduler", "containeranalysis", "iam",
			"internal", "kms", "logging", "monitoring", "projects", "secretmanager", "serviceaccount"},
		reason: "a package takes 2 to 17 s: register a type or two by their tokens, as components/database does, or add the package here",
	},
	{prefix: "github.com/pulumi/pulumi/pkg", reason: "the CLI is a program of its own, and takes 36 s"},
	{prefix: module + "release/images", reason: "its clients of registries and Sigstore take 22 s"},
	{prefix: "github.com/sigstore", reason: "with what it needs it takes 22 s: only release/images asks about images"},
	{prefix: "github.com/google/go-containerregistry", reason: "only release/images asks about images"},
	{
		prefix: "google.golang.org/api/",
		but: []string{"googleapi", "iamcredentials", "idtoken", "impersonate", "internal", "monitoring", "option", "run",
			"transport"},
		reason: "a client takes about 1 s: the controller calls Cloud Run and Monitoring",
	},
	{prefix: "github.com/google/go-github", reason: "it is for tests"},
	{prefix: "github.com/chromedp", reason: "it is for tests"},
	{prefix: "github.com/stretchr/testify", reason: "it is for tests"},
	{prefix: "testing", reason: "it is for tests"},
}

// uncompiledProblem returns the reason why cmd/sandbox must not import a package; empty if it may.
func uncompiledProblem(pkg string) string {
	for _, ban := range uncompiled {
		rest, found := strings.CutPrefix(pkg, ban.prefix)
		if !found || rest != "" && !strings.HasSuffix(ban.prefix, "/") && rest[0] != '/' {
			continue
		}
		first, _, _ := strings.Cut(rest, "/")
		if !slices.Contains(ban.but, first) {
			return "cmd/sandbox must not reach " + pkg + ": " + ban.reason + "; `go list -deps` shows what it reaches"
		}
	}
	return ""
}

func TestFirstUpCompilesOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-deps", "./cmd/sandbox")
	list.Dir = root
	output, err := list.Output()
	require.NoError(t, err)
	reached := strings.Fields(string(output))
	assert.Contains(t, reached, module+"infra/program", "cmd/sandbox contains the program")
	for _, pkg := range reached {
		assert.Empty(t, uncompiledProblem(pkg))
	}
	for _, ban := range uncompiled {
		assert.NotEmpty(t, ban.reason, ban.prefix)
		for _, needed := range ban.but {
			assert.True(t, slices.ContainsFunc(reached, func(pkg string) bool {
				return strings.HasPrefix(pkg+"/", ban.prefix+needed+"/")
			}), "%s%s is not reached any more: take it out of the list", ban.prefix, needed)
		}
	}
	for pkg, want := range map[string]string{
		"github.com/pulumi/pulumi-github/sdk/v6/go/github":      "25 s",
		"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/sql":        "2 to 17 s",
		"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrun":   "2 to 17 s",
		"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2": "",
		"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp":            "",
		"github.com/sigstore/sigstore-go/pkg/verify":            "22 s",
		"github.com/sigstorelike/other":                         "",
		"google.golang.org/api/compute/v1":                      "about 1 s",
		"google.golang.org/api/run/v2":                          "",
		"github.com/pulumi/pulumi/sdk/v3/go/auto":               "",
		"github.com/pulumi/pulumi/pkg/v3/engine":                "36 s",
		"testing/fstest":                                        "for tests",
	} {
		got := uncompiledProblem(pkg)
		if want == "" {
			assert.Empty(t, got, pkg)
			continue
		}
		assert.Contains(t, got, want, pkg)
	}
}

// TestNestedModulesShareWhatTheyCompile compares the versions of modules that several of the repository's modules require. The check
// compiles a package once if the versions are equal.
func TestNestedModulesShareWhatTheyCompile(t *testing.T) {
	t.Parallel()
	first := requirements(t, "go.mod")
	for _, nested := range []string{"policy", "policy/conformance", "policy/bench/policyx", "tests/workflows", "tests/examples/yaml",
		"tests/chains/act"} {
		for path, version := range requirements(t, nested+"/go.mod") {
			if first[path] == "" {
				first[path] = version
			}
			assert.Equal(t, first[path], version, "cd %s && go get %s@%s && go mod tidy", nested, path, first[path])
		}
	}
}

// requirements returns the versions that a go.mod requires, for the modules that others require too.
func requirements(t *testing.T, name string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	file, err := modfile.Parse(name, content, nil)
	require.NoError(t, err)
	versions := map[string]string{}
	for _, required := range file.Require {
		if !strings.HasPrefix(required.Mod.Path+"/", module) {
			versions[required.Mod.Path] = required.Mod.Version
		}
	}
	require.NotEmpty(t, versions, name)
	return versions
}
