package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// TestTrustRefusesBadInput checks that an error names what is wrong with the claims, and never quotes them.
func TestTrustRefusesBadInput(t *testing.T) {
	t.Parallel()
	sample := filepath.Join("testdata", "deploy-prod.json")
	file := filepath.Join(t.TempDir(), "claims.json")
	require.NoError(t, os.WriteFile(file, []byte("eyJhbGciOi.secret.token"), 0o600))
	for name, test := range map[string]struct {
		in   string
		args []string
		want string
	}{
		"no stack":            {"", []string{"trust", "--claims", sample}, "takes one stack"},
		"no such stack":       {"{}", []string{"trust", "qa", "--claims", "-"}, `there is no stack "qa": Pulumi.qa.yaml does not exist`},
		"a path as a stack":   {"{}", []string{"trust", "../prod", "--claims", "-"}, "there is no stack"},
		"no claims":           {"", []string{"trust", "prod"}, "--claims is missing"},
		"no such file":        {"", []string{"trust", "prod", "--claims", file + ".other"}, "read the claims: open"},
		"a whole token":       {"", []string{"trust", "prod", "--claims", file}, "are not a JSON object: write the token's decoded middle part"},
		"a list":              {"[]", []string{"trust", "prod", "--claims", "-"}, "are not a JSON object"},
		"null":                {"null", []string{"trust", "prod", "--claims", "-"}, "are not a JSON object"},
		"two objects":         {"{}{}", []string{"trust", "prod", "--claims", "-"}, "have text after the JSON object"},
		"a claim twice":       {`{"iss": "a", "ref": "x", "iss": "b"}`, []string{"trust", "prod", "--claims", "-"}, `have "iss" twice`},
		"a claim twice below": {`{"act": [{"sub": "a", "sub": "a"}]}`, []string{"trust", "prod", "--claims", "-"}, `have "sub" twice`},
		"more than a token": {`{"ref": "` + strings.Repeat("x", 1<<20) + `"}`, []string{"trust", "prod", "--claims", "-"},
			"are larger than 1 MiB"},
		"a folder":        {"", []string{"trust", "prod", "--claims", filepath.Dir(file)}, "read the claims: read"},
		"an empty file":   {"", []string{"trust", "prod", "--claims", "-"}, "are not a JSON object"},
		"an unknown flag": {"", []string{"trust", "prod", "--claim", "-"}, "unknown flag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, complained bytes.Buffer
			code := command.Run(t.Context(), append([]string{"--dir", filepath.Join("..", "..", "tests", "application")}, test.args...),
				command.Streams{In: strings.NewReader(test.in), Out: &stdout, Err: &complained}, program)
			out, stderr := stdout.String(), complained.String()
			assert.Equal(t, command.ExitUsage, code)
			assert.Empty(t, out)
			assert.Contains(t, stderr, test.want)
			assert.NotContains(t, stderr, "secret.token")
		})
	}
}
