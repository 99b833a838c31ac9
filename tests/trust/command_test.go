package trust_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// sample is a token of prod's release.
var sample = filepath.Join(root, "sandbox", "command", "testdata", "deploy-prod.json")

func sandbox(in string, args ...string) (code int, out, errors string) {
	var stdout, stderr bytes.Buffer
	code = command.Run(context.Background(), append([]string{"--dir", application}, args...),
		command.Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr}, program.In)
	return code, stdout.String(), stderr.String()
}

func TestTrustCommandAsJSON(t *testing.T) {
	t.Parallel()
	code, out, stderr := sandbox("", "trust", "prod", "--claims", sample, "--json")
	require.Equal(t, command.ExitDone, code, stderr)
	assert.Empty(t, stderr)
	var answer struct {
		Accepted   bool
		Reason     string
		Identities []struct {
			Account, Provider, Member string
			Grants                    []map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	assert.True(t, answer.Accepted)
	assert.Contains(t, answer.Reason, "github-oidc: accepted")
	require.Len(t, answer.Identities, 1)
	deploy := answer.Identities[0]
	assert.Equal(t, "github-actions-deploy@procureflow-prod.iam.gserviceaccount.com", deploy.Account)
	assert.Equal(t, "github-oidc", deploy.Provider)
	assert.Equal(t,
		"principalSet://iam.googleapis.com/projects/100000000003/locations/global/workloadIdentityPools/github/attribute.env_workflow/"+
			"100000001:production:refs/heads/main:guiofsaints/procureflow/.github/workflows/deploy.yml@refs/heads/main", deploy.Member)
	assert.Len(t, deploy.Grants, 6)
	assert.Contains(t, deploy.Grants, map[string]string{
		"role": "projects/procureflow-prod/roles/procureflowReleaser", "scope": "project procureflow-prod",
		"reason": "Makes revisions, shifts traffic, and waits for operations, which belong to no service.",
	})

	code, out, stderr = sandbox(`{"iss": "https://token.actions.githubusercontent.com"}`, "trust", "prod", "--claims", "-", "--json")
	assert.Equal(t, command.ExitDone, code, stderr)
	var refused map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &refused))
	assert.Equal(t, false, refused["accepted"])
	assert.Equal(t, []any{}, refused["identities"], "identities is a list, even if empty")
	assert.Contains(t, refused["reason"], "the audience is absent")
}

func TestTrustCommandAsText(t *testing.T) {
	t.Parallel()
	code, out, _ := sandbox("", "trust", "prod", "--claims", sample)
	assert.Equal(t, command.ExitDone, code)
	for _, want := range []string{
		"The token is accepted by stack prod:\n", "  github-oidc: accepted\n",
		"\nIt can become github-actions-deploy@procureflow-prod.iam.gserviceaccount.com\n  through github-oidc, as principalSet://",
		"  roles/monitoring.viewer on project procureflow-prod: Judges a canary by its error ratio and latency.\n",
	} {
		assert.Contains(t, out, want)
	}
	code, out, _ = sandbox("", "trust", "dev", "--claims", sample)
	assert.Equal(t, command.ExitDone, code, "a refused token is an answer and not an error")
	assert.True(t, strings.HasPrefix(out, "The token is refused by stack dev:\n  github-oidc: the audience is "), out)
	assert.NotContains(t, out, "It can become")
}
