package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// TestHowTos follows the pages of docs/howto in the index's order, in a copy of the tests' application with its sandbox. diff blocks
// are applied to the files, sh blocks are run, and the output of the block before has to contain each text block. Where nothing needs
// an up earlier, one does for several pages (see run).
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
	r := &reader{sandbox: s}
	r.has = r.registered()
	for _, page := range pages {
		if !t.Run(page, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(folder, page))
			require.NoError(t, err)
			r.sandbox = &sandbox{t: t, state: s.state, dir: s.dir}
			r.follow(string(content))
		}) {
			return // the following pages build on it
		}
	}
	r.sandbox = s
	r.up()
	s.unchanged("dev")
}

// reader follows pages.
type reader struct {
	*sandbox
	has     map[string]string // the inputs that the program registered after the latest commands, by type and name
	awaited []string          // lines that the next commands have to print
}

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// follow runs a page's blocks.
func (r *reader) follow(page string) {
	r.t.Helper()
	commands, shown := "", 0
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		switch kind, text := block[1], block[2]; {
		case kind == "diff":
			r.apply(text)
		case kind == "sh" && commands == "":
			commands = text
		case kind == "text" && commands != "":
			r.run(commands, strings.Split(strings.TrimSpace(text), "\n"))
			commands = ""
			shown++
		default:
			r.t.Fatalf("a block of kind %q is neither an edit, commands nor their output:\n%s", kind, text)
		}
	}
	require.Empty(r.t, commands, "the page shows the output of each of its commands")
	require.NotZero(r.t, shown, "the page has no commands")
}

const upOfDev = "go run ./cmd/sandbox up dev\n"

// run runs commands and checks that they print the lines. An up at their end waits if the next one prints the same lines: it checks that
// the edit changes these resources in the program, and the next up has to print the lines.
func (r *reader) run(commands string, lines []string) {
	r.t.Helper()
	if !strings.Contains(commands, upOfDev) {
		r.up()
	}
	r.awaited = append(r.awaited, lines...)
	if before, last := strings.CutSuffix(commands, upOfDev); last {
		if before != "" {
			r.shell(before)
		}
		if r.changed(lines) {
			return
		}
		commands = upOfDev
	}
	r.printed(commands)
}

// up runs the up that run left out.
func (r *reader) up() {
	r.t.Helper()
	if len(r.awaited) > 0 {
		r.printed(upOfDev)
	}
}

// printed runs commands and checks that they print the awaited lines.
func (r *reader) printed(commands string) {
	r.t.Helper()
	printed := r.shell(commands)
	for _, line := range r.awaited {
		require.Contains(r.t, printed, line)
	}
	r.has, r.awaited = r.registered(), nil
}

var (
	resourceLine = regexp.MustCompile(`^(gcp:\w+:\w+ \S+) (created|updated|replaced|deleted)$`)
	// laterLine is another line that the next up prints as well: which properties change, and where the stack is.
	laterLine = regexp.MustCompile(`^(\[diff: ~\w+\]|Stack dev is up|[a-z0-9-]+\.run\.app)$`)
)

// changed checks the lines about resources against what the program registers now, and reports whether the next up prints all lines.
func (r *reader) changed(lines []string) (all bool) {
	r.t.Helper()
	now := r.registered()
	all = true
	for _, line := range lines {
		found := resourceLine.FindStringSubmatch(line)
		if found == nil {
			all = all && laterLine.MatchString(line)
			continue
		}
		before, was := r.has[found[1]]
		after, is := now[found[1]]
		happened := "left alone"
		switch {
		case !was && is:
			happened = "created"
		case was && !is:
			happened = "deleted"
		case before != after:
			happened = "updated"
		}
		require.Equal(r.t, strings.Replace(found[2], "replaced", "updated", 1), happened, line)
	}
	r.has = now
	return all
}

// registered returns the inputs that the program registers with the present settings, by type and name as an up prints them.
func (r *reader) registered() map[string]string {
	r.t.Helper()
	settings, err := stacks.Filled(r.dir, "dev")
	require.NoError(r.t, err)
	resources, err := dryrun.Register(program.In(r.dir), r.dir, "dev", settings)
	require.NoError(r.t, err)
	has := map[string]string{}
	for _, resource := range resources {
		inputs, err := json.Marshal(resource.Inputs)
		require.NoError(r.t, err)
		module, _, _ := strings.Cut(resource.Type, "/")
		has[module+":"+resource.Type[strings.LastIndex(resource.Type, ":")+1:]+" "+resource.Name] = string(inputs)
	}
	return has
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
