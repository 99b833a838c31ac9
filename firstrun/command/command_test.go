package command_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/firstrun/command"
)

// folder returns a folder with dev's settings after their owner has replaced the stand-ins.
func folder(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../tests/application/Pulumi.dev.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	// Ids are numbers, except the project's number, which stays text.
	filled := regexp.MustCompile(`(Id: )"stand-in:(\d+)"`).ReplaceAllString(string(content), "$1$2")
	filled = strings.ReplaceAll(filled, "stand-in:", "")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.dev.yaml"), []byte(filled), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: procureflow\n"), 0o600))
	return dir
}

// at sets the environment of this process so that the command takes the server for the sandbox, as `sandbox env` does for a shell.
func at(t *testing.T, server *httptest.Server) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("secret"), 0o600))
	content, err := guard.Credentials(server.URL, token)
	require.NoError(t, err)
	credentials := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(credentials, content, 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", credentials)
	t.Setenv("SANDBOX_APIS", server.URL)
}

func run(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = command.Run(t.Context(), args, command.Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// TestPreflight runs the command against a server that denies the caller one permission, and against one that does not answer. It
// sets environment variables, so it does not run in parallel.
func TestPreflight(t *testing.T) {
	dir := folder(t)
	lacks, currency, down := "", "USD", false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.URL.Path == guard.TokenPath {
			_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "secret", "token_type": "Bearer", "expires_in": 3600,
				"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
			return
		}
		if r.Method == http.MethodGet { // the project, who pays for it, and the billing account
			_ = json.NewEncoder(w).Encode(map[string]any{"projectNumber": "100000000001",
				"billingAccountName": "billingAccounts/012345-6789AB-CDEF01", "currencyCode": currency})
			return
		}
		var body struct{ Permissions []string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		held := slices.DeleteFunc(body.Permissions, func(permission string) bool { return permission == lacks })
		_ = json.NewEncoder(w).Encode(map[string]any{"permissions": held})
	}))
	defer server.Close()
	at(t, server)

	code, out, errs := run(t, "", "preflight", "dev", "--folder", dir)
	assert.Equal(t, command.ExitDone, code, errs)
	assert.Contains(t, out, "projects/procureflow-dev: you have all ")
	assert.Equal(t, "asking the sandbox at "+server.URL+" (SANDBOX_APIS)\n", errs)

	lacks = "run.services.create"
	code, out, _ = run(t, "", "preflight", "dev", "--folder", dir)
	assert.Equal(t, command.ExitFound, code)
	assert.Contains(t, out, "  run.services.create\n"+
		"These roles hold them. Have them granted to you for the run, and taken away after it:\n  roles/run.admin\n")
	code, out, _ = run(t, "", "preflight", "dev", "--folder", dir, "--json")
	assert.Equal(t, command.ExitFound, code)
	var report struct{ Places []struct{ Missing []string } }
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Equal(t, []string{"run.services.create"}, report.Places[0].Missing)

	lacks, currency = "", "EUR"
	code, out, _ = run(t, "", "preflight", "dev", "--folder", dir)
	assert.Equal(t, command.ExitFound, code)
	assert.Contains(t, out, "The settings of dev differ from what Google says:\n"+
		"  budget.currency is USD, and the currency of billing account 012345-6789AB-CDEF01 is EUR: write that\n")
	currency = ""
	code, out, _ = run(t, "", "preflight", "dev", "--folder", dir)
	assert.Equal(t, command.ExitDone, code)
	assert.Contains(t, out, "Not compared:\n  budget.currency: you may not read the currency of billing account ")

	down = true
	code, _, errs = run(t, "", "preflight", "dev", "--folder", dir)
	assert.Equal(t, command.ExitFailed, code)
	assert.Contains(t, errs, "ask what you may do on projects/procureflow-dev: ")
}

// TestPermissions lists what a first run needs, from settings that still have stand-ins, without any request.
func TestPermissions(t *testing.T) {
	t.Setenv("SANDBOX_APIS", "http://127.0.0.1:1")
	code, out, errs := run(t, "", "permissions", "dev", "--folder", "../../tests/application")
	require.Equal(t, command.ExitDone, code, errs)
	assert.Empty(t, errs)
	assert.Contains(t, out, "On projects/procureflow-dev these roles, for the time of the run:\n  roles/artifactregistry.admin\n")
	assert.Regexp(t, `They hold the \d+ permissions that it takes:\n`, out)
	assert.Contains(t, out, "\n  run.services.create\n")
	assert.NotContains(t, out, "cloudkms", "dev signs nothing")
}

// TestFolder runs the command in folders of the repository, and where there is no application.
func TestFolder(t *testing.T) {
	t.Setenv("SANDBOX_APIS", "")
	repository, err := filepath.Abs("../..")
	require.NoError(t, err)
	for folder, want := range map[string]string{
		repository: "On projects/procureflow-dev these", filepath.Join(repository, "docs", "adr"): "On projects/procureflow-dev these",
		filepath.Join(repository, "tests", "application"): "On projects/procureflow-dev these",
		t.TempDir(): "no Pulumi.yaml next to a go.mod here, above or below",
	} {
		t.Chdir(folder)
		code, out, errs := run(t, "", "permissions", "dev")
		assert.Contains(t, out+errs, want, folder)
		assert.Equal(t, out == "", code == command.ExitUsage, folder)
	}
	t.Chdir(filepath.Join(repository, "tests", "application"))
	code, _, errs := run(t, "", "preflight", "dev")
	assert.Equal(t, command.ExitUsage, code)
	assert.Contains(t, errs, "is a stand-in", "only the sandbox runs with stand-ins")
}

func TestWrongCalls(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		in   string
		says string
	}{
		{"no stack", []string{"preflight"}, "", "takes STACK, got none; usage: firstrun preflight STACK [flags]"},
		{"an unknown stack", []string{"permissions", "qa", "--folder", folder(t)}, "", "read the settings of stack qa"},
		{"an unknown flag", []string{"preflight", "dev", "--fix"}, "", "unknown flag: --fix: see firstrun preflight --help"},
		{"a misspelt command", []string{"prefligth", "dev"}, "",
			`firstrun: there is no command "prefligth"; did you mean preflight? See firstrun --help` + "\n"},
		{"a misspelt flag", []string{"preflight", "dev", "--jsno"}, "",
			"unknown flag: --jsno; did you mean --json? See firstrun preflight --help"},
		{"an unknown command", []string{"bootstrap", "dev"}, "", `there is no command "bootstrap": see firstrun --help`},
		{"no folder", []string{"permissions", "dev", "--dir", "nowhere"}, "", "read the project: open nowhere/Pulumi.yaml"},
		{"no plan", []string{"adopt"}, "Previewing update (dev):", "give the output of `pulumi preview --json --show-sames`"},
		{"an address on another machine", []string{"adopt"}, `{"steps": []}`,
			`SANDBOX_APIS: "https://example.com" is not an address of this machine`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("SANDBOX_APIS", "https://example.com")
			code, out, errs := run(t, test.in, test.args...)
			assert.Equal(t, command.ExitUsage, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, test.says)
		})
	}
}

// TestHelpHasTheExitCodes compares the codes in the help text with the program's constants.
func TestHelpHasTheExitCodes(t *testing.T) {
	code, out, _ := run(t, "", "--help")
	assert.Equal(t, command.ExitDone, code)
	assert.Contains(t, out, "Exit codes: 0 nothing stands in the way; 1 something is missing")
}
