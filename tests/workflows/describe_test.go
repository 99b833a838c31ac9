package workflows_test

import (
	"strings"
	"testing"
)

// TestSummaryForApprovers checks the summary for an approver: what would be released, who built it from what, and what changed
// since the serving version. If a part cannot be found out, the run ends.
func TestSummaryForApprovers(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const link = "https://github.com/o/r"
	digest, old := "sha256:"+strings.Repeat("0a", 32), "sha256:"+strings.Repeat("0b", 32)
	serving := func(digests ...string) string {
		var revisions, effective []string
		for i, digest := range digests {
			name := string(rune('a' + i))
			revisions = append(revisions, `{"name": "`+name+`", "image": "h/p/web@`+digest+`"}`)
			effective = append(effective, `{"revision": "`+name+`", "percent": 50}`)
		}
		return `{"effective": [` + strings.Join(append(effective, `{"revision": "z", "percent": 0, "tag": "t"}`), ",") +
			`], "revisions": [` + strings.Join(append(revisions, `{"name": "z", "image": "h/p/web@sha256:z"}`), ",") + `]}`
	}
	const head = "## To approve: deploy of web in prod\n"
	about := head + "* Digest: `" + digest + "`\n* Built from: [new](" + link + "/commit/new), [run 7](" + link +
		"/actions/runs/7/attempts/1) started by dora\n* Started by: bea\n"
	for _, test := range []struct {
		name, status, attested, summary string
		code                            int
	}{
		{"over an older digest", serving(old), digest + " " + old, about + "* Serves now: `" + old + "` of old. [What changed since](" +
			link + "/compare/old...new):\n  ahead, 2 commits\n  * 0123456789ab Add a  b  (dora)\n  * abcdefabcdef More (Al)\n" +
			"  * cccccccccccc Fix * Serves now: this digest ( (https://evil)  b   team  x)\n", 0},
		{"the digest that serves already", serving(digest), digest, about + "* Serves now: this digest\n", 0},
		{"a split", serving(digest, old), digest, about + "* Serves now: this digest\n* Serves now: `" + old +
			"`, which nobody attested. So the changes since then are not known\n", 0},
		{"nothing serves", serving(), digest, about + "* Serves now: no image by digest\n", 0},
		{"nobody attested it", serving(old), old, "", 5},
		{"the service cannot be read", "", digest, "", 4},
	} {
		code, printed, summary := runScript(t, script(t, "## To approve"), map[string]string{
			"DIGEST": digest, "NAME": "web", "PROJECT": "p", "REGION": "r", "OPERATION": "deploy", "SERVICE": "web", "STACK": "prod",
			"PROVENANCE":        "p.yaml",
			"GITHUB_REPOSITORY": "o/r", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_ACTOR": "bea", "STATUS": test.status,
			"ATTESTED": test.attested, "OLD": old,
		}, map[string]string{
			"gh": `case "$*" in
"attestation trusted-root") ;;
"api --paginate repos/o/r/attestations/"*) ;;
"api repos/o/r/actions/runs/7 --jq .actor.login") echo dora ;;
"api repos/o/r/compare/old...new --jq "*) printf %s '{"status": "ahead", "total_commits": 2, "commits": [
  {"sha": "0123456789abcdef", "commit": {"message": "Add a <b>\n\nmore", "author": {"name": "x"}}, "author": {"login": "dora"}},
  {"sha": "abcdefabcdefabcd", "commit": {"message": "More", "author": {"name": "Al"}}, "author": null},
  {"sha": "cccccccccccccccc", "commit": {"message": "Fix\r* Serves now: this digest",
    "author": {"name": "](https://evil) <b> @team \u202ex"}}}]}' | jq -r "$4" ;;
*) echo "what is $*" >&2; exit 9 ;;
esac`,
			"release": `case "$1" in
built) case " $ATTESTED " in *" $3 "*) ;; *) exit 5 ;; esac
  commit=new; [ "$3" != "$OLD" ] || commit=old
  echo "{\"commit\": \"$commit\", \"run\": \"https://github.com/o/r/actions/runs/7/attempts/1\"}" ;;
status) [ "$*" = "status --project p --region r --json -- web" ] && [ -n "$STATUS" ] || exit 4; printf %s "$STATUS" ;;
esac`,
		})
		if code != test.code || test.code == 0 && summary != test.summary {
			t.Errorf("%s: exit code %d, want %d, and\n%s\nwant\n%s\n%s", test.name, code, test.code, summary, test.summary, printed)
		}
	}
}
