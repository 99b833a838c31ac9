package workflows_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestPublishedPolicyPackVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tag    string
		onMain bool
		code   int
		says   string
	}{
		{"policy/v1.2.3", true, 0, ""},
		{"policy/v1.2.3", false, 1, "policy/v1.2.3 is not on main"},
		{"policy/v1.2", true, 1, "is not policy/vMAJOR.MINOR.PATCH"},
		{"policy/v1.2.3-rc1", true, 1, "is not policy/vMAJOR.MINOR.PATCH"},
		{"policy/v1.2.3\nx", true, 1, "is not policy/vMAJOR.MINOR.PATCH"},
	} {
		git := `[ "$*" = "merge-base --is-ancestor HEAD refs/remotes/origin/main" ] || exit 9; `
		if test.onMain {
			git += "exit 0"
		} else {
			git += "exit 1"
		}
		code, printed, _ := runScript(t, script(t, "is not policy/vMAJOR.MINOR.PATCH"), map[string]string{"TAG": test.tag},
			map[string]string{"git": git})
		if code != test.code || !strings.Contains(printed, test.says) {
			t.Errorf("%+v: exit code %d and %q", test, code, printed)
		}
	}
	for exit, summary := range map[string]string{"0": "## Published the policy pack from policy/v1.2.3\n", "255": ""} {
		code, printed, written := runScript(t, script(t, "pulumi policy publish"), map[string]string{
			"ORGANIZATION": "o", "GITHUB_REF_NAME": "policy/v1.2.3", "EXIT": exit,
		}, map[string]string{"pulumi": `echo "called: $*"; exit "$EXIT"`})
		if (code == 0) != (exit == "0") || written != summary || printed != "called: policy publish -- o\n" {
			t.Errorf("pulumi exits with %s: exit code %d, %q and %q", exit, code, printed, written)
		}
	}
}

// TestPreviewOutcome checks that a failing preview fails its job, and that its text is kept for the comment.
func TestPreviewOutcome(t *testing.T) {
	t.Parallel()
	for exit, said := range map[string]string{"0": "succeeded", "255": "failed"} {
		kept := filepath.Join(t.TempDir(), "kept")
		code, printed, summary := runScript(t,
			`export GITHUB_WORKSPACE=$PWD; trap 'cat preview/prod.txt preview/prod.gone > "$KEPT"' EXIT`+"\n"+script(t,
				"## Preview of $STACK"), map[string]string{
				"STACK": "prod", "EXIT": exit, "KEPT": kept,
			}, map[string]string{"pulumi": `case "$*" in
"preview --diff --refresh --non-interactive --color never --suppress-outputs --exclude **github:index/** --event-log $RUNNER_TEMP/events.json --policy-pack $BIN/policy-pack --policy-pack-config policy/prod.json") ;;
*) exit 9 ;;
esac
[ "$PULUMI_DEBUG_COMMANDS" = true ] || exit 8
for op in same update delete-replaced replace create-replacement delete; do
  echo '{"resourcePreEvent": {"metadata": {"op": "'$op'", "type": "t:m:T", "urn": "urn:pulumi:prod::shop::t:m:T::of-'$op'"}}}'
done > "$RUNNER_TEMP/events.json"
echo "Previewing (prod)"; exit "$EXIT"`})
		if (code == 0) != (exit == "0") {
			t.Errorf("pulumi exits with %s: exit code %d\n%s", exit, code, printed)
		}
		if want := "## Preview of prod: " + said + "\n~~~~\nPreviewing (prod)\n~~~~\n"; exit == "0" && summary != want {
			t.Errorf("the summary is\n%s\nwant\n%s", summary, want)
		}
		want := "Previewing (prod)\nreplace t:m:T of-replace\ndelete t:m:T of-delete\n"
		if text, err := os.ReadFile(kept); err != nil || string(text) != want {
			t.Errorf("pulumi exits with %s: kept %q, %v", exit, text, err)
		}
	}
}

// TestInfrastructureLeavesServicesAlone checks that existing services are left to releases. If they cannot be determined, nothing
// is changed.
func TestInfrastructureLeavesServicesAlone(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const service = `{"type": "gcp:cloudrunv2/service:Service", "urn": "urn:pulumi:prod::procureflow::a:b:C$gcp:cloudrunv2/service:Service::service-%s-service"}`
	for _, test := range []struct{ name, state, excluded string }{
		{"two services and others", `{"deployment": {"resources": [` + fmt.Sprintf(service, "api") +
			`, {"type": "gcp:cloudrunv2/job:Job", "urn": "u"}, ` + fmt.Sprintf(service, "web") + `]}}`,
			" --exclude urn:pulumi:prod::procureflow::a:b:C$gcp:cloudrunv2/service:Service::service-api-service" +
				" --exclude urn:pulumi:prod::procureflow::a:b:C$gcp:cloudrunv2/service:Service::service-web-service"},
		{"an empty state", `{"deployment": {}}`, ""},
	} {
		code, printed, _ := runScript(t, script(t, "pulumi stack export"), map[string]string{"STACK": "prod", "FOLDER": ".", "STATE": test.state},
			map[string]string{"pulumi": `[ "$1 $2" = "stack export" ] && printf '%s' "$STATE" || echo "called: $*"`})
		if want := "--exclude **github:index/**" + test.excluded + " --policy-pack "; code != 0 || !strings.Contains(printed, want) {
			t.Errorf("%s: exit code %d and %q, want %q", test.name, code, printed, want)
		}
	}
	for name, program := range map[string]string{"the state cannot be read": "exit 255", "the state is no state": "echo no JSON"} {
		code, printed, _ := runScript(t, script(t, "pulumi stack export"), map[string]string{"STACK": "prod", "FOLDER": "."},
			map[string]string{"pulumi": `[ "$1 $2" = "stack export" ] || { echo "called: $*"; exit; }; ` + program})
		if code == 0 || strings.Contains(printed, "called") {
			t.Errorf("%s: exit code %d and %q, want that nothing is changed", name, code, printed)
		}
	}
}

// TestOlderRunUndoesNothing checks a run that was approved late. It must not undo newer changes, except those that start no run
// of their own.
func TestOlderRunUndoesNothing(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	type paths struct {
		On struct{ Push struct{ Paths []string } }
	}
	var workflow paths
	if err := yaml.Unmarshal([]byte(sources(t)["workflows/platform-infrastructure.yml"]), &workflow); err != nil ||
		len(workflow.On.Push.Paths) == 0 {
		t.Fatalf("platform-infrastructure.yml has no paths: %v", err)
	}
	newer := map[string]bool{"": false, "docs/infra/a.md": false, "docs/policy/a.md": false, "a.gom": false, "release/plan/plan.go": true,
		"docs/old.txt was components/a/a.go": true, "Pulumi.json": true, strings.Repeat("a\n", 299) + "a": true}
	for _, pattern := range workflow.On.Push.Paths {
		newer[strings.NewReplacer("**.go", "a/b.go", "**", "a/b.json", "Pulumi*", "Pulumi.prod.yaml", "go.*", "go.sum").Replace(pattern)] = true
		newer["README.md\nplatform/"+strings.NewReplacer("**.go", "a/b.go", "**", "a/b.json", "Pulumi*", "Pulumi.prod.yaml", "go.*",
			"go.sum").Replace(pattern)] = true
	}
	for files, refused := range newer {
		compared := map[string][]map[string]string{"files": nil}
		for file := range strings.SplitSeq(files, "\n") {
			is, was, moved := strings.Cut(file, " was ")
			changed := map[string]string{"filename": is}
			if moved {
				changed["previous_filename"] = was
			}
			compared["files"] = append(compared["files"], changed)
		}
		answer, err := json.Marshal(compared)
		if err != nil {
			t.Fatal(err)
		}
		code, printed, _ := runScript(t, script(t, "has newer changes of infrastructure"), map[string]string{
			"GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc", "BRANCH": "trunk", "FOLDER": "platform", "ANSWER": string(answer),
		}, map[string]string{"gh": `[ "$1 $2 $3" = "api repos/o/r/compare/abc...refs/heads/trunk --jq" ] || exit 9
printf '%s' "$ANSWER" | jq -r "$4"`})
		if want := map[bool]int{true: 1}[refused]; code != want {
			t.Errorf("the branch has newer %q: exit code %d, want %d\n%s", files, code, want, printed)
		}
	}
	if code, _, _ := runScript(t, script(t, "has newer changes of infrastructure"),
		map[string]string{"GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc", "BRANCH": "trunk", "FOLDER": "."},
		map[string]string{"gh": "exit 4"}); code != 4 {
		t.Errorf("GitHub does not answer: exit code %d, want 4", code)
	}
}

func TestSummaryOfAChangedEnvironment(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]string{
		"success":   "## pulumi up of prod: success\n~~~~\nUpdating (prod)\n~~~~\n",
		"failure":   "## pulumi up of prod: failure\n~~~~\nUpdating (prod)\n~~~~\nWhat to do: docs/pipeline.md#infrastructure-failed\n",
		"cancelled": "## pulumi up of prod: cancelled\n~~~~\nUpdating (prod)\n~~~~\nWhat to do: docs/pipeline.md#infrastructure-failed\n",
		"skipped":   "## pulumi up of prod: skipped\n~~~~\n~~~~\nWhat to do: docs/pipeline.md#infrastructure-failed\n",
	} {
		prepare := "echo 'Updating (prod)' > \"$RUNNER_TEMP/up.txt\"\n"
		if outcome == "skipped" {
			prepare = ""
		}
		code, printed, summary := runScript(t, prepare+script(t, "## pulumi up of"), map[string]string{"STACK": "prod", "OUTCOME": outcome}, nil)
		if code != 0 || summary != want {
			t.Errorf("%s: exit code %d and\n%s\nwant\n%s\n%s", outcome, code, summary, want, printed)
		}
	}
}

// TestRerunReplacesItsArtifacts checks that uploads overwrite, because a re-run is the same run, in which an artifact's name is
// unique.
func TestRerunReplacesItsArtifacts(t *testing.T) {
	t.Parallel()
	uploads := 0
	for _, s := range parse(t, sources(t)).Steps() {
		if !strings.HasPrefix(s.Uses, "actions/upload-artifact@") {
			continue
		}
		uploads++
		if s.With["overwrite"] != "true" {
			t.Errorf("%s: %s: a re-run fails at %s", s.File, s.Job, s.With["name"])
		}
	}
	if uploads != 8 {
		t.Errorf("%d steps upload artifacts, want 8", uploads)
	}
}

// TestPublishedImageIsTheBuiltOne checks that only the built image is published: other bytes under the same names are refused, and
// so is another digest at the registry. Tags are immutable, and a repeated build may have another digest, so that a run that failed
// after its push needs another tag.
func TestPublishedImageIsTheBuiltOne(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	// of "abc"
	const blob, layout = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", `{"manifests": [{"digest": "sha256:%s"}]}`
	for _, test := range []struct {
		name, digest, index, blobs string
		code                       int
	}{
		{"the digest that was built", blob, fmt.Sprintf(layout, blob), "printf abc > " + blob, 0},
		{"another image", blob, fmt.Sprintf(layout, strings.Repeat("0", 64)), "printf abc > " + blob, 1},
		{"two images", blob, `{"manifests": [{"digest": "sha256:` + blob + `"}, {"digest": "sha256:0"}]}`, "printf abc > " + blob, 1},
		{"no image", blob, `{}`, "printf abc > " + blob, 1},
		{"an empty index", blob, "", "printf abc > " + blob, 1},
		{"another image in a document before it", blob, `{"manifests": [{"digest": "sha256:evil"}]} ` + fmt.Sprintf(layout, blob),
			"printf abc > " + blob, 1},
		{"a manifest of other bytes", blob, fmt.Sprintf(layout, blob), "printf abd > " + blob, 1},
		{"a manifest that is not there", blob, fmt.Sprintf(layout, blob),
			"printf abd > a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9", 1},
		{"a name that is not a digest", blob, fmt.Sprintf(layout, blob), "printf abc > " + blob + "; printf x > '  y'", 1},
		{"no digest", "latest", fmt.Sprintf(layout, blob), "printf abc > " + blob, 1},
	} {
		// Go's readers of the index would take the other manifest, which is there in other letters.
		index := strings.TrimSuffix(test.index, "}") + `, "Manifests": [{"digest": "sha256:evil"}], "annotations": {"a": "b"}}`
		if !strings.Contains(test.index, "digest") {
			index = test.index
		}
		code, printed, left := runScript(t, `trap 'cp "$RUNNER_TEMP/image/index.json" "$GITHUB_OUTPUT" 2> /dev/null || true' EXIT
`+script(t, "does not contain $DIGEST"), map[string]string{
			"DIGEST": "sha256:" + test.digest, "ARTIFACT": "image-web", "GITHUB_RUN_ID": "1", "INDEX": index, "BLOBS": test.blobs,
		}, map[string]string{"gh": `[ "$*" = "run download 1 --name image-web --dir image" ] || exit 9
mkdir -p image/blobs/sha256 && printf '%s' "$INDEX" > image/index.json && cd image/blobs/sha256 && eval "$BLOBS"`})
		if code != test.code || code == 0 && (strings.Contains(left, "evil") || !strings.Contains(left, blob)) {
			t.Errorf("%s: exit code %d, want %d, and the index %s\n%s", test.name, code, test.code, left, printed)
		}
	}
	digest := "sha256:" + strings.Repeat("0a", 32)
	for arrived, want := range map[string]int{digest: 0, "sha256:" + strings.Repeat("0b", 32): 1, "": 1} {
		code, printed, _ := runScript(t, script(t, "skopeo copy --preserve-digests --digestfile"), map[string]string{
			"TOKEN": "t", "HOST": "h", "IMAGE": "h/p/r/web", "DIGEST": digest, "TAG": "git-abc-1", "ARRIVED": arrived,
		}, map[string]string{"skopeo": `case "$*" in
"login --username oauth2accesstoken --password-stdin -- h") [ "$(cat)" = t ] ;;
"copy --preserve-digests --digestfile published.txt -- oci:image docker://h/p/r/web:git-abc-1") printf %s "$ARRIVED" > published.txt ;;
*) exit 9 ;;
esac`})
		if code != want {
			t.Errorf("the registry has %q: exit code %d, want %d\n%s", arrived, code, want, printed)
		}
	}
	if text := sources(t)["workflows/build.yml"]; strings.Count(text, "TAG: git-${{ github.sha }}-${{ github.run_attempt }}\n") != 1 {
		t.Error("a re-run pushes under the tag of the run before")
	}
}

// TestOneJobKeepsTheNextCache checks that only one job saves .next/cache. All jobs use the key of one commit, and the first to end
// has compiled nothing, so it would save what it restored.
func TestOneJobKeepsTheNextCache(t *testing.T) {
	t.Parallel()
	tree := parse(t, sources(t))
	var kept []string
	for _, s := range tree.Steps() {
		if s.Uses == "./.github/actions/setup-pnpm" && s.With["app"] != "" {
			kept = append(kept, s.Job+" "+s.With["app"])
		}
	}
	if want := []string{"compile ${{ env.APP }}"}; !slices.Equal(kept, want) {
		t.Errorf("kept by %v, want %v", kept, want)
	}
	if app := tree.Composites["setup-pnpm"].Inputs["app"]; app.Default == nil || *app.Default != "" {
		t.Errorf("a job keeps .next/cache without asking for it: %v", app.Default)
	}
}

func TestPromotionRefusals(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, test := range []struct {
		name, digest, exit string // the exit code of release
		code               int
		outputs            string
	}{
		{"a promotion", digest, "0", 0, "digest=" + digest + "\n"},
		{"a refused one", digest, "5", 5, ""},
		{"a tag", "latest", "0", 1, ""},
		{"a digest with a second line", digest + "\ndigest=sha256:evil", "0", 1, ""},
	} {
		code, printed, outputs := runScript(t, script(t, `"$BIN/release" promote`), map[string]string{
			"DIGEST": test.digest, "FROM": "h/dev/web", "TO": "h/prod/web", "PROVENANCE": "p.yaml", "EXIT": test.exit,
		}, map[string]string{
			"gh":      `[ "$*" = "attestation trusted-root" ]`,
			"release": `[ "$*" = "promote --digest $DIGEST --from h/dev/web --to h/prod/web --tag release-0a0a0a0a0a0a --provenance p.yaml --trusted-root $RUNNER_TEMP/trusted-root.jsonl" ] || exit 9; exit "$EXIT"`,
		})
		if code != test.code || outputs != test.outputs {
			t.Errorf("%s: exit code %d and %q, want %d and %q\n%s", test.name, code, outputs, test.code, test.outputs, printed)
		}
	}
}

// TestDriftIssue checks when the drift issue is created, updated and closed. A stack that could not be read has neither
// drift nor no drift.
func TestDriftIssue(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const created, edited, closed = "called: issue create --title Drift: an environment is not what its settings say --body-file body.md\n",
		"called: issue edit 7 --body-file body.md\n", "called: issue close 7 --comment All stacks are clean: url\n"
	const dev = "\n### dev\n~~~~text\nupdate a\n~~~~\n"
	for _, test := range []struct{ name, result, read, found, issue, called, body string }{
		{"no drift, and no issue", "success", "dev staging prod", "", "", "", ""},
		{"no drift, the issue is closed", "success", "dev staging prod", "", "7", closed, ""},
		{"drift", "success", "dev staging prod", "update a", "", created, dev},
		{"drift, and the issue is open already", "success", "dev staging prod", "update a", "7", edited, dev},
		{"drift, and a stack that was not read", "failure", "dev prod", "update a", "7", edited,
			dev + "\n### staging\nThe check could not read this stack: see its log.\n"},
		{"a stack that was not read", "failure", "dev staging", "", "7", "", ""},
		{"the result of reading is missing", "success", "", "", "7", "", ""},
		{"more drift than an issue holds", "success", "dev staging prod", strings.Repeat("x", 20000), "", created,
			"\n### dev\n~~~~text\n" + strings.Repeat("x", 15000) + "\n~~~~\n"},
	} {
		code, printed, body := runScript(t, `trap '[ ! -f body.md ] || tail -n +2 body.md > "$GITHUB_OUTPUT"' EXIT`+"\n"+script(t,
			"gh issue close"), map[string]string{
			"GITHUB_REF_NAME": "main", "GITHUB_RUN_ID": "1", "STACKS": `["dev", "staging", "prod"]`, "RUN": "url", "RESULT": test.result,
			"READ":  test.read,
			"FOUND": test.found, "ISSUE": test.issue,
		}, map[string]string{"gh": `case "$1 $2" in
"run download") for stack in $READ; do mkdir -p "found/drift-$stack" && : > "found/drift-$stack/$stack.txt"; done
	[ -n "$READ" ] || exit 1
	[ -z "$FOUND" ] || echo "$FOUND" > found/drift-dev/dev.txt ;;
"issue list") printf %s "$ISSUE" ;;
*) echo "called: $*" ;;
esac`})
		printed = strings.TrimPrefix(printed, "no stack was read\n")
		if code != 0 || printed != test.called || test.called != "" && test.called != closed && body != test.body {
			t.Errorf("%s: exit code %d and %q, want %q; the body is\n%.500s\nwant\n%.500s", test.name, code, printed, test.called, body, test.body)
		}
	}
}

// TestDriftChecksTheDefaultBranchOnly checks that drift is measured only on the default branch, whose settings count. A manual run on
// another branch would report, or close, the wrong drift. Schedules run on the default branch.
func TestDriftChecksTheDefaultBranchOnly(t *testing.T) {
	t.Parallel()
	for name, job := range parse(t, sources(t)).Workflows["drift.yml"].Jobs {
		if name == "drift" {
			continue // It needs the list from the job stacks.
		}
		for _, test := range []struct {
			event, branch, ref string
			want               bool
		}{
			{"workflow_dispatch", "main", "refs/heads/main", true}, {"workflow_dispatch", "main", "refs/heads/feature", false},
			{"workflow_dispatch", "main", "refs/tags/main", false}, {"workflow_dispatch", "trunk", "refs/heads/trunk", true},
			{"workflow_dispatch", "trunk", "refs/heads/main", false}, {"schedule", "", "refs/heads/trunk", true},
		} {
			if job.If == nil || truth(evaluate(t, job.If.Value, world{"github.event_name": test.event, "github.ref": test.ref,
				"github.event.repository.default_branch": test.branch, "cancelled()": false,
				"needs.stacks.result": map[bool]string{true: "success", false: "skipped"}[test.want]})) != test.want {
				t.Errorf("%s by %s on %s: want that it runs: %v", name, test.event, test.ref, test.want)
			}
		}
	}
}
