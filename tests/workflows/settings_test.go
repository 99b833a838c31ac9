package workflows_test

import (
	"testing"
)

// TestSettingsThatNeedARelease checks settings that reach a service only by a release. The summary of an infrastructure
// change and the daily check's issue name the command that releases them, with the serving digest.
func TestSettingsThatNeedARelease(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const (
		digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
		urn    = "urn:pulumi:dev::shop::platform:cloudrun:Service$gcp:cloudrunv2/service:Service::service-"
		begun  = "* **web** runs with other settings than trunk has. "
	)
	command := func(stack string) string {
		return "`gh workflow run platform-release.yml -f stack=" + stack + " -f service=web -f digest=" + digest + "`\n"
	}
	step := func(op, name string) string { return `{"op": "` + op + `", "urn": "` + urn + name + `-service"}` }
	status := func(image string) string {
		return `{"latestReady": "r3", "effective": [{"revision": "r1", "percent": 10}, {"percent": 90}, {"revision": "r2", "percent": 0}],
			"revisions": [{"name": "r1", "image": "other@sha256:22"}, {"name": "r3", "image": "` + image + `"}]}`
	}
	serving := status("us-docker.pkg.dev/shop-dev/shop/web@" + digest)
	for name, test := range map[string]struct{ stack, steps, status, want string }{
		"nothing": {"dev", step("same",
			"web") + `, {"op": "update", "urn": "urn:pulumi:dev::shop::gcp:billing/budget:Budget::budget"}`, serving, ""},
		"a service that was refreshed only": {"dev", step("refresh", "web") + "," + step("read", "web"), serving, ""},
		"a new service":                     {"dev", step("create", "api"), serving, ""},
		"in dev": {"dev", step("update", "web"), serving, begun + "In dev the run of platform-ci.yml on trunk releases them by " +
			"itself, or this command does: " + command("dev")},
		"elsewhere": {"staging", step("refresh", "web") + "," + step("update", "web"), serving, begun +
			"A release brings them, with its approvals. This command releases the serving digest again: " + command("staging")},
		"the first run's sample": {"prod", step("update", "web"), status("us-docker.pkg.dev.example/hello@" + digest), begun +
			"The serving image is not from this stack's registry: release an image that trunk built.\n"},
		"an image by tag": {"prod", step("update", "web"), status("us-docker.pkg.dev/shop-dev/shop/web:v1"), begun +
			"The serving image is not from this stack's registry: release an image that trunk built.\n"},
		"replaced": {"prod", step("delete-replaced", "web") + "," + step("replace", "web") + "," + step("create-replacement", "web"), serving,
			"* **web** would be replaced. No pipeline does that: an owner runs `pulumi up` of prod from trunk (docs/howto/README.md).\n"},
		"two": {"prod", step("delete", "api") + "," + step("update", "web"), serving,
			"* **api** would be deleted. No pipeline does that: an owner runs `pulumi up` of prod from trunk (docs/howto/README.md).\n" +
				begun + "A release brings them, with its approvals. This command releases the serving digest again: " + command("prod")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, printed, words := runScript(t, `echo '{"steps": ['"$STEPS"']}' > "$RUNNER_TEMP/preview.json"; export PREVIEW="$RUNNER_TEMP/preview.json"; TO="$GITHUB_OUTPUT"
`+script(t, "runs with other settings than"), map[string]string{"GITHUB_REF_NAME": "trunk", "STEPS": test.steps, "STACK": test.stack, "FOLDER": ".", "STATUS": test.status}, map[string]string{
				"release": `case "$1" in settings) printf 'project=p\nregion=r\nregistry-host=us-docker.pkg.dev\n' ;; status) printf '%s' "$STATUS" ;; esac`,
				"pulumi":  `echo '{"web": {"name": "shop-web"}, "api": {"name": "shop-api"}}'`,
			})
			if code != 0 || words != test.want {
				t.Errorf("exit code %d and\n%s\nwant\n%s\n%s", code, words, test.want, printed)
			}
		})
	}
}
