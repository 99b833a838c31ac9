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

// terminal is a shell that runs a document's blocks. Its commands are this test's own, and use its sandbox. A person who types them
// answers the questions of `pulumi` themselves.
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
  "build -o bin/policy-pack "*/policy) test -e bin/policy-pack || (cd "$ROOT/policy" && command go build \
    -o "$DIR/bin/policy-pack" -buildvcs=false -ldflags=-w github.com/guiofsaints/procureflow-platform/policy) ;; # as the sandbox does
  *) echo "the test does not know go $*" >&2; return 1 ;;
  esac
}
gcloud() { # what it answers about the service, and a note of what it is told to do
  case "$*" in
  *latestReadyRevisionName*) echo some-revision ;;
  *imageDigest*) echo "${IMAGE:-}" ;;
  *) echo "gcloud $*" >> "$DIR/gcloud.log" ;;
  esac
}
export -f gcloud`)
	return terminal
}

// typed runs a document's blocks, and looks for what the document shows in the output of each; … stands for anything within a line.
// It calls after with each block and its output.
func (s *sandbox) typed(terminal *terminal, document string, after func(block, printed string)) {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs", document))
	require.NoError(s.t, err)
	printed := ""
	for _, block := range indented.FindAllStringSubmatch(string(content), -1) {
		if block[1] == "text" {
			for line := range strings.Lines(block[2]) {
				expected := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*")
				require.Regexp(s.t, "(?m)"+expected+"$", printed)
			}
			continue
		}
		printed = terminal.do(block[2])
		assert.NotRegexp(s.t, `\d+ (replaced|deleted)|replaced|deleting`, printed)
		after(block[2], printed)
	}
}

// made makes a resource as somebody did by hand before the first run.
func (s *sandbox) made(method, path string, body map[string]any) map[string]any {
	s.t.Helper()
	status, answer := s.api(method, path, body)
	require.Equal(s.t, 2, status/100, "%s %s: %d %v", method, path, status, answer)
	return answer
}

// filledIn replaces the stand-ins of the settings. Ids are numbers, except the project's number, which stays text.
func filledIn(_, content string) string {
	filled := regexp.MustCompile(`(Id: |reviewers: \[)"stand-in:(\d+)"`).ReplaceAllString(content, "$1$2")
	return strings.ReplaceAll(filled, "stand-in:", "")
}

// do runs a block and returns its output.
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

// TestFirstRunAsDocumented runs docs/bootstrap.md in the sandbox, where one secret exists already.
func TestFirstRunAsDocumented(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, filledIn)
	const secret = "/sm/v1/projects/procureflow-prod/secrets"
	var created any
	ran := 0
	s.typed(s.terminal(), "bootstrap.md", func(block, printed string) {
		if ran++; ran == 1 { // the cloud is up and empty
			s.made(http.MethodPost, "/su/v1/projects/procureflow-prod/services/secretmanager.googleapis.com:enable", map[string]any{})
			created = s.made(http.MethodPost, secret+"?secretId=nextauth-secret",
				map[string]any{"replication": map[string]any{"automatic": map[string]any{}}})["createTime"]
		}
		if strings.Contains(block, "firstrun adopt") {
			assert.Contains(t, printed, "1 of the ")
		}
	})
	assert.Equal(t, 6, ran)
	_, after := s.api(http.MethodGet, secret+"/nextauth-secret", nil)
	assert.Equal(t, created, after["createTime"], "the existing secret was adopted")
}

// TestMigrationAsDocumented runs docs/migration.md in the sandbox, in which the application runs as before the platform: a v1
// service by tag with its secrets at latest, its account, its secrets, a registry, and a second service in another region. All of it
// is adopted unchanged.
func TestMigrationAsDocumented(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, filledIn)
	terminal := s.terminal()
	terminal.do(`go tool sandbox preview dev
eval "$(go tool sandbox env dev)"
pulumi() { go tool sandbox pulumi -- "$@" --stack dev; }
IMAGE=us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@sha256:` + strings.Repeat("7", 64))
	s.makeWhatRanBefore()
	_, before := s.api(http.MethodGet, devService, nil)
	serving := dig(before, "latestReadyRevision").(string)
	serving = serving[strings.LastIndexByte(serving, '/')+1:]
	ran := 0
	s.typed(terminal, "migration.md", func(block, printed string) {
		ran++
		if !strings.Contains(block, "--to-revisions") {
			return
		}
		noted, err := os.ReadFile(filepath.Join(s.dir, "gcloud.log"))
		require.NoError(t, err)
		require.Equal(t, "gcloud run services update-traffic procureflow-web --project procureflow-dev --region us-central1 --to-revisions "+
			serving+"=100\n", string(noted))
		s.made(http.MethodPatch, devService+"?updateMask=traffic", map[string]any{"traffic": []any{map[string]any{
			"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": serving, "percent": 100}}})
	})
	assert.Equal(t, 5, ran)
	_, after := s.api(http.MethodGet, devService, nil)
	for _, key := range []string{"uid", "createTime"} {
		assert.Equal(t, before[key], after[key], "the service is the same one")
	}
	assert.NotEqual(t, before["latestReadyRevision"], after["latestReadyRevision"], "there is a newer revision")
	assert.Len(t, after["trafficStatuses"], 1)
	assert.Equal(t, serving, dig(after, "trafficStatuses", 0, "revision"), "the revision that served before still serves")
	assert.EqualValues(t, 100, dig(after, "trafficStatuses", 0, "percent"))
	assert.Contains(t, s.must("adopt", "dev", "--out", filepath.Join(t.TempDir(), "import.json")).out, "The plan makes nothing")
}

// TestDocumentedUpsUseThePolicyPack checks that every documented `pulumi up` uses the policy pack, which is built before. The
// exceptions are the one that adopts providers only, and the builds of the release controller, which workflows make.
func TestDocumentedUpsUseThePolicyPack(t *testing.T) {
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
				"%s: go run turns every exit code but 0 into 1: %s", document, command)
			if strings.Contains(command, "pulumi up ") && !strings.Contains(command, "'**pulumi:providers:**'") {
				assert.Contains(t, command, "--policy-pack bin/policy-pack --policy-pack-config policy/", document)
			}
		}
	}
}
