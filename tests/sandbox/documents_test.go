package sandbox_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// terminal is a shell that types what a document says, block by block. The commands of the document are this test's own, asked
// about its sandbox; whoever types them answers the questions of `pulumi` themselves.
type terminal struct {
	t       *testing.T
	in      io.Writer
	printed *bufio.Reader
}

func (s *sandbox) terminal() *terminal {
	s.t.Helper()
	self, err := os.Executable()
	require.NoError(s.t, err)
	shell := exec.CommandContext(s.t.Context(), "bash")
	shell.Dir = s.dir
	shell.Env = append(os.Environ(), "SELF="+self, "STATE="+s.state, "DIR="+s.dir, "ROOT="+root)
	in, err := shell.StdinPipe()
	require.NoError(s.t, err)
	out, err := shell.StdoutPipe()
	require.NoError(s.t, err)
	shell.Stderr = shell.Stdout
	require.NoError(s.t, shell.Start())
	s.t.Cleanup(func() {
		_ = in.Close()
		_ = shell.Wait()
	})
	terminal := &terminal{t: s.t, in: in, printed: bufio.NewReader(out)}
	terminal.do(`set -euo pipefail
sandbox() { # from the platform's folder, with files of the application's
  set -- "${@/#import.json/$DIR/import.json}"; set -- "${@/#policy\//$DIR/policy/}"; set -- "${@/#bin\//$DIR/bin/}"
  (cd "$ROOT" && ` + asCommand + `=1 "$SELF" --state "$STATE" --dir "$DIR" "$@")
}
go() {
  case "$*" in
  "tool sandbox pulumi -- stack init "*) ;; # the sandbox made it
  "tool sandbox pulumi -- up "*|"tool sandbox pulumi -- import "*) shift 2; sandbox "$@" --yes ;;
  "tool sandbox "*) shift 2; sandbox "$@" ;;
  "tool firstrun "*) shift 2; ` + asFirstrun + `=1 "$SELF" "$@" ;;
  "build -o bin/policy-pack "*/policy) command go build -C "$ROOT/policy" -o "$DIR/bin/policy-pack" . ;;
  *) echo "the test does not know go $*" >&2; return 1 ;;
  esac
}`)
	return terminal
}

// do runs a block and returns what it printed.
func (t *terminal) do(block string) string {
	t.t.Helper()
	const end = "--- end of the block ---"
	_, err := fmt.Fprintf(t.in, "{\n%s\n} </dev/null 2>&1\necho '%s'\n", block, end)
	require.NoError(t.t, err)
	var printed strings.Builder
	for {
		line, err := t.printed.ReadString('\n')
		if strings.TrimSpace(line) == end {
			return printed.String()
		}
		printed.WriteString(line)
		require.NoError(t.t, err, "%s\n%s", block, printed.String())
	}
}

var indented = regexp.MustCompile("(?ms)^ *```(sh|text)\n(.*?)^ *```$")

// TestTheFirstRunAsDocumented types the blocks of docs/bootstrap.md, in its order, into the sandbox, and finds in what each prints
// what the document says; … stands for anything in one line.
func TestTheFirstRunAsDocumented(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, func(_, content string) string {
		// The settings as their owner has filled them in. Ids are numbers; the project's number is text all the same.
		filled := regexp.MustCompile(`(Id: |reviewers: \[)"stand-in:(\d+)"`).ReplaceAllString(content, "$1$2")
		return strings.ReplaceAll(filled, "stand-in:", "")
	})
	content, err := os.ReadFile(filepath.Join(root, "docs", "bootstrap.md"))
	require.NoError(t, err)
	terminal := s.terminal()
	const secret = "/sm/v1/projects/procureflow-prod/secrets"
	var created any
	printed, ran := "", 0
	for _, block := range indented.FindAllStringSubmatch(string(content), -1) {
		if block[1] == "text" {
			for line := range strings.Lines(block[2]) {
				expected := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*")
				require.Regexp(t, "(?m)"+expected+"$", printed)
			}
			continue
		}
		printed = terminal.do(block[2])
		ran++
		if created == nil { // the cloud is up, and empty: what exists before the run is made by hand
			status, answer := s.api(http.MethodPost, "/su/v1/projects/procureflow-prod/services/secretmanager.googleapis.com:enable", map[string]any{})
			require.Equal(t, http.StatusOK, status, answer)
			status, answer = s.api(http.MethodPost, secret+"?secretId=nextauth-secret", map[string]any{"replication": map[string]any{
				"automatic": map[string]any{}}})
			require.Equal(t, http.StatusOK, status, answer)
			created = answer["createTime"]
		}
		assert.NotRegexp(t, `\d+ (replaced|deleted)|replaced|deleting`, printed)
		if strings.Contains(block[2], "firstrun adopt") {
			assert.Contains(t, printed, "1 of the ")
		}
	}
	assert.Equal(t, 6, ran)
	_, after := s.api(http.MethodGet, secret+"/nextauth-secret", nil)
	assert.Equal(t, created, after["createTime"], "it is the one that was there")
}

// TestNothingDocumentedRunsUnjudged: every documented `pulumi up` has the policy pack, which is built before; the one without
// takes up the providers alone, and what is made for the release controller is the workflows'.
func TestNothingDocumentedRunsUnjudged(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"README.md", "docs/bootstrap.md", "docs/migration.md"} {
		content, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		built, fence := false, false
		for command := range strings.Lines(string(content)) {
			if strings.HasPrefix(strings.TrimSpace(command), "```") {
				fence = !fence
			}
			if !fence && !strings.HasPrefix(command, "    ") {
				continue
			}
			built = built || strings.Contains(command, "go build -C policy -o ../bin/policy-pack .") ||
				strings.Contains(command, "go build -o bin/policy-pack ")
			assert.False(t, strings.Contains(command, "bin/policy-pack ") && !strings.Contains(command, "go build") && !built,
				"%s uses the pack before it is built: %s", document, command)
			assert.False(t, strings.Contains(command, "echo $?") && strings.HasPrefix(command, "go run"),
				"%s: go run ends with 1 whatever the command ends with: %s", document, command)
			if strings.Contains(command, "pulumi up ") && !strings.Contains(command, "'**pulumi:providers:**'") {
				assert.Contains(t, command, "--policy-pack bin/policy-pack --policy-pack-config policy/", document)
			}
		}
	}
}
