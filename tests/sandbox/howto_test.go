package sandbox_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHowTos follows the pages of docs/howto in the index's order, in a copy of the tests' application with its sandbox. diff blocks
// are applied to the files, sh blocks are run, and the output of the block before has to contain each text block.
func TestHowTos(t *testing.T) {
	t.Parallel()
	s, _ := deployed(t, "dev")
	folder := filepath.Join(root, "docs", "howto")
	index, err := os.ReadFile(filepath.Join(folder, "README.md"))
	require.NoError(t, err)
	var pages []string
	for _, link := range regexp.MustCompile(`(?m)^\| \[[^\]]+\]\(([a-z-]+\.md)\)`).FindAllStringSubmatch(string(index), -1) {
		pages = append(pages, link[1])
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	require.NoError(t, err)
	require.Len(t, pages, len(files)-1, "the index has every page")
	for _, page := range pages {
		if !t.Run(page, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(folder, page))
			require.NoError(t, err)
			(&sandbox{t: t, state: s.state, dir: s.dir}).follow(string(content))
		}) {
			return // the following pages build on it
		}
	}
	s.unchanged("dev")
}

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// follow runs a page's blocks.
func (s *sandbox) follow(page string) {
	s.t.Helper()
	var printed string
	ran, checked := 0, 0
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		switch kind, text := block[1], block[2]; kind {
		case "diff":
			s.apply(text)
		case "sh":
			printed = s.shell(text)
			ran++
		case "text":
			checked++
			for line := range strings.Lines(text) {
				require.Contains(s.t, printed, strings.TrimSpace(line))
			}
		default:
			s.t.Fatalf("a block of kind %q is neither an edit, commands nor their output", kind)
		}
	}
	require.NotZero(s.t, ran, "the page has no commands")
	require.Equal(s.t, ran, checked, "the page shows the output of each of its commands")
}

// apply makes an edit: the first line is +++ FILE, and the others are as in a diff. The replaced text has to occur once.
func (s *sandbox) apply(diff string) {
	s.t.Helper()
	head, lines, _ := strings.Cut(diff, "\n")
	name, is := strings.CutPrefix(head, "+++ ")
	require.True(s.t, is, "the edit names no file: %s", diff)
	var before, after strings.Builder
	for line := range strings.Lines(lines) {
		if line[0] != '+' {
			before.WriteString(line[1:])
		}
		if line[0] != '-' {
			after.WriteString(line[1:])
		}
	}
	path := filepath.Join(s.dir, name)
	content, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.Equal(s.t, 1, strings.Count(string(content), before.String()), "the edit does not fit %s:\n%s\n%s", name, diff, content)
	require.NoError(s.t, os.WriteFile(path, []byte(strings.Replace(string(content), before.String(), after.String(), 1)), 0o600))
}

// shell runs commands as a person types them, with this test's sandbox instead of the repository's. It skips the previews of ups,
// which nobody would read.
func (s *sandbox) shell(script string) string {
	s.t.Helper()
	self, err := os.Executable()
	require.NoError(s.t, err)
	prelude := fmt.Sprintf(`go() {
  local command="$1 $2"; shift 2
  case "$command" in
  "run ./cmd/sandbox") [[ "$1" != up ]] || set -- "$@" --skip-preview; %s=1 "$SELF" --state "$STATE" --dir "$DIR" "$@" ;;
  "run ./cmd/release") %s=1 "$SELF" "$@" ;;
  *) echo "the test does not know go $command" >&2; return 1 ;;
  esac
}
`, asCommand, asRelease)
	command := exec.CommandContext(s.t.Context(), "bash", "-euo", "pipefail", "-c", prelude+script)
	command.Dir = root
	command.Env = append(os.Environ(), "SELF="+self, "STATE="+s.state, "DIR="+s.dir)
	printed, err := command.CombinedOutput()
	require.NoError(s.t, err, "%s\n%s", script, printed)
	return string(printed)
}
