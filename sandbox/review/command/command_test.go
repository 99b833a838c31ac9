package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

const (
	at   = "https://github.com/o/r/actions/runs/1"
	sha  = "0123456789abcdef0123456789abcdef01234567"
	docs = "https://github.com/p/q/blob/main/docs"
)

// artifacts writes files into a folder, as `gh run download` does.
func artifacts(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return folder
}

const (
	quiet   = `{"base": "1", "head": "2", "stacks": [{"name": "dev"}]}`
	nothing = "## What this pull request would do\n\nNothing: no stack changes, costs stay the same, nobody gains rights, and no policy " +
		"has new findings.\n\n"
	none = "## What this pull request would do\n\nThere is no review: [the run](" + at + ") says why.\n\n"
	end  = "At commit `" + sha + "`.\n"
)

// TestCommentOfArtifacts checks that a malformed artifact is left out, and that the comment then says that it is missing.
func TestCommentOfArtifacts(t *testing.T) {
	t.Parallel()
	plan := func(text string) string {
		return "<details><summary>Plan of <code>dev</code> against the real cloud</summary>\n\n~~~~~~~~text\n" + text +
			"\n~~~~~~~~\n\n</details>\n\n"
	}
	const missing = "**Missing:** `dev` was not planned against the real cloud: [the run](" + at + ") says why.\n\n"
	const fork = "There is no plan against the real cloud, because a fork's run gets no identity. A maintainer who has read the change " +
		"pushes it to a branch of this repository to see one.\n\n"
	for name, test := range map[string]struct {
		files       map[string]string
		plans, want string
	}{
		"a report and a plan": {map[string]string{"review/report.json": quiet, "preview-dev/dev.txt": "same\n"}, "here", nothing + plan("same")},
		"no plan":             {map[string]string{"review/report.json": quiet}, "here", nothing + missing},
		"a fork":              {map[string]string{"review/report.json": quiet}, "fork", nothing + fork},
		"a summary":           {map[string]string{"review/report.json": quiet}, "apart", nothing},
		"no artifact":         {nil, "here", none},
		"not JSON":            {map[string]string{"review/report.json": "# hello", "preview-dev/dev.txt": "same"}, "here", none + plan("same")},
		"two documents":       {map[string]string{"review/report.json": quiet + quiet}, "here", none},
		"a list":              {map[string]string{"review/report.json": "[]"}, "here", none},
		"an unknown value of an enum": {map[string]string{
			"review/report.json": `{"stacks": [{"name": "dev", "plan": [{"op": "<img>", "name": "a"}]}]}`},
			"apart", "|  | `dev` |\n"},
		"JSON nested too deep": {map[string]string{"review/report.json": strings.Repeat("[", 20000)}, "here", none},
		"a stack's name that is Markdown": {map[string]string{"review/report.json": `{"stacks": [{"name": "dev` + "`" + `\n\n# @all"}]}`}, "here",
			none},
		"a stack without a name": {map[string]string{"review/report.json": `{"stacks": [{}]}`}, "here", none},
		"a stack twice":          {map[string]string{"review/report.json": `{"stacks": [{"name": "dev"}, {"name": "dev"}]}`}, "here", none},
		"a number of another type": {map[string]string{"review/report.json": `{"stacks": [{"name": "dev", "rehearsal": {"seed": -1}}]}`}, "here",
			none},
		"a number too large": {map[string]string{"review/report.json": `{"stacks": [{"name": "dev", "cost": {"delta": {"idle": 1e999}}}]}`},
			"here", none},
		"too many stacks": {map[string]string{"review/report.json": `{"stacks": [` + strings.Repeat(`{},`, 20) + `{}]}`}, "here", none},
		"a large report": {map[string]string{"review/report.json": `{"stacks": [], "base": "` + strings.Repeat("a", mostReport) + `"}`}, "here",
			none},
		"a large plan": {map[string]string{"review/report.json": quiet, "preview-dev/dev.txt": strings.Repeat("a", mostPreview+1)}, "here",
			nothing + missing},
		"a plan of another name": {map[string]string{"review/report.json": quiet, "preview-dev/prod.txt": "x", "preview-<b>/<b>.txt": "x",
			"preview-Dev/Dev.txt": "x"}, "here", nothing + missing},
		"hostile plans": {map[string]string{"review/report.json": quiet, "preview-dev/dev.txt": "~~~~~~~~\n</details>\u202e\x1b[31m@all\n"},
			"here", nothing + plan("~ ~ ~\n</details>[31m@all")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, said bytes.Buffer
			require.Equal(t, ExitDone, Run(t.Context(), []string{"--run", at, "--docs", docs, "--commit", sha, "--plans", test.plans,
				artifacts(t, test.files)}, cli.Streams{Out: &out, Err: &said}))
			if strings.HasPrefix(test.want, "|") {
				assert.Contains(t, out.String(), test.want)
				assert.NotContains(t, out.String(), "<img>")
				return
			}
			assert.Equal(t, "<!-- platform-review -->\n"+test.want+end, out.String(), said.String())
		})
	}
}

// TestLinksAreNotFollowed checks that an artifact cannot make this command show other files of the machine.
func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	folder := artifacts(t, map[string]string{"review/other": "", "secret": quiet, "preview-dev/other": ""})
	require.NoError(t, os.Symlink("../secret", filepath.Join(folder, "review", "report.json")))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(folder, "preview-dev", "dev.txt")))
	var out, said bytes.Buffer
	require.Equal(t, ExitDone, Run(t.Context(), []string{"--run", at, "--docs", docs, "--commit", sha, folder},
		cli.Streams{Out: &out, Err: &said}))
	assert.Equal(t, "<!-- platform-review -->\n"+none+end, out.String())
	assert.Contains(t, said.String(), "review/report.json is not a regular file of at most")
	assert.Contains(t, said.String(), "the plan of dev is left out")
}

func TestBadCalls(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, arguments := range map[string][]string{
		"nothing":         nil,
		"no folder":       {"--run", at, "--docs", docs, "--commit", sha},
		"another folder":  {"--run", at, "--docs", docs, "--commit", sha, filepath.Join(folder, "none")},
		"a bad address":   {"--run", "https://example.com/a) [b](c", "--docs", docs, "--commit", sha, folder},
		"another scheme":  {"--run", at, "--docs", "javascript:alert(1)", "--commit", sha, folder},
		"a bad page":      {"--run", at, "--page", "x", "--docs", docs, "--commit", sha, folder},
		"a branch":        {"--run", at, "--docs", docs, "--commit", "main", folder},
		"plans elsewhere": {"--run", at, "--docs", docs, "--commit", sha, "--plans", "elsewhere", folder},
	} {
		var out, said bytes.Buffer
		assert.Equal(t, ExitUsage, Run(t.Context(), arguments, cli.Streams{Out: &out, Err: &said}), name)
		assert.Empty(t, out.String(), name)
		assert.Contains(t, said.String(), "review-comment: ", name)
	}
	var out, said bytes.Buffer
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"--help"}, cli.Streams{Out: &out, Err: &said}))
	assert.Contains(t, out.String(), "Write the comment of a pull request from its run's artifacts")
	assert.Empty(t, said.String())
}
