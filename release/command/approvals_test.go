package command

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestApprovalsCommand does not run in parallel, because the command reads the token and the API's address from the environment.
func TestApprovalsCommand(t *testing.T) {
	second := "3"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/approvals") {
			_, _ = w.Write([]byte(`{"id": 77, "run_attempt": 1, "actor": {"login": "dora", "id": 1}, "triggering_actor": {"login": "dora", "id": 1},
				"repository": {"full_name": "acme/shop"}}`))
			return
		}
		_, _ = w.Write([]byte(`[{"state": "approved", "environments": [{"name": "production-approval"}], "user": {"login": "ann", "id": 2, "type": "User"}},
			{"state": "approved", "environments": [{"name": "production"}], "user": {"login": "bob", "id": ` + second + `, "type": "User"}}]`))
	}))
	defer server.Close()
	t.Setenv("GITHUB_API_URL", server.URL)
	t.Setenv("GITHUB_TOKEN", "ghs_secret")
	run := func(arguments ...string) (int, string, string) {
		var out, errs bytes.Buffer
		exit := Run(t.Context(), append([]string{"approvals"}, arguments...), Streams{Out: &out, Err: &errs})
		return exit, out.String(), errs.String()
	}
	asked := []string{"--run", "77", "--repository", "acme/shop", "--environments", "production-approval,production"}

	exit, out, errs := run(asked...)
	assert.Equal(t, ExitDone, exit)
	assert.Equal(t, "production-approval: approved by ann (2)\nproduction: approved by bob (3)\n", out)
	assert.Empty(t, errs)

	digest, sha := "sha256:"+strings.Repeat("d", 64), strings.Repeat("c", 40)
	outputs, summary := filepath.Join(t.TempDir(), "outputs"), filepath.Join(t.TempDir(), "summary")
	exit, out, _ = run(append(asked, "--digest", digest, "--commit", sha, "--github-output", outputs, "--summary", summary)...)
	assert.Equal(t, ExitDone, exit)
	assert.Equal(t, "production-approval: approved by ann (2) of "+digest+", built from commit "+sha+
		"\nproduction: approved by bob (3) of "+digest+
		", built from commit "+sha+"\n", out)
	written, _ := os.ReadFile(outputs)
	assert.Equal(t, "approved-by=ann,bob\n", string(written))
	written, _ = os.ReadFile(summary)
	assert.Equal(t, "- production-approval: the release of "+digest+", built from commit "+sha+" was approved by ann\n"+
		"- production: the release of "+digest+
		", built from commit "+sha+" was approved by bob\n", string(written))
	exit, _, errs = run(append(asked, "--digest", "latest")...)
	assert.Equal(t, ExitUsage, exit)
	assert.Equal(t, "release: --digest \"latest\" is not a digest: use sha256: and 64 hex digits\n", errs)

	exit, out, errs = run(append(asked, "--actor", "Bob", "--json")...)
	assert.Equal(t, ExitRefused, exit)
	assert.Contains(t, out, `"approved": false`)
	assert.Contains(t, errs, "release: not approved: only the people who started the run (dora) approved production; another reviewer has "+
		"to approve it")

	second = "2"
	exit, _, errs = run(asked...)
	assert.Equal(t, ExitRefused, exit)
	assert.Contains(t, errs, "production-approval and production need 2 different people")

	exit, _, errs = run(append(asked, "--attempt", "2")...)
	assert.Equal(t, ExitRefused, exit)
	assert.Contains(t, errs, "run 77 is at attempt 1, and attempt 2 asks")

	exit, _, errs = run("--repository", "acme/shop")
	assert.Equal(t, ExitUsage, exit)
	assert.Equal(t, "release: approvals needs --run, --repository and --environments\n", errs)

	server.Close()
	t.Setenv("GITHUB_TOKEN", "")
	exit, _, errs = run(asked...)
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errs, "GITHUB_TOKEN is empty")
}
