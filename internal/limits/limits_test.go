package limits_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

func TestForms(t *testing.T) {
	t.Parallel()
	sha, commit := "sha256:"+strings.Repeat("0a", 32), strings.Repeat("0a", 20)
	long := func(n int) string { return strings.Repeat("a", n) }
	is := func(form interface{ MatchString(string) bool }) func(string) bool { return form.MatchString }
	for name, test := range map[string]struct {
		fits      func(string) bool
		good, bad []string
	}{
		"service": {limits.IsServiceName, []string{"a", "web-1", long(49)},
			[]string{"", "Web", "1web", "web-", "-web", "web_1", long(50), "web\n"}},
		"job": {limits.IsJobName, []string{"a", "web-1", long(57)}, []string{"", "Web", "1web", "web-", "-web", long(58), "web\n"}},
		"service's variable": {limits.IsServiceVariable, []string{"K_SERVICE", "K_REVISION", "K_CONFIGURATION", "X_GOOGLE_A"},
			[]string{"PORT", "K_OTHER", "MY_X_GOOGLE_A", "k_service", "CLOUD_RUN_JOB"}},
		"job's variable": {limits.IsJobVariable, []string{"CLOUD_RUN_JOB", "CLOUD_RUN_TASK_INDEX"},
			[]string{"K_SERVICE", "CLOUD_RUN", "MY_CLOUD_RUN_"}},
		"digest": {is(limits.Digest), []string{sha}, []string{"", "x" + sha, sha + "0", sha[1:], strings.ToUpper(sha), sha + "\n"}},
		"image": {is(limits.ImageByDigest), []string{"web@" + sha, "host:1/a/web:1@" + sha},
			[]string{sha, "@" + sha, "web:1", "web@" + sha + "0", "a b@" + sha, "web@web@" + sha}},
		"account":    {is(limits.AccountID), []string{"deploy", long(30)}, []string{"short", long(31), "Deploy", "1deploy", "deploy-"}},
		"repository": {is(limits.RepositoryID), []string{"a", "a-1", long(63)}, []string{"", "A", "1", "a-", long(64)}},
		"secret":     {is(limits.SecretID), []string{"a", "A_1-", long(255)}, []string{"", "a b", "a/b", long(256)}},
		"file":       {is(limits.FileName), []string{"a", ".A_1-", long(253)}, []string{"", "a b", "a/b", "a\n", long(254)}},
		"server":     {is(limits.ServerName), []string{"10.0.0.2", "fe80::1", long(253)}, []string{"", "a b", "a_b", long(254)}},
		"audience":   {is(limits.Audience), []string{"https://a.example", "\u00e4", long(1000)}, []string{"", "a b", `"a"`, "a\n", long(1001)}},
		"version":    {is(limits.SecretVersion), []string{"1", "10"}, []string{"", "0", "01", "-1", "latest", "1\n"}},
		"key":        {is(limits.KeyID), []string{"a", "A_1-", long(63)}, []string{"", "a b", long(64)}},
		"exemption": {is(limits.Exemption), []string{"a.io/b", "a.io:1/b/*", "a.io/**"},
			[]string{"", "*", "a.io", "a.io/*/b", "a.*/b", "a.io/***"}},
		"currency": {is(limits.Currency), []string{"USD"}, []string{"", "usd", "US", "USDT"}},
		"GitHub action": {is(limits.Action), []string{"a/b@*", "a/*@*", "a/b/c@" + commit},
			[]string{"", "*/b@*", "a/b", "a/b@v1", "a/b@" + commit[1:]}},
	} {
		for _, text := range test.good {
			assert.True(t, test.fits(text), "%s %q", name, text)
		}
		for _, text := range test.bad {
			assert.False(t, test.fits(text), "%s %q", name, text)
		}
	}
}
