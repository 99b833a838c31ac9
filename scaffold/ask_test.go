package scaffold_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// atTerminal runs init for a person who types the given lines.
func atTerminal(t *testing.T, root, typed string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"--repo", root, "--no-tidy", "--version", "v1.2.3", "--commit", commit}, args...)
	code = scaffold.Run(t.Context(), args, scaffold.Streams{In: strings.NewReader(typed), Out: &stdout, Err: &stderr, Interactive: true})
	return code, stdout.String(), stderr.String()
}

func TestAPersonIsAskedForEachValue(t *testing.T) {
	t.Parallel()
	enter := func(times int) string { return strings.Repeat("\n", times) }
	for name, test := range map[string]struct {
		typed string
		args  []string
		code  int
		says  []string
		// has are parts of the files afterwards. Without any, nothing is written.
		has map[string][]string
	}{
		"Enter takes what was detected": {enter(9+5+2+3+4) + "y\n", nil, scaffold.ExitDone,
			[]string{"owner on GitHub [acme]: ", "name on GitHub [Shop]: ", "lower case [shop]: ", "Folder for the platform's files " +
				"[infra/platform]: ", "region [us-central1]: ",
				"[dev,staging,prod]: ", "KEY or KEY=DOCKERFILE [web]: ", "gh api repos/acme/Shop --jq .id [later]: ", "Project id of dev [shop-dev]: ",
				"Who approves in production-approval, numbers with commas: gh api users/LOGIN --jq .id [later]: ", "Write this? [y/N] "},
			map[string][]string{"infra/platform/platform.yaml": {"owner: acme\nrepository: Shop\n"},
				"infra/platform/Pulumi.prod.yaml": {`reviewers: ["stand-in:1000002"]`}}},
		"each value can be given": {"other\nsite\nsite\nweb-team\n\n.\neurope-west1\n" +
			"dev,staging\napi,web=Dockerfile\n1\n2\n012345-6789AB-CDEF01\nGBP\nme@x.test\n" +
			"site-d\nsite-s\n3\n4\n5, 6\ny\n", nil,
			scaffold.ExitDone, []string{"Number of other: ", "Project number of dev: gcloud projects describe site-d "}, map[string][]string{
				"platform.yaml": {"application: site\nowner: other\nrepository: site\nteam: web-team\nfolder: .\n"},
				"Pulumi.staging.yaml": {"region: europe-west1", "ownerId: 1\n", "repositoryId: 2\n", "id: site-s\n", `number: "4"`,
					"012345-6789AB-CDEF01", "reviewers: [5, 6]", "me@x.test", "name: site-api", "currency: GBP\n"},
			}},
		"a bad value is asked for again": {enter(6) + "europe-west1-b\neurope-west1\ndev,prod\ndev\nWeb\nweb\nme\n" + enter(3) +
			"euro\nEUR\n" + enter(1) + "x\nshop-1\n\ny\n", nil, scaffold.ExitDone,
			[]string{`  --region is "europe-west1-b"`, `  --environments is "dev,prod"`, `  --service "Web"`, `  --owner-id is "me"`,
				`[USD]:   --currency is "euro": use the billing account's ISO 4217 code, for example EUR, from gcloud billing accounts describe ID`,
				"  --project dev=x: use the project's id"},
			map[string][]string{"infra/platform/Pulumi.dev.yaml": {"region: europe-west1\n", "currency: EUR\n",
				"id: shop-1\n", `ownerId: "stand-in:`}}},
		"a value given by a flag is not asked for": {enter(4), []string{"--owner", "a", "--repository", "b", "--app", "ab", "--team", "c",
			"--branch", "main",
			"--folder", ".", "--region", "us-east1", "--environments", "dev",
			"--service", "web", "--owner-id", "1", "--repository-id", "2", "--billing-account", "012345-6789AB-CDEF01", "--currency", "CHF",
			"--alerts", "a@b.c",
			"--project", "dev=ab-dev"},
			scaffold.ExitRefuse, []string{"Project number of dev"}, nil},
		"the answers end":  {"\n", nil, scaffold.ExitUsage, nil, nil},
		"the answer is no": {enter(9+5+2+3+4) + "n\n", nil, scaffold.ExitRefuse, []string{"Write this? [y/N] "}, nil},
		"a script is asked nothing": {"", []string{"--yes"}, scaffold.ExitDone, nil,
			map[string][]string{"infra/platform/platform.yaml": {"owner: acme\n"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := repository(t, map[string]string{"Dockerfile": "EXPOSE 8080\n"})
			before := contents(t, root)
			code, out, errs := atTerminal(t, root, test.typed, test.args...)
			require.Equal(t, test.code, code, "%s%s", out, errs)
			for _, words := range test.says {
				assert.Contains(t, out, words)
			}
			after := contents(t, root)
			for file, parts := range test.has {
				for _, part := range parts {
					assert.Contains(t, after[file], part, file)
				}
			}
			if test.has == nil {
				assert.Equal(t, before, after)
				return
			}
			for file := range test.has {
				if filepath.Base(file) == "platform.yaml" {
					assert.Empty(t, scaffold.Check(filepath.Join(root, filepath.Dir(file))).Problems)
				}
			}
		})
	}
}
