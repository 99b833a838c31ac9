package workflows_test

import (
	"strings"
	"testing"
)

// What a merge replaces or deletes is said in the preview's comment, before anybody approves: what goes with it, who is needed, and
// where to read how. Of what the pull request's code wrote only known types and plain names are shown.
func TestWhatAPreviewTakesAway(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
case "$*" in
"run download"*) mkdir -p previews/preview-$STACK && echo changes > previews/preview-$STACK/$STACK.txt && printf '%s' "$GONE" > previews/preview-$STACK/$STACK.gone ;;
*--paginate*) echo '[]' ;;
*) jq -r .body "$6" > "$GITHUB_OUTPUT" ;;
esac
`
	const (
		service  = "gcp:cloudrunv2/service:Service"
		registry = "gcp:artifactregistry/repository:Repository"
		secret   = "gcp:secretmanager/secret:Secret"
		region   = " [change a region or a name](P/howto/region.md)"
		removal  = " [remove or rename a service](P/howto/remove-service.md)"
		who      = " [who does what](P/howto/README.md)"
	)
	begun := func(stack string) string {
		return "> [!CAUTION]\n> **After this change these are gone in " + stack + ", and nothing brings them back:**\n"
	}
	owner := func(stack, rest string) string {
		return ">\n> After the merge an owner runs `up` of " + stack + " from main, and says before who is affected: no pipeline " +
			"replaces or deletes a service, " +
			"a registry or an account. The rest goes with platform-infrastructure.yml, " + rest + ". How, and in which order:"
	}
	const images = "the registry `registry-repository`, **with every image in it**: nothing that serves can start again, or be rolled back " +
		"to, before an image was built anew\n"
	for name, test := range map[string]struct{ stack, gone, want string }{
		"nothing": {"dev", "", ""},
		"what can be made anew": {"dev", "replace gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert\ndelete " +
			"gcp:projects/iAMMember:IAMMember a\n", ""},
		"another region": {"dev", "replace " + registry + " registry-repository\nreplace " + service + " service-web-service\n",
			begun("dev") + "> * replaced: " + images + "> * replaced: the service `service-web-service`: its address, its revisions and the way " +
				"back to them\n" + owner("dev", "at once") + region + who},
		"another name of a service": {"prod", "replace " + service + " service-web-service\n", begun("prod") +
			"> * replaced: the service `service-web-service`: its address, its revisions and the way back to them\n" + owner("prod",
			"after its approvals") + region + who},
		"a service taken out, or its key renamed": {"staging", "delete " + service + " service-api-service\ndelete " +
			"gcp:serviceaccount/account:Account runtime-api-account\n", begun("staging") +
			"> * deleted: the account `runtime-api-account`: one of the same name is another, without what others granted it\n" +
			"> * deleted: the service `service-api-service`: its address, its revisions and the way back to them\n" + owner("staging",
			"after its approvals") + removal + who},
		"a secret": {"dev", "delete " + secret + " secrets-a\n", begun("dev") + "> * deleted: the secret `secrets-a`, **with the value of " +
			"every version**: keep what is still needed before\n" +
			owner("dev", "at once") + " [secrets](P/howto/secret.md)" + who},
		"data": {"dev", "replace gcp:sql/databaseInstance:DatabaseInstance db\ndelete gcp:storage/bucket:Bucket files\n",
			begun("dev") + "> * replaced: the database server `db`, **with all data in it**: export it before; its name is taken for a week\n" +
				"> * deleted: the bucket `files`, **with all data in it**: copy what is still needed before\n" + owner("dev", "at once") + who},
		"the same twice": {"dev", strings.Repeat("delete "+secret+" s\n", 3), begun("dev") +
			"> * deleted: the secret `s`, **with the value of every version**: keep what is still needed before\n" + owner("dev", "at once") +
			" [secrets](P/howto/secret.md)" + who},
		"a name that is Markdown": {"dev", "delete " + secret + " a`](https://evil.example)\ndelete " + secret + " a b\nreplaced " + secret +
			" x\n", ""},
		"a type that is a sentence": {"dev", "delete Approve this at once\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, printed, body := runScript(t, script(t, "<!-- pulumi-preview:"), map[string]string{"GH_REPO": "o/r", "NUMBER": "7", "HEAD": "abc",
				"GITHUB_RUN_ID": "1",
				"STACKS":        `["` + test.stack + `"]`, "STACK": test.stack, "GONE": test.gone, "RUN": "url", "PAGES": "P"}, map[string]string{"gh": gh})
			want := "<!-- pulumi-preview:" + test.stack + " -->\n### Preview of " + test.stack + " at abc\n\n" + test.want
			if test.want != "" {
				want += "\n\n"
			}
			if want += "~~~~~~~~text\nchanges\n~~~~~~~~\n"; code != 0 || body != want {
				t.Errorf("exit code %d and\n%s\nwant\n%s\n%s", code, body, want, printed)
			}
		})
	}
}

// What a service runs with reaches it by a release alone. The summary of a change of the infrastructure, and the daily check's issue,
// name the command, with the digest that serves.
func TestWhatTakesARelease(t *testing.T) {
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
		"nothing":            {"dev", step("same", "web") + `, {"op": "update", "urn": "urn:pulumi:dev::shop::gcp:billing/budget:Budget::budget"}`, serving, ""},
		"what was only read": {"dev", step("refresh", "web") + "," + step("read", "web"), serving, ""},
		"a new one":          {"dev", step("create", "api"), serving, ""},
		"in dev": {"dev", step("update", "web"), serving, begun + "In dev the run of platform-ci.yml on trunk brings them by " +
			"itself, or this does: " + command("dev")},
		"elsewhere": {"staging", step("refresh", "web") + "," + step("update", "web"), serving, begun +
			"A release brings them, with its approvals; of what serves: " + command("staging")},
		"the first run's sample": {"prod", step("update", "web"), status("us-docker.pkg.dev.example/hello@" + digest), begun +
			"What serves is no image of this stack's: release one that trunk built.\n"},
		"an image by tag": {"prod", step("update", "web"), status("us-docker.pkg.dev/shop-dev/shop/web:v1"), begun +
			"What serves is no image of this stack's: release one that trunk built.\n"},
		"replaced": {"prod", step("delete-replaced", "web") + "," + step("replace", "web") + "," + step("create-replacement", "web"), serving,
			"* **web** would be replaced, which no pipeline does: an owner runs `pulumi up` of prod from trunk (docs/howto/README.md).\n"},
		"two": {"prod", step("delete", "api") + "," + step("update", "web"), serving,
			"* **api** would be deleted, which no pipeline does: an owner runs `pulumi up` of prod from trunk (docs/howto/README.md).\n" +
				begun + "A release brings them, with its approvals; of what serves: " + command("prod")},
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
