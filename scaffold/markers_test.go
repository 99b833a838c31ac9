package scaffold

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	platform "github.com/guiofsaints/procureflow-platform"
)

// TestMarkersOfTheCallers has what init decides in each caller. A marker that is lost, or a new one that is not here, fails.
func TestMarkersOfTheCallers(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"platform-ci.yml": {"pull-requests", "pushes", "scripts", "workspace", "app", "node", "test", "end", "lint", "built",
			"lint", "end"},
		"platform-infrastructure.yml":      {"branch", "paths"},
		"platform-preview.yml":             {"pull-requests"},
		"platform-preview-environment.yml": {"pull-requests"},
		"platform-release.yml":             {"environments", "service"},
		"platform-rollback.yml":            {"environments", "service"},
	}
	names, err := fs.Glob(platform.Workflows, ".github/workflows/*.yml")
	require.NoError(t, err)
	found := map[string][]string{}
	jobs := map[string]bool{}
	for _, name := range names {
		content, err := platform.Workflows.ReadFile(name)
		require.NoError(t, err)
		file := strings.TrimPrefix(name, ".github/workflows/")
		for _, one := range regexp.MustCompile(`# init: (.*)`).FindAllStringSubmatch(string(content), -1) {
			found[file] = append(found[file], one[1])
		}
		if strings.HasPrefix(file, "platform-") {
			_, under, _ := strings.Cut(string(content), "\njobs:\n")
			for _, b := range jobBlocks(under) {
				jobs[b.name] = true
			}
		}
	}
	assert.Equal(t, want, found)
	for _, job := range slices.Concat(pnpmJobs, serviceJobs) {
		assert.True(t, jobs[job], "init rewrites the job %s, which no caller has", job)
	}
}

// TestNoMarkerIsLeft has the answers that decide about parts, and callers without a marker for each of them.
func TestNoMarkerIsLeft(t *testing.T) {
	t.Parallel()
	for name, jobs := range map[string][]string{"all": {"lint", "test", "compile"}, "without lint": {"test"}, "without scripts": nil} {
		files, err := Callers(Answers{Folder: "infra", Branch: "main", Environments: []string{"dev"}, Jobs: jobs, Workspace: ".", Web: "web",
			NodeVersion: "22", Test: "test", PullRequests: []string{"main"}, Pushes: []string{"main"}, Platform: "p/q", Version: "v1",
			Commit: "c", Services: []Service{{Key: "web", Dockerfile: "Dockerfile"}}})
		require.NoError(t, err)
		for _, file := range files {
			assert.NotContains(t, file.Content, "# init:", "%s: %s", name, file.Path)
			if strings.HasSuffix(file.Path, "/platform-ci.yml") {
				assert.Equal(t, slices.Contains(jobs, "lint"), strings.Contains(file.Content, "lint="), name)
				assert.Equal(t, len(jobs) > 0, strings.Contains(file.Content, "WORKSPACE: ."), name)
				assert.Equal(t, len(jobs) == 0, strings.Contains(file.Content, "[[ -f Dockerfile ]] || app=false"), name)
			}
		}
	}
}

func TestUnmarked(t *testing.T) {
	t.Parallel()
	a := Answers{Branch: "trunk", Services: []Service{{Key: "null", Dockerfile: "D"}}, NodeVersion: "22"}
	for _, test := range []struct{ text, want, refused string }{
		{"a\n  b: c # init: branch\n", "a\n  b: [trunk]\n", ""},
		{"default: web # init: service", `default: "null"`, ""},
		{"a\n# init: scripts\nb: # c\nnode: x # init: node\n\n# init: end\nd", "a\nd", ""},
		{"a: b   # init: lint\nc", "c", ""},
		{"a: b # init: nothing", "", "init: nothing is not a marker that init knows"},
		{"# init: nothing", "", "init: nothing begins a part inside another, or one that init does not know"},
		{"# init: branch", "", "init: branch begins a part inside another, or one that init does not know"},
		{"# init: lint\n# init: scripts\n", "", "init: scripts begins a part inside another, or one that init does not know"},
		{"# init: lint\na", "", "init: lint has no end"},
		{"a\n# init: end", "", "a part ends that did not begin"},
	} {
		got, err := a.unmarked(test.text)
		if test.refused != "" {
			assert.EqualError(t, err, test.refused)
			continue
		}
		require.NoError(t, err, test.text)
		assert.Equal(t, test.want, got)
	}
}
