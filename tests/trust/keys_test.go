package trust_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// keyResources matches types that make or hold a long-lived credential: accounts' keys, and GitHub's secrets.
var keyResources = regexp.MustCompile(`(?i)serviceaccount/key:|hmackey|apikey|github:.*(secret|deploykey|sshkey|token)`)

// keyTexts match credentials. They are written in parts, because this file is searched too.
var keyTexts = map[string]*regexp.Regexp{
	"a private key":              regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE` + ` KEY-----\s*(\\n)?[A-Za-z0-9+/=]{40}`),
	"a service account's key":    regexp.MustCompile(`"private` + `_key(_id)?"\s*:\s*"[^"]{20}`),
	"a credential configuration": regexp.MustCompile(`"type"\s*:\s*"(service` + `_account|authorized` + `_user)"`),
	"a token of GitHub":          regexp.MustCompile(`\b(gh[pousr]` + `_[A-Za-z0-9]{36}|github` + `_pat_[A-Za-z0-9_]{40})`),
	"a token of Pulumi Cloud":    regexp.MustCompile(`\bpul` + `-[0-9a-f]{40}\b`),
	"a key of a Google API":      regexp.MustCompile(`\bAIza` + `[A-Za-z0-9_-]{35}\b`),
	"an access token of Google":  regexp.MustCompile(`\bya29` + `\.[A-Za-z0-9_-]{20}`),
}

// keyFiles matches names of files that usually hold credentials.
var keyFiles = regexp.MustCompile(`(?i)(^|/)(\.env(\..+)?|\.netrc|\.npmrc|id_(rsa|ed25519|ecdsa)|.*\.(p12|pfx|jks|keystore)|(application_default_)?credentials\.json|service-?account.*\.json)$`)

// workflowKeys match the text of a workflow that needs a key.
var workflowKeys = map[string]*regexp.Regexp{
	"reads a secret other than the run's own token": regexp.MustCompile(`secrets\s*(\.\s*([A-Za-z_][\w-]*)|\[)`),
	"passes on all secrets":                         regexp.MustCompile(`secrets:\s*inherit`),
	"authenticates with a key":                      regexp.MustCompile(`credentials_json|service_account_key|_json_key`),
}

// told are the secrets by which a release notifies people. They open a chat, a webhook and a pager, which take no identity.
var told = []string{"RELEASE_SLACK_URL", "RELEASE_WEBHOOK_URL", "RELEASE_WEBHOOK_TOKEN", "RELEASE_PAGERDUTY_KEY"}

// mayRead reports whether a workflow may read a GitHub secret.
func mayRead(file, secret string) bool {
	return secret == "GITHUB_TOKEN" || file == ".github/workflows/deploy.yml" && slices.Contains(told, secret)
}

// keyProblems returns the long-lived keys that a file contains or asks for.
func keyProblems(name, content string) []string {
	var problems []string
	if keyFiles.MatchString(name) {
		problems = append(problems, name+": files of this name hold credentials")
	}
	for what, form := range keyTexts {
		for _, found := range form.FindAllString(content, -1) {
			if strings.Contains(found, "0123456789") {
				continue // counted up, so made up, to test tools that look for keys
			}
			problems = append(problems, name+": holds what looks like "+what)
		}
	}
	if !strings.HasPrefix(name, ".github/") {
		return problems
	}
	for number, line := range strings.Split(content, "\n") {
		line, _, _ = strings.Cut(line, " # ")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for what, form := range workflowKeys {
			for _, found := range form.FindAllStringSubmatch(line, -1) {
				if len(found) < 3 || !mayRead(name, found[2]) {
					problems = append(problems, fmt.Sprintf("%s:%d: %s: %s", name, number+1, what, strings.TrimSpace(line)))
				}
			}
		}
	}
	return problems
}

func TestNoLongLivedKeys(t *testing.T) {
	t.Parallel()
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		t.Skip("this is not a git clone")
	}
	names := strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
	require.Contains(t, names, "Pulumi.prod.yaml")
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // being moved
		}
		require.NoError(t, err)
		for _, problem := range keyProblems(name, string(content)) {
			t.Error(problem)
		}
	}
}

func TestKeysAreRecognized(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, content string
		want          string
	}{
		"a private key":         {"a.go", "-----BEGIN RSA PRIVATE" + " KEY-----\n" + strings.Repeat("A", 64), "a private key"},
		"one in JSON":           {"a.json", `"-----BEGIN PRIVATE` + ` KEY-----\n` + strings.Repeat("A", 64), "a private key"},
		"an account's key":      {"a.json", `{"type": "service` + `_account"}`, "a credential configuration"},
		"a token of GitHub":     {"a.md", "ghp" + "_" + strings.Repeat("a", 36), "a token of GitHub"},
		"a token of Pulumi":     {"a.md", "pul" + "-" + strings.Repeat("0", 40), "a token of Pulumi Cloud"},
		"a file's name":         {"config/credentials.json", "{}", "files of this name"},
		"an environment's file": {".env.production", "", "files of this name"},
		"a secret": {".github/workflows/a.yml", "token: ${{ secrets.PULUMI_ACCESS_TOKEN }}",
			"a.yml:1: reads a secret"},
		"a secret by index":                   {".github/workflows/a.yml", "token: ${{ secrets['KEY'] }}", "reads a secret"},
		"all secrets":                         {".github/workflows/a.yml", "    secrets: inherit", "passes on all secrets"},
		"a key for Google":                    {".github/actions/a/action.yml", "credentials_json: x", "authenticates with a key"},
		"the run's own token":                 {".github/workflows/a.yml", "token: ${{ secrets.GITHUB_TOKEN }}", ""},
		"a sink's secret in deploy.yml":       {".github/workflows/deploy.yml", "url: ${{ secrets.RELEASE_SLACK_URL }}", ""},
		"a sink's secret in another workflow": {".github/workflows/build.yml", "url: ${{ secrets.RELEASE_SLACK_URL }}", "reads a secret"},
		"another secret in deploy.yml":        {".github/workflows/deploy.yml", "url: ${{ secrets.SLACK_URL }}", "reads a secret"},
		"a comment":                           {".github/workflows/a.yml", "# no secrets.KEY here", ""},
		"a public key":                        {"a.pem", "-----BEGIN PUBLIC KEY-----\n" + strings.Repeat("A", 64), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := strings.Join(keyProblems(test.file, test.content), "\n")
			if test.want == "" {
				assert.Empty(t, problems)
				return
			}
			assert.Contains(t, problems, test.want)
		})
	}
}

func TestProgramMakesNoLongLivedKey(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"dev", "staging", "prod"} {
		inventory, err := pulumitest.RunErr(program.In(application), pulumitest.WithStack(stack),
			pulumitest.WithConfig(map[string]string{stacks.ConfigKey("procureflow"): string(settings(t, stack))}),
			pulumitest.WithCall("gcp:cloudrunv2/getService:getService", notThere), pulumitest.WithKey())
		require.NoError(t, err)
		require.NotEmpty(t, inventory.Resources)
		for _, resource := range inventory.Resources {
			assert.NotRegexp(t, keyResources, resource.Type, "%s %s", stack, resource.Name)
		}
	}
	for _, typ := range []string{
		"gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey", "gcp:projects/apiKey:ApiKey", "github:index/actionsSecret:ActionsSecret",
		"github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret", "github:index/repositoryDeployKey:RepositoryDeployKey",
	} {
		assert.Regexp(t, keyResources, typ)
	}
}
